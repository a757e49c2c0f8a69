"""What is worth an alert in the checks that do not block: drift, lost performance, bad data, broken service levels.

Only how things stand counts, the last evaluation of each check; a blocking one stops a run, which is told of instead.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from ml_lifecycle.config.alerts import AlertKind, AlertSeverity
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.checks import CHECKPOINTS
from ml_lifecycle.orchestration.records import Evaluation, latest_evaluations
from ml_lifecycle.verdict import Severity

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.alerts import Alert

#: What the checks of an asset are about, how severe it is, and how the alert is headed.
_ABOUT: dict[str, tuple[AlertKind, AlertSeverity, str]] = {
    "drift_report": (AlertKind.DRIFT, AlertSeverity.WARN, "production has drifted from the training"),
    "performance_report": (AlertKind.PERFORMANCE, AlertSeverity.ERROR, "the model is worse than it was"),
    "retraining_decision": (AlertKind.DRIFT, AlertSeverity.WARN, "something was found that no retraining mends"),
    "data_quality": (AlertKind.DATA_QUALITY, AlertSeverity.WARN, "the data of production are not as they should be"),
    "operations_report": (AlertKind.OPERATIONS, AlertSeverity.WARN, "a service level is broken"),
    "raw_data": (AlertKind.DATA_QUALITY, AlertSeverity.WARN, "the data are not as they should be"),
    "validated_data": (AlertKind.DATA_QUALITY, AlertSeverity.WARN, "the data are not as they should be"),
    "data_audit": (AlertKind.DATA_QUALITY, AlertSeverity.INFO, "the audit found something"),
    "prediction_window": (AlertKind.DATA_QUALITY, AlertSeverity.INFO, "a window has few rows"),
    "rollout_status": (AlertKind.FAILED_GATE, AlertSeverity.WARN, "something speaks against the new version"),
}
#: What a check of a candidate that only warns is worth: it is kept, and sent only to those who ask for it.
_OTHERWISE = (AlertKind.FAILED_GATE, AlertSeverity.INFO, "a check warns")
#: Checks that are milder than the others of their asset.
_MILDER = {"slices_kept": AlertSeverity.WARN}
#: A hypothesis that was not shown is an answer.
_SILENT = frozenset({"experiment"})


@dataclass(frozen=True, slots=True)
class CheckState:
    """How the checks of a project stand.

    Args:
        alerts: What is worth an alert.
        passing: Keys of alerts about checks that have passed since.
    """

    alerts: Sequence["Alert"]
    passing: Collection[str]


def look_at_checks(
    instance: dg.DagsterInstance, project: ProjectConfig, *, since: float, standing: Collection[str]
) -> CheckState:
    """Look at the last evaluation of each check that only warns.

    Args:
        instance: Where they are on record.
        project: The project.
        since: Evaluations from before this time, in seconds since 1970, are news to nobody.
        standing: Keys of alerts that stand: as long as their checks fail, they may be told again.
    """
    found = latest_evaluations(instance, _warning_checks(project))
    by_asset: dict[str, list[Evaluation]] = {}
    for evaluation in found.values():
        by_asset.setdefault(evaluation.key.asset_key.path[-1], []).append(evaluation)
    alerts, passing = [], set()
    for asset, evaluations in by_asset.items():
        key = _key_of(asset)
        failed = [item for item in evaluations if not item.verdict.passed]
        if not failed:
            passing.add(key)
        elif key in standing or any(item.at > since for item in failed):
            alerts.append(_alert(project, asset, failed))
    return CheckState(alerts, passing)


def _warning_checks(project: ProjectConfig) -> list[dg.AssetCheckKey]:
    return [
        dg.AssetCheckKey(dg.AssetKey([project.name, asset]), item.name)
        for asset, items in CHECKPOINTS.items()
        for item in items
        if not item.blocking and asset not in _SILENT
    ]


def _key_of(asset: str) -> str:
    kind, _, _ = _ABOUT.get(asset, _OTHERWISE)
    return f"{kind.value}:{asset}"


def _alert(project: ProjectConfig, asset: str, failed: Sequence[Evaluation]) -> "Alert":
    from ml_lifecycle.monitoring.alerts import Alert

    kind, usual, words = _ABOUT.get(asset, _OTHERWISE)
    newest = max(failed, key=lambda item: item.at)
    window = f" in window {newest.partition}" if newest.partition else ""
    advice = dict.fromkeys(item.verdict.advice for item in failed if item.verdict.advice)
    return Alert(
        title=f"{project.name}: {words}{window}",
        body="; ".join(f"{asset}.{item.verdict.gate}: {item.verdict.summary}" for item in failed),
        severity=max((_severity(item, usual) for item in failed), key=_rank).value,
        project=project.name,
        run_id=newest.run_id,
        what_to_do="; ".join(advice),
        kind=kind.value,
        key=_key_of(asset),
    )


def _severity(evaluation: Evaluation, usual: AlertSeverity) -> AlertSeverity:
    grave = evaluation.verdict.severity is Severity.ERROR
    least = AlertSeverity.ERROR if grave else AlertSeverity.INFO
    return max(least, _MILDER.get(evaluation.verdict.gate, usual), key=_rank)


def _rank(severity: AlertSeverity) -> int:
    return severity.rank

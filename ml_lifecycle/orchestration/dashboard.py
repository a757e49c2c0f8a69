"""What the monitoring page shows, collected: lake, ledger, rollouts, prediction log, alerts and Dagster's records.

How it is drawn lives in `monitoring/dashboard`. A part that does not exist is left out; one that cannot be read is
named on the page, since a page about trouble must not fail for trouble.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.findings import FINDING_KEY
from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.project_runs import IN_PROGRESS, runs_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.waiting import judge_waiting

if TYPE_CHECKING:
    import pandas as pd

    from ml_lifecycle.monitoring.dashboard import DashboardData, VersionShown
    from ml_lifecycle.release.ledger import Entry

#: The tables of the lake that have a part on the page: name of the part, asset, table.
_TABLES = (
    ("drift", "drift_report", "drift"),
    ("performance", "performance_report", "performance"),
    ("quality", "data_quality", "quality"),
    ("levels", "operations_report", "levels"),
    ("decisions", "retraining_decision", "decision"),
)
_REPORTS = ("drift_report", "performance_report")
_MOST_ALERTS = 200
#: Windows that were judged again stand in the records several times.
_RECORDS_PER_WINDOW, _MOST_RECORDS = 4, 1000
_Read = TypeVar("_Read")


def collect_dashboard(
    instance: dg.DagsterInstance, project: ProjectConfig, *, most_windows: int = 60, most_features: int = 30
) -> "DashboardData":
    """Collect everything that the monitoring page of a project shows.

    Args:
        instance: Dagster's records.
        project: The project.
        most_windows: So many windows, the newest.
        most_features: So many features in the heatmap; the rest is folded.
    """
    from ml_lifecycle.monitoring.dashboard import DashboardData
    from ml_lifecycle.serving.log_traffic import count_traffic

    workspace, problems = Workspace(project), dict[str, str]()
    lake = Lake(workspace.home.lake)

    def history(part: str, asset: str, table: str) -> "pd.DataFrame | None":
        return _try(problems, part, lambda: lake.history((project.name, asset), table))

    traffic = _try(
        problems,
        "traffic",
        lambda: count_traffic(
            workspace.home.service_url,
            project.name,
            hourly=project.monitoring.cadence == "hourly",
            most=most_windows,
            archive=workspace.archive,
        ),
    )
    ledger = _try(problems, "ledger", lambda: workspace.ledger.history(project.name)) or []
    tables: dict[str, Any] = {part: history(part, asset, table) for part, asset, table in _TABLES}
    return DashboardData(
        project=project.name,
        problem=project.brief.problem,
        made_at=datetime.now(UTC).replace(tzinfo=None),
        versions=_try(problems, "versions", lambda: _versions(workspace, ledger)) or [],
        retraining=_try(problems, "retraining", lambda: _retraining(instance, project)) or "",
        version_of=_try(problems, "findings", lambda: _versions_by_window(instance, project, most_windows)) or {},
        traffic=traffic.predictions if traffic else None,
        failures=traffic.failures if traffic else None,
        alerts=_try(problems, "alerts", lambda: workspace.alerts.history_table(project.name, _MOST_ALERTS)),
        ledger=[_told(entry) for entry in reversed(ledger)],
        problems=problems,
        most_windows=most_windows,
        most_features=most_features,
        **tables,
    )


def draw_dashboard(
    instance: dg.DagsterInstance, project: ProjectConfig, *, most_windows: int = 60, most_features: int = 30
) -> bytes:
    """Collect and draw the monitoring page; arguments are those of `collect_dashboard`."""
    from ml_lifecycle.monitoring.dashboard import render_dashboard

    data = collect_dashboard(instance, project, most_windows=most_windows, most_features=most_features)
    return render_dashboard(data)


def _try(problems: dict[str, str], part: str, read: Callable[[], _Read]) -> _Read | None:
    """Read a part of the page; what goes wrong is told on it."""
    try:
        return read()
    except Exception as error:  # noqa: BLE001 - the boundary: whatever is broken, the other parts are wanted all the more
        problems[part] = " ".join(f"{type(error).__name__}: {error}".split())
        return None


def _versions(workspace: Workspace, ledger: "list[Entry]") -> "list[VersionShown]":
    """The champion, what is rolled out beside it, and the candidate that waits."""
    from ml_lifecycle.monitoring.dashboard import VersionRole, VersionShown

    name = workspace.project.name
    champion, rollout = workspace.ledger.champion(name), workspace.rollouts.running(name)
    candidate, shown = workspace.ledger.candidate(name), list[VersionShown]()
    if champion is not None:
        share = 1.0 - (rollout.share if rollout else 0.0)
        shown.append(VersionShown(champion, VersionRole.CHAMPION, share, **_since(ledger, champion)))
    if rollout is not None:
        share = rollout.share
        shown.append(
            VersionShown(rollout.version, VersionRole(rollout.strategy), share, **_since(ledger, rollout.version))
        )
    if candidate is not None and candidate not in {one.version for one in shown}:
        verdict = judge_waiting(workspace.project, candidate)
        shown.append(
            VersionShown(candidate, VersionRole.CANDIDATE, None, **_since(ledger, candidate), note=verdict.summary)
        )
    return shown


def _since(ledger: "list[Entry]", version: str) -> dict[str, Any]:
    """Since when a version is what it is, and who made it so."""
    last = next((entry for entry in reversed(ledger) if entry.version == version), None)
    return {} if last is None else {"since": last.at, "by": last.by}


def _retraining(instance: dg.DagsterInstance, project: ProjectConfig) -> str:
    run = next((run for run in runs_of(instance, project, "retrain") if run.status in IN_PROGRESS), None)
    if run is None:
        return ""
    return "under way" if run.status is dg.DagsterRunStatus.STARTED else "queued"


def _versions_by_window(instance: dg.DagsterInstance, project: ProjectConfig, most: int) -> dict[str, str]:
    """Which version the newest reports of each window are about."""
    found: dict[str, str] = {}
    for asset in _REPORTS:
        query = dg.AssetRecordsFilter(asset_key=dg.AssetKey([project.name, asset]))
        limit = min(_RECORDS_PER_WINDOW * most, _MOST_RECORDS)
        for record in instance.fetch_materializations(query, limit=limit).records:
            made = record.asset_materialization
            said = made.metadata.get(FINDING_KEY) if made else None
            if made is not None and made.partition and isinstance(said, dg.JsonMetadataValue):
                finding = said.value if isinstance(said.value, dict) else {}
                found.setdefault(made.partition, str(finding.get("model_version", "")))
    return {window: version for window, version in found.items() if version}


def _told(entry: "Entry") -> Mapping[str, Any]:
    names = ("at", "version", "by", "evidence")
    return {**{name: getattr(entry, name) for name in names}, "state": entry.state.value}

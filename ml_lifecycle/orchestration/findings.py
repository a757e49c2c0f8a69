"""What the sensors look at: findings of monitoring, candidates that wait, runs that failed, all from Dagster's records.

What follows from findings is decided in `monitoring.retraining`; this module only collects them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster import DagsterEventType, DagsterRunStatus, RunsFilter

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.checks import specs_for, verdict_of
from ml_lifecycle.orchestration.jobs import STAGED, candidate_assets
from ml_lifecycle.orchestration.naming import FINDING_TAG, PROJECT_TAG, job_of
from ml_lifecycle.orchestration.records import data_versions, latest_events, latest_verdicts
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.verdict import Verdict

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.alerts import Alert
    from ml_lifecycle.monitoring.retraining import Decision, Finding

#: Metadata key under which drift and performance reports say what they found.
FINDING_KEY = "finding"

IN_PROGRESS = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
_MOST_RUNS = 200


def decide_retraining(instance: dg.DagsterInstance, project: ProjectConfig) -> "Decision":
    """Ask `monitoring.retraining` with everything that is on record."""
    from ml_lifecycle.monitoring.retraining import decide

    workspace = Workspace(project)
    champion = workspace.ledger.champion(project.name)
    retrainings = _runs(instance, project, "retrain")
    return decide(
        findings_of(instance, project),
        project=project.name,
        config=project.monitoring.retrain,
        champion=champion,
        running=any(run.status in IN_PROGRESS for run in retrainings + _runs(instance, project, "lifecycle")),
        last_retrain_window=_last_window(retrainings),
        failed_attempts=_failed_attempts(instance, retrainings),
        new_labels=new_labels(workspace, project),
    )


def findings_of(instance: dg.DagsterInstance, project: ProjectConfig) -> "list[Finding]":
    """What the last windows' drift and performance reports found, oldest first."""
    from ml_lifecycle.monitoring.retraining import Finding

    found: dict[str, dict[str, Any]] = {}
    for asset in ("drift_report", "performance_report"):
        for partition, finding in _latest_findings(instance, project, asset).items():
            whole = found.setdefault(partition, {"summary": ""})
            alarming = finding.get("drifted") or finding.get("performance_lost")
            said = [whole["summary"], str(finding.get("summary", "")) if alarming else ""]
            whole.update(finding, summary=" ".join(filter(None, said)))
    return [
        Finding(
            window=window,
            model_version=str(finding.get("model_version", "")),
            drifted=bool(finding.get("drifted", False)),
            performance_lost=bool(finding.get("performance_lost", False)),
            summary=str(finding.get("summary", "")),
        )
        for window, finding in sorted(found.items())
    ]


def _latest_findings(instance: dg.DagsterInstance, project: ProjectConfig, asset: str) -> dict[str, dict[str, Any]]:
    """The newest finding of each of the last windows, by partition."""
    wanted = project.monitoring.retrain.windows_considered
    query = dg.AssetRecordsFilter(asset_key=dg.AssetKey([project.name, asset]))
    found: dict[str, dict[str, Any]] = {}
    for record in instance.fetch_materializations(query, limit=20 * wanted).records:
        materialization = record.asset_materialization
        said = materialization.metadata.get(FINDING_KEY) if materialization else None
        if materialization is None or materialization.partition is None or not isinstance(said, dg.JsonMetadataValue):
            continue
        if isinstance(said.value, dict):
            found.setdefault(materialization.partition, said.value)
    newest = sorted(found)[-wanted:]
    return {window: found[window] for window in newest}


def new_labels(workspace: Workspace, project: ProjectConfig) -> int:
    """Production rows whose outcome has become known since the last training read them."""
    return max(0, workspace.log.labelled_count(project.name) - workspace.ledger.labels_used(project.name))


def _runs(instance: dg.DagsterInstance, project: ProjectConfig, verb: str) -> list[dg.DagsterRun]:
    filters = RunsFilter(job_name=job_of(project.name, verb), tags={PROJECT_TAG: project.name})
    return list(instance.get_runs(filters=filters, limit=_MOST_RUNS))


def _last_window(retrainings: Sequence[dg.DagsterRun]) -> str | None:
    windows = [run.tags[FINDING_TAG].split(":", 1)[-1] for run in retrainings if run.tags.get(FINDING_TAG)]
    return max(windows, default=None)


def _failed_attempts(instance: dg.DagsterInstance, retrainings: Sequence[dg.DagsterRun]) -> dict[str, int]:
    """Crashed retrainings by finding; one that a gate has stopped was no failure but an answer."""
    failed: dict[str, int] = {}
    for run in retrainings:
        finding = run.tags.get(FINDING_TAG)
        if finding and run.status is DagsterRunStatus.FAILURE and not failed_gates(instance, run.run_id):
            failed[finding] = failed.get(finding, 0) + 1
    return failed


def failed_gates(instance: dg.DagsterInstance, run_id: str) -> list[tuple[dg.AssetKey, Verdict]]:
    """The blocking checks that a run has failed."""
    records = instance.get_records_for_run(run_id, of_type=DagsterEventType.ASSET_CHECK_EVALUATION).records
    found = []
    for record in records:
        event = record.event_log_entry.dagster_event
        if event is None:
            continue
        evaluation = event.asset_check_evaluation_data
        verdict = verdict_of(evaluation)
        if verdict.blocks:
            found.append((evaluation.asset_key, verdict))
    return found


@dataclass(frozen=True, slots=True)
class Waiting:
    """A candidate that may be deployed now, or the reason why there is none."""

    version: str | None
    reason: str
    approved_at: str = ""


def waiting_candidate(instance: dg.DagsterInstance, project: ProjectConfig) -> Waiting:
    """The registered candidate, if its gates hold, it is approved and no run of the project is under way."""
    candidate = Workspace(project).ledger.candidate(project.name)
    if candidate is None:
        return Waiting(None, "no candidate waits")
    running = [run for verb in ("lifecycle", "retrain", "rollout") for run in _runs(instance, project, verb)]
    if any(run.status in IN_PROGRESS for run in running):
        return Waiting(None, f"version {candidate} waits for the run that is under way")
    verdicts = gate_verdicts(instance, project)
    failed = [verdict.gate for verdict in verdicts.values() if verdict is not None and verdict.blocks]
    missing = [gate for gate, verdict in verdicts.items() if verdict is None]
    if failed or missing:
        return Waiting(None, f"version {candidate} may not be deployed: failed {failed}, missing {missing}")
    approval = judge_waiting(project, candidate)
    if not approval.passed:
        return Waiting(None, f"version {candidate} waits for its approval. {approval.summary}")
    return Waiting(candidate, f"version {candidate} waits and its gates hold", _spoken(approval))


def judge_waiting(project: ProjectConfig, version: str) -> Verdict:
    """Whether a registered version is approved at this moment."""
    from ml_lifecycle.release.approval_policy import judge_approved
    from ml_lifecycle.release.approvals import Subject

    workspace = Workspace(project)
    subject = Subject(project.name, version, workspace.ledger.digest_of(project.name, version) or "")
    return judge_approved(project.release.approval, workspace.approvals.words(project.name, version), subject)


def _spoken(approval: Verdict) -> str:
    """When the last approval was given: after a new one the version may be tried anew. Empty where none is needed."""
    given = approval.facts.get("approvals")
    times = [str(item["at"]) for item in given if isinstance(item, dict)] if isinstance(given, list) else []
    return max(times, default="")


def gate_verdicts(instance: dg.DagsterInstance, project: ProjectConfig) -> dict[str, Verdict | None]:
    """The verdict of every blocking gate up to the package on what stands, by `<asset>.<check>`; None where none is."""
    specs = [spec for spec in _specs(project, candidate_assets(project)) if spec.blocking]
    events = latest_events(instance, {spec.asset_key for spec in specs})
    package, rehearsal = (events.get(dg.AssetKey([project.name, name])) for name in ("model_package", STAGED))
    if _version_in(package) != _version_in(rehearsal):  # the rehearsal of another version says nothing of this one
        events.pop(dg.AssetKey([project.name, STAGED]), None)
    asked = {spec.key: events[spec.asset_key].run_id for spec in specs if spec.asset_key in events}
    found = latest_verdicts(instance, asked)
    return {f"{spec.asset_key.path[-1]}.{spec.name}": found.get(spec.key) for spec in specs}


def _version_in(event: dg.EventLogEntry | None) -> str:
    """The registered version that a materialisation is about."""
    made = event.asset_materialization if event else None
    found = made.metadata.get("version") if made else None
    return "" if found is None else str(found.value)


def all_verdicts(
    instance: dg.DagsterInstance, project: ProjectConfig, assets: Sequence[str] | None = None
) -> dict[str, Verdict | None]:
    """The latest verdict of every checkpoint of assets, those that only warn too, by `<asset>.<check>`."""
    specs = _specs(project, assets or candidate_assets(project))
    found = latest_verdicts(instance, dict.fromkeys(spec.key for spec in specs))
    return {f"{spec.asset_key.path[-1]}.{spec.name}": found.get(spec.key) for spec in specs}


def lineage_of(instance: dg.DagsterInstance, project: ProjectConfig, *, without: str = "") -> dict[str, str]:
    """The data versions of all gated assets but one as they stand, by asset: what a candidate was made from."""
    assets = [name for name in candidate_assets(project) if name not in (without, STAGED)]
    found = data_versions(instance, [dg.AssetKey([project.name, name]) for name in assets])
    return {key.path[-1]: version for key, version in found.items()}


def _specs(project: ProjectConfig, assets: Sequence[str]) -> list[dg.AssetCheckSpec]:
    return [spec for asset in assets for spec in specs_for(dg.AssetKey([project.name, asset]))]


def alerts_since(instance: dg.DagsterInstance, project: ProjectConfig, cursor: str | None) -> tuple[list["Alert"], str]:
    """Alerts for the project's runs that have failed since the cursor, and the next cursor (a time)."""
    since = datetime.fromisoformat(cursor) if cursor else datetime.now(UTC)
    filters = RunsFilter(statuses=[DagsterRunStatus.FAILURE], updated_after=since)
    records = instance.get_run_records(filters=filters, limit=_MOST_RUNS, order_by="update_timestamp", ascending=True)
    alerts = [
        _alert_of(instance, project, record.dagster_run) for record in records if _belongs(record.dagster_run, project)
    ]
    newest = max((record.update_timestamp for record in records), default=since)
    return alerts, newest.astimezone(UTC).isoformat() if newest.tzinfo else newest.replace(tzinfo=UTC).isoformat()


def _belongs(run: dg.DagsterRun, project: ProjectConfig) -> bool:
    selected = run.asset_selection or ()
    return run.tags.get(PROJECT_TAG) == project.name or any(key.path[0] == project.name for key in selected)


def _alert_of(instance: dg.DagsterInstance, project: ProjectConfig, run: dg.DagsterRun) -> "Alert":
    from ml_lifecycle.monitoring.alerts import Alert

    gates = failed_gates(instance, run.run_id)
    if gates:
        body = "; ".join(f"{key.path[-1]}.{verdict.gate}: {verdict.summary}" for key, verdict in gates)
        advice = "; ".join(verdict.advice for _, verdict in gates if verdict.advice)
        title = f"{project.name}: a gate stopped {run.job_name}"
    else:
        body, advice = failure_of(instance, run.run_id), "open the run in the Dagster UI and look at the failed step"
        title = f"{project.name}: {run.job_name} failed"
    return Alert(title=title, body=body, severity="error", project=project.name, run_id=run.run_id, what_to_do=advice)


def failure_of(instance: dg.DagsterInstance, run_id: str) -> str:
    """Why a run failed, in the words of its first failed step, or of the run."""
    steps = instance.get_records_for_run(run_id, of_type=DagsterEventType.STEP_FAILURE).records
    for record in steps:
        event = record.event_log_entry.dagster_event
        data = event.step_failure_data if event else None
        if data is not None:
            said = data.user_failure_data.description if data.user_failure_data else None
            cause = data.error.cause or data.error if data.error else None
            error = cause.message.strip() if cause else "no reason is on record"
            return f"{event.step_key if event else ''}: {said or error}"
    runs = instance.get_records_for_run(run_id, of_type=DagsterEventType.RUN_FAILURE).records
    return runs[-1].event_log_entry.message if runs else "the run ended without saying why"

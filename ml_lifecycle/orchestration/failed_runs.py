"""Why runs have failed: the gates that stopped them, or what broke."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg
from dagster import DagsterEventType
from dagster._core.execution.plan.objects import StepFailureData

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.checks import verdict_of
from ml_lifecycle.orchestration.naming import ATTEMPT_TAG, FINDING_TAG, PROCESS_TAG, job_of
from ml_lifecycle.verdict import Verdict

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.escalation import Failure

_DEEPEST = 10


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


def failure_of(instance: dg.DagsterInstance, run_id: str) -> str:
    """Why a run failed, in the words of its first failed step, or of the run."""
    for step, data in _failed_steps(instance, run_id):
        said = data.user_failure_data.description if data.user_failure_data else None
        cause = data.error.cause or data.error if data.error else None
        error = cause.message.strip() if cause else "no reason is on record"
        return f"{step}: {said or error}"
    runs = instance.get_records_for_run(run_id, of_type=DagsterEventType.RUN_FAILURE).records
    return runs[-1].event_log_entry.message if runs else "the run ended without saying why"


def facts_of(
    instance: dg.DagsterInstance, project: ProjectConfig, run: dg.DagsterRun, *, in_production: bool = False
) -> "Failure":
    """What is on record of a run that failed, for `monitoring.escalation` to judge.

    Args:
        instance: Where it is on record.
        project: The run's project.
        run: The run.
        in_production: Whether the run has put a version into production.
    """
    from ml_lifecycle.monitoring.escalation import Failure

    step, data = next(iter(_failed_steps(instance, run.run_id)), ("", None))
    attempts = run.tags.get(ATTEMPT_TAG, "0")
    return Failure(
        verb=run.job_name.removeprefix(job_of(project.name, "")),
        step=step.rsplit("__", 1)[-1],
        errors=tuple(_errors_in(data)) if data else (),
        message=failure_of(instance, run.run_id),
        gates=tuple(f"{key.path[-1]}.{verdict.gate}" for key, verdict in failed_gates(instance, run.run_id)),
        attempts=int(attempts) if attempts.isdigit() else 0,
        retried_elsewhere=_is_retried(instance, project, run),
        attended=PROCESS_TAG in run.tags,
        in_production=in_production,
    )


def _failed_steps(instance: dg.DagsterInstance, run_id: str) -> Iterator[tuple[str, StepFailureData]]:
    for record in instance.get_records_for_run(run_id, of_type=DagsterEventType.STEP_FAILURE).records:
        event = record.event_log_entry.dagster_event
        data = event.step_failure_data if event else None
        if event is not None and data is not None:
            yield event.step_key or "", data


def _errors_in(data: StepFailureData) -> Iterator[str]:
    """The names of the exceptions, the outermost first, and the one that `failing_clearly` has noted."""
    error = data.error
    for _ in range(_DEEPEST):
        if error is None:
            break
        if error.cls_name:
            yield error.cls_name
        error = error.cause
    noted = data.user_failure_data.metadata.get("error") if data.user_failure_data else None
    if noted is not None:
        yield str(noted.value)


def _is_retried(instance: dg.DagsterInstance, project: ProjectConfig, run: dg.DagsterRun) -> bool:
    """Whether the policy of retraining has attempts left for the finding that a run was started for."""
    finding, policy = run.tags.get(FINDING_TAG), project.monitoring.retrain
    if not finding or not policy.enabled:
        return False
    filters = dg.RunsFilter(job_name=run.job_name, tags={FINDING_TAG: finding}, statuses=[dg.DagsterRunStatus.FAILURE])
    return len(instance.get_runs(filters=filters, limit=policy.max_attempts)) < policy.max_attempts

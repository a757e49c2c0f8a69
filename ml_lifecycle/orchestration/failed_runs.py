"""Why runs have failed: the gates that stopped them, or what broke."""

import dagster as dg
from dagster import DagsterEventType

from ml_lifecycle.orchestration.checks import verdict_of
from ml_lifecycle.verdict import Verdict


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

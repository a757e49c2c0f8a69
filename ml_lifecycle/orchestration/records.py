"""What Dagster has on record of assets and their checks, asked for many at a time since queries cost.

What follows from the records lives in `memo` and `findings`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster._core.storage.asset_check_execution_record import (
    COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES,
    AssetCheckExecutionRecord,
)

from ml_lifecycle.orchestration.checks import verdict_of
from ml_lifecycle.verdict import Verdict

DATA_VERSION_TAG = "dagster/data_version"
#: How many evaluations of a check are looked through for that of one run.
_HISTORY = 20


def latest_events(instance: dg.DagsterInstance, keys: Iterable[dg.AssetKey]) -> dict[dg.AssetKey, dg.EventLogEntry]:
    """The latest materialisation of each asset that has one."""
    found = instance.event_log_storage.get_latest_materialization_events(list(keys))
    return {key: event for key, event in found.items() if event is not None}


def latest_json(instance: dg.DagsterInstance, key: dg.AssetKey, name: str) -> dict[str, Any] | None:
    """What the latest materialisation of an asset keeps as JSON under a metadata key, for the next one to read."""
    event = latest_events(instance, [key]).get(key)
    metadata = event.asset_materialization.metadata if event and event.asset_materialization else {}
    found = metadata.get(name)
    return found.value if isinstance(found, dg.JsonMetadataValue) and isinstance(found.value, dict) else None


def data_versions(instance: dg.DagsterInstance, keys: Iterable[dg.AssetKey]) -> dict[dg.AssetKey, str]:
    """The data version of the latest materialisation of each asset that has one."""
    tags = {key: event.tags or {} for key, event in latest_events(instance, keys).items()}
    return {key: found[DATA_VERSION_TAG] for key, found in tags.items() if DATA_VERSION_TAG in found}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation of a check.

    Args:
        key: The check.
        verdict: What it said.
        run_id: The run that evaluated it.
        at: When, in seconds since 1970.
        partition: The window that it was evaluated for; empty where there is none.
    """

    key: dg.AssetCheckKey
    verdict: Verdict
    run_id: str
    at: float
    partition: str = ""


def latest_evaluations(
    instance: dg.DagsterInstance, keys: Iterable[dg.AssetCheckKey]
) -> dict[dg.AssetCheckKey, Evaluation]:
    """The latest evaluation of each check that was evaluated."""
    wanted = list(keys)
    newest = instance.event_log_storage.get_latest_asset_check_execution_by_key(wanted)
    found = {}
    for key in wanted:
        record = newest.get(key)
        if record is not None and not _answers(record, None):
            record = _look_back(instance, key, None)
        verdict = _verdict_on(record)
        if record is not None and record.event is not None and verdict is not None:
            found[key] = Evaluation(key, verdict, record.run_id, record.event.timestamp, record.partition or "")
    return found


def latest_verdicts(
    instance: dg.DagsterInstance, checks: Mapping[dg.AssetCheckKey, str | None]
) -> dict[dg.AssetCheckKey, Verdict]:
    """The latest verdict of each check that was judged.

    Args:
        instance: Where to look.
        checks: The checks; for each the run whose verdict is asked for, or None for any.
    """
    newest = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(checks))
    found = {}
    for key, run_id in checks.items():
        record = newest.get(key)
        if record is not None and not _answers(record, run_id):
            record = _look_back(instance, key, run_id)
        verdict = _verdict_on(record)
        if verdict is not None:
            found[key] = verdict
    return found


def _answers(record: AssetCheckExecutionRecord, run_id: str | None) -> bool:
    """A run that has begun stands in the history with checks that are only planned; those are passed over."""
    return record.status in COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES and run_id in {None, record.run_id}


def _look_back(
    instance: dg.DagsterInstance, key: dg.AssetCheckKey, run_id: str | None
) -> AssetCheckExecutionRecord | None:
    history = instance.event_log_storage.get_asset_check_execution_history(
        key, limit=_HISTORY, status=COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES
    )
    return next((record for record in history if run_id in {None, record.run_id}), None)


def _verdict_on(record: AssetCheckExecutionRecord | None) -> Verdict | None:
    event = record.event.dagster_event if record and record.event else None
    return verdict_of(event.asset_check_evaluation_data) if event else None

"""Whether a step must run again: not when its code, its inputs' data versions and the outer world are as before.

The fingerprint of a step is a hash of those three; it is the asset's data version. A step whose last materialisation
has the same fingerprint, passed its blocking checks and still lies in the lake is not computed again: its value,
metadata and verdicts are given once more. That holds for runs from the UI, from sensors and from the command alike;
the run tag `ml_lifecycle/force: "true"` switches it off.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from ml_lifecycle.orchestration.checks import verdict_of
from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.storage import record_of
from ml_lifecycle.verdict import Verdict

#: Metadata key of a materialisation that was not computed again.
REUSED_KEY = "reused_from_run"
_FINGERPRINT_KEY = "fingerprint"
_DATA_VERSION_TAG = "dagster/data_version"
_HISTORY = 20


@dataclass(frozen=True, slots=True)
class Earlier:
    """A materialisation that can stand for a new one."""

    metadata: Mapping[str, Any]
    verdicts: Sequence[Verdict]
    data_version: str


def data_version_of(instance: dg.DagsterInstance, key: dg.AssetKey) -> str | None:
    """The data version of an asset's latest materialisation."""
    record = instance.get_latest_data_version_record(key)
    tags = record.event_log_entry.tags if record else None
    return tags.get(_DATA_VERSION_TAG) if tags else None


def fingerprint(
    instance: dg.DagsterInstance, *, code_version: str, inputs: Sequence[dg.AssetKey], outer: str = ""
) -> str:
    """A hash of all that a step's result depends on.

    Args:
        instance: Where the inputs' data versions are looked up.
        code_version: The step's code and its part of the YAML.
        inputs: The assets it reads.
        outer: What it depends on outside of Dagster, such as the bytes of files.
    """
    versions = {key.to_user_string(): data_version_of(instance, key) for key in inputs}
    said = json.dumps([code_version, versions, outer], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def find_earlier(
    instance: dg.DagsterInstance, key: dg.AssetKey, *, mark: str, checks: Sequence[dg.AssetCheckKey], lake: Lake
) -> Earlier | None:
    """The latest materialisation of an asset, if it has this fingerprint, is whole and none of its checks blocks."""
    event = instance.get_latest_materialization_event(key)
    materialization = event.asset_materialization if event else None
    if event is None or materialization is None:
        return None
    found = materialization.metadata.get(_FINGERPRINT_KEY)
    record = record_of(materialization)
    if found is None or found.value != mark or record is None or not lake.holds(key.path, record):
        return None
    verdicts = verdicts_on(instance, checks, run_id=event.run_id)
    if len(verdicts) != len(checks) or any(verdict.blocks for verdict in verdicts):
        return None
    metadata = dict(materialization.metadata)
    metadata.setdefault(REUSED_KEY, dg.MetadataValue.dagster_run(event.run_id))
    tags = event.tags or {}
    return Earlier(metadata, verdicts, tags.get(_DATA_VERSION_TAG, mark))


def verdicts_on(
    instance: dg.DagsterInstance, checks: Sequence[dg.AssetCheckKey], *, run_id: str | None = None
) -> list[Verdict]:
    """The latest verdicts of checks; with `run_id` only those that this run gave."""
    found = (_latest_evaluation(instance, key, run_id) for key in checks)
    return [verdict_of(evaluation) for evaluation in found if evaluation is not None]


def _latest_evaluation(
    instance: dg.DagsterInstance, key: dg.AssetCheckKey, run_id: str | None
) -> dg.AssetCheckEvaluation | None:
    """A run that has begun stands in the history with checks that are only planned; those are passed over."""
    for record in instance.event_log_storage.get_asset_check_execution_history(key, limit=_HISTORY):
        event = record.event.dagster_event if record.event else None
        judged = event is not None and event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
        if event is not None and judged and run_id in {None, record.run_id}:
            evaluation: dg.AssetCheckEvaluation = event.asset_check_evaluation_data
            return evaluation
    return None


def mark_metadata(mark: str) -> dict[str, Any]:
    """The metadata entry that carries a fingerprint."""
    return {_FINGERPRINT_KEY: mark}

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

from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.records import DATA_VERSION_TAG, data_versions, latest_verdicts
from ml_lifecycle.orchestration.storage import record_of
from ml_lifecycle.verdict import Verdict

#: Metadata key of a materialisation that was not computed again.
REUSED_KEY = "reused_from_run"
_FINGERPRINT_KEY = "fingerprint"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A materialisation that can stand for a new one."""

    metadata: Mapping[str, Any]
    verdicts: Sequence[Verdict]
    data_version: str


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
    known = data_versions(instance, inputs)
    versions = {key.to_user_string(): known.get(key) for key in inputs}
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
    judged = latest_verdicts(instance, dict.fromkeys(checks, event.run_id))
    verdicts = [judged[key] for key in checks if key in judged]
    if len(verdicts) != len(checks) or any(verdict.blocks for verdict in verdicts):
        return None
    metadata = dict(materialization.metadata)
    metadata.setdefault(REUSED_KEY, dg.MetadataValue.dagster_run(event.run_id))
    tags = event.tags or {}
    return Earlier(metadata, verdicts, tags.get(DATA_VERSION_TAG, mark))


def mark_metadata(mark: str) -> dict[str, Any]:
    """The metadata entry that carries a fingerprint."""
    return {_FINGERPRINT_KEY: mark}

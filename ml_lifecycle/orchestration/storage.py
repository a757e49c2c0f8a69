"""The IO manager: puts what an asset returns into the lake, and hands it on to the assets that ask for it.

What was written is named in the materialisation's metadata (`lake`): table versions, the folder of files, the type. So
a later run, or another process of this one, reads exactly what belongs to a materialisation, and not what happens to be
newest. How tables and files are written lives in `lake`.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

from ml_lifecycle.config.home import Home
from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.failures import failing_clearly
from ml_lifecycle.orchestration.lake import Lake, LakeRecord

#: Metadata key under which a materialisation names what was written.
RECORD_KEY = "lake"
#: The resource key of the IO manager.
LAKE_KEY = "ml_lifecycle_lake"
#: Input metadata: hand over a `Stored` instead of the value.
DEFERRED = "deferred"


def record_of(materialization: dg.AssetMaterialization | None) -> LakeRecord | None:
    """The record that a materialisation carries, if its asset has a value in the lake."""
    found = materialization.metadata.get(RECORD_KEY) if materialization else None
    if not isinstance(found, dg.JsonMetadataValue) or not isinstance(found.value, dict):
        return None
    return LakeRecord(**found.value)


class LakeIOManager(dg.IOManager):
    """The IO manager of all lifecycle assets.

    Values that this process made in this run are handed on as they are, so nothing is read twice; a consumer must not
    change what it is given.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._made: dict[tuple[str, dg.AssetKey, str | None], Any] = {}

    @property
    def lake(self) -> Lake:
        """The lake of the present state folder."""
        return Lake(Home.find(self._root).lake)

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Write an asset's value.

        Raises:
            dg.Failure: The lake cannot be written.
        """
        partition = context.partition_key if context.has_partition_key else None
        with failing_clearly():
            record = self.lake.write(context.asset_key.path, obj, partition)
        context.add_output_metadata({RECORD_KEY: dg.MetadataValue.json(record.to_json())})
        self._forget_other_runs(context.run_id)
        self._made[context.run_id, context.asset_key, partition] = obj

    def load_input(self, context: dg.InputContext) -> Any:
        """Hand on what this run made, else read what the latest materialisation names.

        Raises:
            StateError: The asset was never materialised, or its value is gone.
        """
        partition = context.partition_key if context.has_partition_key and context.has_asset_partitions else None
        stored = Stored(self, context.instance, context.step_context.run_id, context.asset_key, partition)
        return stored if (context.definition_metadata or {}).get(DEFERRED) else stored.get()

    def fetch(self, stored: "Stored") -> Any:
        """The value behind `stored`; see `load_input`."""
        place = (stored.run_id, stored.key, stored.partition)
        if place not in self._made:
            record = _latest_record(stored.instance, stored.key, stored.run_id, stored.partition)
            if record is None:
                raise StateError(
                    f"{stored.key.to_user_string()} has no value",
                    expected="a materialisation before this step",
                    got="none",
                    advice="materialise it first, for example by running the whole lifecycle job",
                )
            value = self.lake.read(stored.key.path, record)
            self._forget_other_runs(stored.run_id)
            self._made[place] = value
        return self._made[place]

    def _forget_other_runs(self, run_id: str) -> None:
        for key in [key for key in self._made if key[0] != run_id]:
            del self._made[key]


@dataclass(frozen=True, slots=True)
class Stored:
    """A value that is read when it is asked for."""

    manager: LakeIOManager
    instance: dg.DagsterInstance
    run_id: str
    key: dg.AssetKey
    partition: str | None

    def get(self) -> Any:
        """The value."""
        return self.manager.fetch(self)


@cache
def lake_io_manager(root: Path) -> dg.IOManagerDefinition:
    """The one IO manager of all projects below a root, so that their definitions can be merged."""
    return dg.IOManagerDefinition.hardcoded_io_manager(LakeIOManager(root), description="Delta Lake tables and files.")


def _latest_record(
    instance: dg.DagsterInstance, key: dg.AssetKey, run_id: str, partition: str | None
) -> LakeRecord | None:
    """What this run wrote (another may have written since), else what was written last."""
    query = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition] if partition else None)
    newest: LakeRecord | None = None
    for event in instance.fetch_materializations(query, limit=20).records:
        record = record_of(event.asset_materialization)
        if record is not None and event.run_id == run_id:
            return record
        newest = newest or record
    return newest

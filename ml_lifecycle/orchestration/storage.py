"""The IO manager: puts what an asset returns into the lake, and hands it on to the assets that ask for it.

What was written is named in the materialisation's metadata (`lake`): table versions, the folder of files, the type. So
a later run, or another process of this one, reads exactly what belongs to a materialisation, and not what happens to be
newest. How tables and files are written lives in `lake`.

A run over many windows has written them when it comes here (`window_runs`): what is left to do is to remember where.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
#: So many windows are read from the lake at once.
_AHEAD = 100
#: So many earlier materialisations of a window are looked through for the one of this run.
_LOOKED_AT = 20


def record_of(materialization: dg.AssetMaterialization | None) -> LakeRecord | None:
    """The record that a materialisation carries, if its asset has a value in the lake."""
    found = materialization.metadata.get(RECORD_KEY) if materialization else None
    if not isinstance(found, dg.JsonMetadataValue) or not isinstance(found.value, dict):
        return None
    return LakeRecord(**found.value)


@dataclass(frozen=True, slots=True)
class Written:
    """The value of an asset that has written its windows itself.

    Args:
        records: Where each window lies.
        values: Those windows whose value is still at hand.
    """

    records: Mapping[str, LakeRecord]
    values: Mapping[str, object]


class LakeIOManager(dg.IOManager):
    """The IO manager of all lifecycle assets.

    Values that this process made in this run are handed on as they are, so nothing is read twice; a consumer must not
    change what it is given.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._made: dict[_Place, Any] = {}
        self._records: dict[_Place, LakeRecord] = {}

    @property
    def lake(self) -> Lake:
        """The lake of the present state folder."""
        return Lake(Home.find(self._root).lake)

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Write an asset's value.

        Raises:
            dg.Failure: The lake cannot be written.
        """
        self._forget_other_runs(context.run_id)
        if isinstance(obj, Written):
            places = {name: (context.run_id, context.asset_key, name) for name in obj.records}
            self._records |= {places[name]: record for name, record in obj.records.items()}
            self._made |= {places[name]: value for name, value in obj.values.items()}
            return
        partition = context.partition_key if context.has_partition_key else None
        with failing_clearly():
            record = self.lake.write(context.asset_key.path, obj, partition)
        context.add_output_metadata({RECORD_KEY: dg.MetadataValue.json(record.to_json())})
        self._made[context.run_id, context.asset_key, partition] = obj

    def load_input(self, context: dg.InputContext) -> Any:
        """Hand on what this run made, else read what the latest materialisation names.

        Raises:
            StateError: The asset was never materialised, or its value is gone.
        """
        several = context.has_asset_partitions and context.step_context.has_partition_key_range
        windows = tuple(context.asset_partition_keys) if several else ()
        partition = context.partition_key if context.has_partition_key and context.has_asset_partitions else None
        run_id = context.step_context.run_id
        stored = Stored(self, context.instance, run_id, context.asset_key, partition, windows)
        return stored if (context.definition_metadata or {}).get(DEFERRED) else stored.get()

    def fetch(self, stored: "Stored") -> Any:
        """The value behind `stored`; see `load_input`. Of many windows, some are read ahead and those before let go."""
        place = (stored.run_id, stored.key, stored.partition)
        if place in self._made:
            return self._made[place]
        self._forget_other_runs(stored.run_id)
        if stored.partition in stored.windows:
            self._read_ahead(stored)
        else:
            found = _latest_records(stored.instance, stored.key, stored.run_id, [stored.partition])
            self._made[place] = self.lake.read(stored.key.path, _require(found.get(stored.partition), stored))
        return self._made[place]

    def _read_ahead(self, stored: "Stored") -> None:
        start = stored.windows.index(str(stored.partition))
        windows = stored.windows[start : start + _AHEAD]
        known = {name: self._records.get((stored.run_id, stored.key, name)) for name in windows}
        absent = [name for name, record in known.items() if record is None]
        found = _latest_records(stored.instance, stored.key, stored.run_id, absent) if absent else {}
        records = [_require(known[name] or found.get(name), replace(stored, partition=name)) for name in windows]
        for place in [place for place in self._made if place[1] == stored.key]:
            del self._made[place]
        values = self.lake.read_many(stored.key.path, records)
        self._made |= {(stored.run_id, stored.key, name): value for name, value in zip(windows, values, strict=True)}

    def _forget_other_runs(self, run_id: str) -> None:
        for kept in (self._made, self._records):
            for place in [place for place in kept if place[0] != run_id]:
                del kept[place]


#: A run, an asset and a partition of it.
_Place = tuple[str, dg.AssetKey, str | None]


@dataclass(frozen=True, slots=True)
class Stored:
    """A value that is read when it is asked for."""

    manager: LakeIOManager
    instance: dg.DagsterInstance
    run_id: str
    key: dg.AssetKey
    partition: str | None
    windows: tuple[str, ...] = ()

    def get(self) -> Any:
        """The value."""
        return self.manager.fetch(self)

    def of(self, window: str) -> "Stored":
        """The value of one of the run's windows; that of an asset without windows is the same for all."""
        return replace(self, partition=window) if window in self.windows else self


@cache
def lake_io_manager(root: Path) -> dg.IOManagerDefinition:
    """The one IO manager of all projects below a root, so that their definitions can be merged."""
    return dg.IOManagerDefinition.hardcoded_io_manager(LakeIOManager(root), description="Delta Lake tables and files.")


def _latest_records(
    instance: dg.DagsterInstance, key: dg.AssetKey, run_id: str, partitions: Sequence[str | None]
) -> dict[str | None, LakeRecord]:
    """What this run wrote of each partition (another may have written since), else what was written last."""
    named = [partition for partition in partitions if partition is not None]
    query = dg.AssetRecordsFilter(asset_key=key, asset_partitions=named or None)
    newest: dict[str | None, LakeRecord] = {}
    own: dict[str | None, LakeRecord] = {}
    for event in instance.fetch_materializations(query, limit=_LOOKED_AT * len(partitions)).records:
        record = record_of(event.asset_materialization)
        if record is not None:
            partition = event.partition_key if named else None
            newest.setdefault(partition, record)
            if event.run_id == run_id:
                own.setdefault(partition, record)
    absent = [partition for partition in named if partition not in newest]
    if absent and len(named) > 1:  # others were written so often that they fill the page
        for partition in absent:
            newest |= _latest_records(instance, key, run_id, [partition])
    return newest | own


def _require(record: LakeRecord | None, stored: "Stored") -> LakeRecord:
    if record is None:
        named = f"{stored.key.to_user_string()} {stored.partition or ''}".strip()
        raise StateError(
            f"{named} has no value",
            expected="a materialisation before this step",
            got="none",
            advice="materialise it first, for example by running the whole lifecycle job",
        )
    return record

"""The versions of a project's raw data, as the lake keeps them: listing, reading, and repeating a run on an old one.

What is said of a version, and how two differ, lives in `dataset.versions`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_lifecycle.config.home import Home
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import ConfigError, StateError
from ml_lifecycle.orchestration.lake import Lake, LakeRecord
from ml_lifecycle.orchestration.lake_files import TableFiles
from ml_lifecycle.orchestration.storage import record_of

if TYPE_CHECKING:
    import pandas as pd

RAW = "raw_data"
#: Metadata keys under which `raw_data` says the hash of its content, and keeps what the next collection is told.
CONTENT_KEY, STATE_KEY = "content", "collection_state"
_FRAME = "frame"
_MOST = 1000


@dataclass(frozen=True, slots=True)
class DataVersion:
    """One version of the raw data.

    Args:
        version: Its number: that of the Delta table.
        rows: How many rows it has.
        content: The hash of its content.
        collected: When it was written, in UTC.
        run_id: The Dagster run that wrote it.
    """

    version: int
    rows: int | None
    content: str
    collected: str
    run_id: str


def versions_of(instance: dg.DagsterInstance, project: ProjectConfig) -> list[DataVersion]:
    """The versions of a project's raw data that its runs have written and that can still be read, newest first."""
    key = dg.AssetKey([project.name, RAW])
    reads = _reader(project)
    found: dict[int, DataVersion] = {}
    for event in instance.fetch_materializations(key, limit=_MOST).records:
        materialization = event.asset_materialization
        record = record_of(materialization)
        if materialization is None or record is None or _FRAME not in record.tables:
            continue
        metadata = {name: item.value for name, item in materialization.metadata.items()}
        number, rows = record.tables[_FRAME], metadata.get("dagster/row_count")
        if not reads(number):  # housekeeping has removed it
            continue
        # The same version is named again by every run that nothing has changed for; the first wrote it.
        found[number] = DataVersion(
            version=number,
            rows=int(rows) if isinstance(rows, int) else None,
            content=str(metadata.get(CONTENT_KEY, "")),
            collected=datetime.fromtimestamp(event.timestamp, tz=UTC).isoformat(timespec="seconds"),
            run_id=event.run_id,
        )
    return sorted(found.values(), key=lambda item: -item.version)


def _reader(project: ProjectConfig) -> Callable[[int], bool]:
    """Whether a version of the raw data can be read."""
    path = Home.find(project.root).lake / project.name / RAW / _FRAME
    files = TableFiles(path) if (path / "_delta_log").is_dir() else None
    return cache(lambda version: files is not None and files.reads(version))


def read_version(project: ProjectConfig, version: int) -> "pd.DataFrame":
    """The rows of one version.

    Raises:
        StateError: The lake does not hold it.
    """
    lake = Lake(Home.find(project.root).lake)
    frame: pd.DataFrame = lake.read([project.name, RAW], LakeRecord(_FRAME, {_FRAME: version}, None))
    return frame


def read_latest(instance: dg.DagsterInstance, project: ProjectConfig, asset: str) -> Any:
    """The value that an asset's latest materialisation wrote.

    Raises:
        StateError: There is none, or it is gone.
    """
    key = dg.AssetKey([project.name, asset])
    event = instance.get_latest_materialization_event(key)
    record = record_of(event.asset_materialization) if event else None
    if record is None:
        raise StateError(
            f"{asset} of project {project.name!r} was never made",
            expected="a run that made it",
            got="none on record",
            advice=f"run `ml-lifecycle run {project.name}`, or one of `ml-lifecycle data`",
        )
    return Lake(Home.find(project.root).lake).read(key.path, record)


def version_number(text: str) -> int:
    """Read the number of a version.

    Raises:
        ConfigError: It is no number.
    """
    if not text.isdigit():
        raise ConfigError(
            "a data version is a number",
            expected="a number that `ml-lifecycle data versions` lists",
            got=repr(text),
        )
    return int(text)

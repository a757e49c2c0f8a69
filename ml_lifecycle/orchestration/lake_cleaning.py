"""Cleaning the lake of one project: tables of many small files are put together, what nothing names is deleted.

What is still named is decided in `monitoring.housekeeping`; which files that needs, in `lake_files`.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.lake_archive import ARCHIVE
from ml_lifecycle.orchestration.lake_files import Named, TableFiles
from ml_lifecycle.orchestration.lake_tables import keep_log

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.housekeeping import Result

_FILES = "_files"
_LOG = "_delta_log"
#: Files of a table from which on they are put together.
_MANY_FILES = 50


@dataclass(frozen=True, slots=True)
class LakePlan:
    """What may go of a project's lake.

    Args:
        tables: Data files of tables.
        folders: Folders of files beside them.
        scattered: Tables of many small files.
        kept_tables: Data files that stay.
        kept_folders: Folders that stay.
    """

    tables: Sequence[Path]
    folders: Sequence[Path]
    scattered: Sequence[Path]
    kept_tables: int
    kept_folders: int


def plan_lake(root: Path, kept: "Sequence[Result]", assets: Sequence[str], *, before: float) -> LakePlan:
    """What may go of the lake of a project.

    Args:
        root: The project's folder in the lake.
        kept: The results that are still needed.
        assets: The assets whose results those are; what else lies there is left alone.
        before: Only what was written before this moment, in seconds since 1970.
    """
    tables: list[Path] = []
    folders: list[Path] = []
    scattered: list[Path] = []
    kept_tables = kept_folders = 0
    for asset in (*assets, ARCHIVE):
        results = [item for item in kept if item.asset == asset]
        for path in _tables(root / asset):
            found = TableFiles(path)
            named = {Named(item.tables[path.name], item.partition) for item in results if path.name in item.tables}
            gone = [file for file in found.unneeded(named) if file.stat().st_mtime < before]
            tables += gone
            kept_tables += sum(1 for _ in path.rglob("*.parquet")) - len(gone)
            if found.live > _MANY_FILES:
                scattered.append(path)
        digests = {item.files for item in results}
        there = [folder for folder in _folders(root / asset / _FILES) if folder.stat().st_mtime < before]
        unnamed = [folder for folder in there if folder.name not in digests]
        folders += unnamed
        kept_folders += len(list(_folders(root / asset / _FILES))) - len(unnamed)
    return LakePlan(tables, folders, scattered, kept_tables, kept_folders)


def delete_all(paths: Sequence[Path]) -> None:
    """Delete files and folders.

    Raises:
        StateError: One cannot be deleted; the others before it are gone.
    """
    for path in paths:
        try:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        except OSError as error:
            raise StateError(
                "the lake cannot be cleaned",
                expected=f"a file that may be deleted at {path}",
                got=f"{type(error).__name__}: {error.strerror}",
                advice="mend its permissions; what nothing needs and is left goes with the next housekeeping",
            ) from error


def put_together(path: Path) -> int:
    """Make few large files of a table's many small ones; how many there were. Older versions keep theirs.

    Raises:
        StateError: The table cannot be read or written.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        done = DeltaTable(path).optimize.compact(post_commithook_properties=keep_log())
    except (DeltaError, OSError) as error:
        raise StateError(
            "a table of the lake cannot be compacted",
            expected=f"a Delta table at {path}",
            got=f"{type(error).__name__}: {error}",
            advice="nothing was lost: run the housekeeping again",
        ) from error
    return int(done["numFilesRemoved"])


def size_of(paths: Sequence[Path]) -> int:
    """Bytes of files, and of all files below folders."""
    return sum(file.stat().st_size for path in paths for file in _walk(path))


def _walk(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (file for file in path.rglob("*") if file.is_file())
    elif path.exists():
        yield path


def _tables(folder: Path) -> list[Path]:
    return sorted(log.parent for log in folder.glob(f"*/{_LOG}")) if folder.is_dir() else []


def _folders(folder: Path) -> Iterator[Path]:
    return (item for item in folder.iterdir() if item.is_dir()) if folder.is_dir() else iter(())

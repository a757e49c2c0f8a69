"""The pieces that a source consists of, wherever they are: files, downloads, query results, tables.

A piece says what it is called, what tells whether it has changed, and gives its rows. Rows of all pieces are put
together in `sources`; which pieces need not be read again is decided in `collection`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import pandas as pd

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.bundled import BundledSet
from ml_lifecycle.dataset.databases import DatabaseRows
from ml_lifecycle.dataset.delta_tables import DeltaSource, is_delta_table
from ml_lifecycle.dataset.downloads import WebFile, check_sha256
from ml_lifecycle.dataset.files import find_files, format_of, hash_file, local_path, read_file, shown_path
from ml_lifecycle.dataset.remote_files import remote_files
from ml_lifecycle.errors import DataError

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_LOCAL: Final = {"file", "local"}
_WEB: Final = {"http", "https"}


class Piece(Protocol):
    """A part of a source that is read at once."""

    @property
    def name(self) -> str:
        """What it is called where rows are counted; holds no secret."""
        ...

    @property
    def parsed(self) -> bool:
        """Whether reading it again costs more than reading what was kept."""
        ...

    def mark(self) -> str | None:
        """What changes when its rows do; None where only reading it tells."""
        ...

    def read(self) -> pd.DataFrame:
        """Its rows."""
        ...


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of this machine.

    Args:
        path: Where it is.
        source: Says how it is read.
        name: What it is called where rows are counted.
    """

    path: Path
    source: SourceConfig
    name: str

    @property
    def parsed(self) -> bool:
        """Whether reading it again costs more than reading what was kept: Parquet is what would be kept."""
        return format_of(self.path.name, self.source) != "parquet"

    def mark(self) -> str:
        """The SHA-256 of its bytes.

        Raises:
            DataError: It is not the one whose SHA-256 is asked for, or is gone.
        """
        try:
            found = hash_file(self.path)
        except OSError as error:
            raise DataError(
                f"the file {self.path} cannot be read", expected="a file that may be read", got=str(error)
            ) from error
        check_sha256(self.source, found)
        return found

    def read(self) -> pd.DataFrame:
        """Read it.

        Raises:
            DataError: It cannot be read, or is not the one whose SHA-256 is asked for.
        """
        if self.source.sha256:
            self.mark()
        return read_file(self.path, self.source)


def pieces_of(
    source: SourceConfig, *, root: Path, home: Path, optional: bool = False, times: Iterable[str] = ()
) -> Sequence[Piece]:
    """The pieces of a source, in the order of their names.

    Args:
        source: Where rows come from.
        root: The folder that a relative path starts from.
        home: The state folder, `{home}` in a path; what is fetched is kept there.
        optional: Whether there may be none.
        times: Columns that tell what is new in a database, the event time first.

    Raises:
        DataError: There is no such place.
        ConfigError: A package is not installed, or an environment variable is not set.
    """
    if source.sql is not None:
        return [DatabaseRows(source, root, home, tuple(times))]
    if source.sklearn is not None:
        return [BundledSet(source)]
    found = _SCHEME.match(source.path or "")
    scheme = found[1].lower() if found else "file"
    delta = _delta(source, scheme, root=root, home=home)
    if delta is not None:
        return [delta]
    if scheme in _WEB:
        return [WebFile(source, home)]
    pieces: Sequence[Piece]
    if scheme in _LOCAL:
        paths = find_files(source, root=root, home=home, optional=optional)
        pieces = [LocalFile(path, source, shown_path(path, root=root, home=home)) for path in paths]
    else:
        pieces = remote_files(source, home=home, optional=optional)
    if source.sha256 and len(pieces) > 1:
        raise DataError(
            f"{source.place} is {len(pieces)} files",
            expected="one file, since dataset.sources: sha256 is given",
            advice="name one file, or leave sha256 out",
        )
    return pieces


def _delta(source: SourceConfig, scheme: str, *, root: Path, home: Path) -> DeltaSource | None:
    if scheme not in _LOCAL:
        return DeltaSource(source, source.path or "") if source.format == "delta" else None
    path = local_path(source, root=root, home=home)
    if source.format == "delta" or (source.format == "auto" and is_delta_table(path)):
        return DeltaSource(source, str(path))
    return None

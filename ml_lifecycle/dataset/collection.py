"""Collecting rows again and again: what has not changed is not parsed or fetched again, and it is said what was new.

The rows are always those that a full collection would give. How they are made of the pieces is in `sources`,
what is kept of them in `piece_store`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.config.dataset import DatasetConfig
from ml_lifecycle.dataset.coercion import parse_times
from ml_lifecycle.dataset.databases import Boundary, DatabaseRows
from ml_lifecycle.dataset.piece_store import KnownPiece, PieceStore
from ml_lifecycle.dataset.pieces import Piece
from ml_lifecycle.dataset.rows import ROW_ID, fingerprint
from ml_lifecycle.dataset.sources import RawRows, assemble, dataset_pieces
from ml_lifecycle.dataset.stacking import objects_of
from ml_lifecycle.dataset.text_columns import sources_of

Change: TypeAlias = Literal["new", "changed", "unchanged", "vanished"]

_FORM: Final = 1
"""The form of the state; a state of another form is not understood, and everything is collected again."""


@dataclass(frozen=True, slots=True)
class PieceReport:
    """What became of one piece.

    Args:
        name: The file, address, query or table.
        change: new, changed, unchanged or vanished, against the last collection.
        rows: Rows that it holds now.
        read: Rows that were parsed or fetched; the others were known.
    """

    name: str
    change: Change
    rows: int
    read: int


@dataclass(frozen=True, slots=True)
class CollectionReport:
    """What a collection found new.

    Args:
        mode: `dataset.incremental`.
        pieces: In the order they were read, then those that vanished.
        rows: Rows by now, those of production among them.
        new_rows: Rows that were not there at the last collection.
        vanished_rows: Rows that were there then, and are not now.
        newest: The newest event time, as ISO text; None without one.
    """

    mode: str
    pieces: tuple[PieceReport, ...]
    rows: int
    new_rows: int
    vanished_rows: int
    newest: str | None

    def count(self, change: Change) -> int:
        """How many pieces are new, changed, unchanged or vanished."""
        return sum(piece.change == change for piece in self.pieces)

    @property
    def read(self) -> int:
        """Rows that were parsed or fetched."""
        return sum(piece.read for piece in self.pieces)

    @property
    def summary(self) -> str:
        """One sentence a person understands."""
        names: tuple[Change, ...] = ("new", "changed", "unchanged", "vanished")
        told = ", ".join(f"{self.count(name)} {name}" for name in names if self.count(name))
        gone = f", {self.vanished_rows:,} vanished" if self.vanished_rows else ""
        newest = f"; the newest is of {self.newest}" if self.newest else ""
        return f"{self.rows:,} rows, {self.new_rows:,} of them new{gone}; sources: {told}{newest}."

    def to_frame(self) -> pd.DataFrame:
        """One row for each piece."""
        return pd.DataFrame([asdict(piece) for piece in self.pieces], columns=["name", "change", "rows", "read"])

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**asdict(self), "pieces": [asdict(piece) for piece in self.pieces]}


@dataclass(frozen=True, slots=True)
class Collected:
    """Rows, and what was new about them.

    Args:
        raw: The rows.
        report: What was new.
        state: Plain JSON to be given to the next collection.
    """

    raw: RawRows
    report: CollectionReport
    state: dict[str, Any]


def collect(
    config: DatasetConfig,
    *,
    root: Path,
    home: Path,
    store: Path,
    previous: Mapping[str, Any] | None = None,
    production: pd.DataFrame | None = None,
    target: str | None = None,
) -> Collected:
    """Collect the rows of a project as `read_rows` does, and say what was new since the last collection.

    With `incremental: file` the rows of files, downloads and queries that have not changed are taken from the store.
    With `event_time` a database is asked only for rows from the newest known event time on, as long as what it counts
    of the rows before has not changed; if it has, all are read. Parquet files and Delta tables are read each time:
    they are what the store consists of.

    Args:
        config: Sources, joins, roles of columns, and `incremental`.
        root: The folder that relative paths start from.
        home: The state folder, `{home}` in a path.
        store: A folder of this project's own, where rows are kept between collections.
        previous: The `state` of the last collection; None, or one that does not fit the store or the configuration any
            more, has everything read.
        production: Rows that were scored and whose outcome is known.
        target: The column to predict, whose absence is reported.

    Raises:
        DataError: As `read_rows`.
        ConfigError: As `read_rows`.
        TargetError: The target is absent.
    """
    reading = _reading_of(config)
    known = _known_pieces(previous, reading)
    shelf = PieceStore(store)
    parts: list[tuple[str, pd.DataFrame]] = []
    notes: list[KnownPiece] = []
    reports: list[PieceReport] = []
    for name, piece in _numbered(dataset_pieces(config, root=root, home=home)):
        frame, note, told = _collect_piece(name, piece, known.get(name), shelf, config.incremental)
        parts.append((name, frame))
        notes.append(note)
        reports.append(told)
    gone = [PieceReport(name, "vanished", 0, 0) for name in known if name not in {note.name for note in notes}]
    raw = assemble(parts, config, root=root, home=home, production=production, target=target)
    report = _report(raw, config, (*reports, *gone), shelf.row_ids() if previous is not None else None)
    shelf.close(raw.frame[ROW_ID].to_numpy())
    return Collected(raw, report, {"form": _FORM, "reading": reading, "pieces": [asdict(note) for note in notes]})


def _reading_of(config: DatasetConfig) -> str:
    """A hash of all that decides how the pieces are read: with another, nothing that was kept is of use."""
    sources = [source.model_dump(mode="json") for source in sources_of(config)]
    document = json.dumps([sources, config.event_time, config.outcome_time], sort_keys=True)
    return hashlib.sha256(document.encode()).hexdigest()


def _known_pieces(previous: Mapping[str, Any] | None, reading: str) -> dict[str, KnownPiece]:
    if previous is None or previous.get("form") != _FORM:
        return {}
    pieces = [KnownPiece(**{**noted, "boundary": _boundary(noted.get("boundary"))}) for noted in previous["pieces"]]
    if previous["reading"] != reading:  # the names still tell what is new, but nothing may be taken over
        pieces = [KnownPiece(piece.name, "", piece.rows) for piece in pieces]
    return {piece.name: piece for piece in pieces}


def _boundary(noted: Any) -> tuple[tuple[str, str], str] | None:  # noqa: ANN401 - JSON, which has no tuples
    return None if noted is None else ((noted[0][0], noted[0][1]), noted[1])


def _numbered(pieces: Sequence[Piece]) -> list[tuple[str, Piece]]:
    """Pieces with names that differ: two queries of one database are called alike."""
    counted: dict[str, int] = {}
    named = []
    for piece in pieces:
        counted[piece.name] = counted.get(piece.name, 0) + 1
        number = counted[piece.name]
        named.append((piece.name if number == 1 else f"{piece.name} ({number})", piece))
    return named


def _collect_piece(
    name: str, piece: Piece, known: KnownPiece | None, shelf: PieceStore, mode: str
) -> tuple[pd.DataFrame, KnownPiece, PieceReport]:
    mark = piece.mark()
    if mode == "event_time" and isinstance(piece, DatabaseRows) and mark is not None:
        return _read_further(name, piece, known, shelf, mark)
    same = known is not None and mark is not None and known.mark == mark
    kept = shelf.read(known) if same and mode != "none" and piece.parsed else None
    if kept is not None and known is not None:
        return kept, known, PieceReport(name, "unchanged", len(kept), 0)
    frame = _plain(piece.read())
    mark = fingerprint(frame) if mark is None else mark
    keeping = mode != "none" and piece.parsed
    note = KnownPiece(name, mark, len(frame), shelf.keep(name, mark, frame) if keeping else None)
    return frame, note, PieceReport(name, _change(known, mark), len(frame), len(frame))


def _read_further(
    name: str, piece: DatabaseRows, known: KnownPiece | None, shelf: PieceStore, mark: str
) -> tuple[pd.DataFrame, KnownPiece, PieceReport]:
    boundary = None if known is None or known.boundary is None else Boundary(*known.boundary)
    reading = piece.read_further(shelf.read(known), boundary)
    frame = _plain(reading.frame)
    drawn = None if reading.boundary is None else (reading.boundary.newest, reading.boundary.before)
    note = KnownPiece(name, mark, len(frame), shelf.keep(name, mark, frame), drawn)
    return frame, note, PieceReport(name, _change(known, mark), len(frame), reading.fetched)


def _change(known: KnownPiece | None, mark: str) -> Change:
    if known is None:
        return "new"
    return "unchanged" if known.mark == mark else "changed"


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """One form of missing in columns of objects, the one that comes back out of the store."""
    for name in objects_of(frame):
        missing = frame[name].isna()
        if missing.any():
            frame[name] = frame[name].where(~missing, None)
    return frame


def _report(
    raw: RawRows, config: DatasetConfig, pieces: tuple[PieceReport, ...], earlier: npt.NDArray[np.int64] | None
) -> CollectionReport:
    ids = raw.frame[ROW_ID].to_numpy()
    before = np.empty(0, dtype=np.int64) if earlier is None else earlier
    common = int(np.isin(ids, before, assume_unique=True).sum()) if len(before) else 0
    newest = None
    if config.event_time is not None and config.event_time in raw.frame.columns and len(ids):
        moment = parse_times(raw.frame[config.event_time]).column.max()
        newest = None if pd.isna(moment) else moment.isoformat()
    return CollectionReport(config.incremental, pieces, len(ids), len(ids) - common, len(before) - common, newest)

"""The rows a project learns from: all its sources one below the other, joined with others, times parsed, rows named.

How a source is read is in `pieces`; whether its rows are any good is found out in `schema` and `quarantine`; what need
not be read again is known in `collection`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig
from ml_lifecycle.dataset.coercion import parse_times
from ml_lifecycle.dataset.files import is_optional
from ml_lifecycle.dataset.joins import JoinReport, join
from ml_lifecycle.dataset.pieces import Piece, pieces_of
from ml_lifecycle.dataset.rows import ROW_ID, fingerprint, identify, renumber
from ml_lifecycle.dataset.stacking import stack
from ml_lifecycle.dataset.suggestions import suggest
from ml_lifecycle.dataset.text_columns import further_source, sources_of, text_columns
from ml_lifecycle.dataset.time_columns import read_times
from ml_lifecycle.errors import DataError, TargetError
from ml_lifecycle.verdict import Severity, Verdict

__all__ = [
    "PRODUCTION",
    "RawRows",
    "assemble",
    "dataset_pieces",
    "judge_fresh",
    "judge_not_empty",
    "read_rows",
    "read_source",
    "source_fingerprint",
    "suggest",
]

PRODUCTION = "production"
"""What rows that came from production are called where rows are counted by file."""


@dataclass(frozen=True, slots=True)
class RawRows:
    """What was read.

    Args:
        frame: The rows, `_row_id` first; times are naive UTC, unless a cell could not be read: then the column keeps
            its text, so that validation can say what was wrong with which row.
        files: The pieces of the sources (files, addresses, queries, tables), in the order they were read.
        fingerprint: Hash of the content.
        file_rows: Rows by piece, and those of production.
        joins: What each join did, in order.
    """

    frame: pd.DataFrame
    files: tuple[str, ...]
    fingerprint: str
    file_rows: Mapping[str, int]
    joins: tuple[JoinReport, ...] = ()


def read_source(source: SourceConfig, *, root: Path, home: Path) -> pd.DataFrame:
    """Read all pieces of one source, one below the other.

    Raises:
        DataError: There is no such place, or it cannot be read.
        ConfigError: A package is not installed, or an environment variable is not set.
    """
    return stack([piece.read() for piece in pieces_of(source, root=root, home=home)])


def read_rows(
    config: DatasetConfig,
    *,
    root: Path,
    home: Path,
    production: pd.DataFrame | None = None,
    target: str | None = None,
) -> RawRows:
    """Read all sources, name their rows, join others to them, and add rows from production that are not among them.

    Args:
        config: Sources, joins and the roles of columns.
        root: The folder that relative paths start from.
        home: The state folder, `{home}` in a path.
        production: Rows that were scored and whose outcome is known.
        target: The column to predict, whose absence is reported.

    Raises:
        DataError: A source is missing, empty or unreadable, or a column that the configuration names is absent.
        ConfigError: A package is not installed, or an environment variable is not set.
        TargetError: The target is absent.
    """
    parts = [(piece.name, piece.read()) for piece in dataset_pieces(config, root=root, home=home)]
    return assemble(parts, config, root=root, home=home, production=production, target=target)


def assemble(
    parts: list[tuple[str, pd.DataFrame]],
    config: DatasetConfig,
    *,
    root: Path,
    home: Path,
    production: pd.DataFrame | None = None,
    target: str | None = None,
) -> RawRows:
    """Make the rows of a project out of the pieces of its sources.

    Rows are named before columns are joined to them, and columns under `drop` are left out last, so that neither a new
    join nor a dropped column renames a row. `until` limits the rows of the sources, not those of production.

    Args:
        parts: Name and rows of each piece; the list is emptied, so that its memory is free.
        config: Joins and the roles of columns.
        root: The folder that relative paths start from.
        home: The state folder.
        production: Rows that were scored and whose outcome is known; they bring the columns of joins along.
        target: The column to predict, whose absence is reported.

    Raises:
        DataError: A further source cannot be read or joined, or a column that the configuration names is absent.
        TargetError: The target is absent.
    """
    file_rows = _rows_by_name(parts)
    pieces = [frame for _, frame in parts]
    parts.clear()
    frame = stack(pieces)
    del pieces
    _require(frame, {"dataset.id": config.id})
    frame, joins = _join_all(identify(frame, config.id), config, root=root, home=home)
    _require_columns(frame, config, target)
    frame = _limit(_with_times(frame, config), config)
    if production is not None and not production.empty:
        known = _with_times(_identify_production(production, config), config)
        fresh = known.loc[~known[ROW_ID].isin(frame[ROW_ID])]
        file_rows[PRODUCTION] = len(fresh)
        frame = stack([frame, fresh])
    if config.drop:
        frame = frame.drop(columns=list(config.drop))
    frame = renumber(frame)
    files = tuple(name for name in file_rows if name != PRODUCTION)
    return RawRows(frame, files, fingerprint(frame), file_rows, joins)


def dataset_pieces(config: DatasetConfig, *, root: Path, home: Path) -> list[Piece]:
    """The pieces of all sources; an inbox beside other sources may still be empty.

    Raises:
        DataError: There is no such place.
        ConfigError: A package is not installed, or an environment variable is not set.
    """
    times = [time for time in (config.event_time, config.outcome_time) if time is not None]
    several = len(config.sources) > 1
    return [
        piece
        for source in sources_of(config)
        for piece in pieces_of(source, root=root, home=home, optional=several and is_optional(source), times=times)
    ]


def source_fingerprint(config: DatasetConfig, root: Path, home: Path) -> str:
    """Hash what the sources and joins hold, as cheaply as each allows: 64 hexadecimal digits (SHA-256).

    Files are hashed, servers asked whether theirs changed, Delta tables have a version. A database counts rows and
    present cells and gives its newest times where there is an event time; else it is read.

    Raises:
        DataError: There is no such place, or it cannot be read.
        ConfigError: A package is not installed, or an environment variable is not set.
    """
    digest = hashlib.sha256()
    written = sorted(text_columns(config))
    if written:
        digest.update(f"text {written}\n".encode())
    further = [piece for joined in config.joins for piece in pieces_of(joined.source, root=root, home=home)]
    for piece in [*dataset_pieces(config, root=root, home=home), *further]:
        mark = piece.mark()
        digest.update(f"{piece.name}\0{fingerprint(piece.read()) if mark is None else mark}\n".encode())
    return digest.hexdigest()


def judge_not_empty(rows: RawRows) -> Verdict:
    """not_empty: there is at least one row."""
    count = len(rows.frame)
    return Verdict(
        gate="not_empty",
        passed=count > 0,
        summary=f"{count:,} rows from {len(rows.files)} files.",
        facts={"rows": count, "columns": rows.frame.shape[1], "files": dict(rows.file_rows)},
        advice="check dataset.sources, and dataset.until, which may lie before the first row",
    )


def judge_fresh(rows: RawRows, config: DatasetConfig, now: datetime) -> Verdict:
    """Fresh (warn): the newest row is not older than `max_age_days`.

    Args:
        rows: What was read.
        config: Names the event time and the limit.
        now: The time of the run, in UTC if it has no zone.
    """
    if config.max_age_days is None or config.event_time is None or rows.frame.empty:
        return Verdict(
            gate="fresh",
            passed=True,
            severity=Severity.WARN,
            summary="Not applicable: dataset.max_age_days or dataset.event_time is not given, or there are no rows.",
            facts={"applies": False},
        )
    newest = parse_times(rows.frame[config.event_time]).column.max()
    age = (
        pd.Timestamp(now if now.tzinfo is None else now.astimezone(UTC).replace(tzinfo=None)) - newest
    ).total_seconds() / 86400
    return Verdict(
        gate="fresh",
        passed=age <= config.max_age_days,
        severity=Severity.WARN,
        summary=f"The newest row is {age:.1f} days old, {config.max_age_days:g} are allowed.",
        facts={"newest": str(newest), "age_days": round(age, 3), "max_age_days": config.max_age_days},
        advice="see whether the source still delivers, or raise dataset.max_age_days",
    )


def _rows_by_name(parts: Sequence[tuple[str, pd.DataFrame]]) -> dict[str, int]:
    """Rows by piece; two queries of one database have one name, so the second is numbered."""
    rows: dict[str, int] = {}
    for name, frame in parts:
        number = 1 + sum(known == name or known.startswith(f"{name} (") for known in rows)
        rows[name if number == 1 else f"{name} ({number})"] = len(frame)
    return rows


def _join_all(
    frame: pd.DataFrame, config: DatasetConfig, *, root: Path, home: Path
) -> tuple[pd.DataFrame, tuple[JoinReport, ...]]:
    reports = []
    for wanted in config.joins:
        further = read_source(further_source(wanted, config), root=root, home=home)
        joined = join(frame, further, wanted)
        frame = joined.frame
        reports.append(joined.report)
    return frame, tuple(reports)


def _require_columns(frame: pd.DataFrame, config: DatasetConfig, target: str | None) -> None:
    roles = ("event_time", "outcome_time", "entity", "group")
    named = {f"dataset.{role}": getattr(config, role) for role in roles}
    named |= {f"dataset.drop[{position}]": column for position, column in enumerate(config.drop)}
    _require(frame, named | {"brief.target": target})


def _require(frame: pd.DataFrame, named: Mapping[str, str | None]) -> None:
    for key, column in named.items():
        known = [str(name) for name in frame.columns if name != ROW_ID]
        if column is not None and column not in known:
            failure = TargetError if key == "brief.target" else DataError
            raise failure(
                f"the column that {key} names is not in the data",
                expected=f"a column {column!r}",
                got=f"{len(known)} columns without it",
                advice=f"correct {key}: {suggest(column, known)}",
            )


def _identify_production(production: pd.DataFrame, config: DatasetConfig) -> pd.DataFrame:
    """Name rows from production; of several with one id, the last is what is known."""
    rows = production.drop(columns=[ROW_ID], errors="ignore")
    if config.id is not None:
        rows = rows.drop_duplicates(config.id, keep="last")
    return identify(rows, config.id)


def _with_times(frame: pd.DataFrame, config: DatasetConfig) -> pd.DataFrame:
    for role in ("event_time", "outcome_time"):
        column = getattr(config, role)
        if column is None or column not in frame.columns or frame.empty:
            continue
        parsed = read_times(frame[column], key=f"dataset.{role}")
        if not parsed.unreadable.any():
            frame[column] = parsed.column
    return frame


def _limit(frame: pd.DataFrame, config: DatasetConfig) -> pd.DataFrame:
    """Rows before `until`; one whose time cannot be read stays, since it is for validation to set it aside."""
    if config.until is None or config.event_time is None:
        return frame
    until = config.until if config.until.tzinfo is None else config.until.astimezone(UTC).replace(tzinfo=None)
    moments = parse_times(frame[config.event_time]).column
    return frame.loc[~(moments >= until)]

"""The rows a project learns from: all its sources one below the other, with times parsed and every row named.

How one file is read is in `files`; whether its rows are any good is found out in `schema` and `quarantine`.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig
from ml_lifecycle.dataset.coercion import parse_times
from ml_lifecycle.dataset.files import find_files, is_optional, read_file, shown_path
from ml_lifecycle.dataset.rows import ROW_ID, as_text, fingerprint, identify, renumber
from ml_lifecycle.errors import DataError, TargetError
from ml_lifecycle.verdict import Severity, Verdict

PRODUCTION = "production"
"""What rows that came from production are called where rows are counted by file."""

_WHOLESALE = 0.5
"""From this share of unreadable cells on, a column named as a time holds something else altogether."""


@dataclass(frozen=True, slots=True)
class RawRows:
    """What was read.

    Args:
        frame: The rows, `_row_id` first; times are naive UTC, unless a cell could not be read: then the column keeps
            its text, so that validation can say what was wrong with which row.
        files: The files, in the order they were read.
        fingerprint: Hash of the content.
        file_rows: Rows by file, and those of production.
    """

    frame: pd.DataFrame
    files: tuple[str, ...]
    fingerprint: str
    file_rows: Mapping[str, int]


def read_source(source: SourceConfig, *, root: Path, home: Path) -> pd.DataFrame:
    """Read all files of one source, one below the other.

    Raises:
        DataError: There is no such file, or one cannot be read.
    """
    return _stack([read_file(path, source) for path in find_files(source, root=root, home=home)])


def read_rows(
    config: DatasetConfig,
    *,
    root: Path,
    home: Path,
    production: pd.DataFrame | None = None,
    target: str | None = None,
) -> RawRows:
    """Read all sources, name their rows, and add rows from production that the sources do not hold already.

    `until` limits the rows of the sources, not those of production; columns under `drop` are left out after rows have
    been named, so that dropping one renames no row.

    Args:
        config: Sources and the roles of columns.
        root: The folder that relative paths start from.
        home: The state folder, `{home}` in a path.
        production: Rows that were scored and whose outcome is known.
        target: The column to predict, whose absence is reported.

    Raises:
        DataError: A file is missing, empty or unreadable, or a column that the configuration names is absent.
        TargetError: The target is absent.
    """
    pieces, file_rows = _read_files(config, root=root, home=home)
    frame = _stack(pieces)
    _require_columns(frame, config, target)
    frame = _limit(_with_times(identify(frame, config.id), config), config)
    if production is not None and not production.empty:
        known = _with_times(_identify_production(production, config), config)
        fresh = known.loc[~known[ROW_ID].isin(frame[ROW_ID])]
        file_rows[PRODUCTION] = len(fresh)
        frame = _stack([frame, fresh])
    if config.drop:
        frame = frame.drop(columns=list(config.drop))
    frame = renumber(frame)
    files = tuple(name for name in file_rows if name != PRODUCTION)
    return RawRows(frame, files, fingerprint(frame), file_rows)


def source_fingerprint(config: DatasetConfig, root: Path, home: Path) -> str:
    """Hash the bytes of all files of the sources, without parsing them: 64 hexadecimal digits (SHA-256).

    Raises:
        DataError: There is no such file.
    """
    digest = hashlib.sha256()
    for source in config.sources:
        for path in _find(source, config, root=root, home=home):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(f"{shown_path(path, root=root, home=home)}\0{content}\n".encode())
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


def suggest(name: str, known: Iterable[str]) -> str:
    """The advice that goes with an unknown name: the nearest ones that exist.

    >>> suggest("incom", ["income", "age"])
    "did you mean 'income'?"
    """
    known = list(known)
    lower = {candidate.lower(): candidate for candidate in known}
    near = [lower[match] for match in difflib.get_close_matches(name.lower(), lower, n=3)]
    if near:
        return f"did you mean {' or '.join(map(repr, near))}?"
    return f"the columns are {', '.join(map(repr, known[:20]))}{' ...' if len(known) > 20 else ''}"  # noqa: PLR2004 - one line


def _find(source: SourceConfig, config: DatasetConfig, *, root: Path, home: Path) -> Sequence[Path]:
    """The files of a source; an inbox beside other sources may still be empty."""
    optional = is_optional(source) and len(config.sources) > 1
    return find_files(source, root=root, home=home, optional=optional)


def _read_files(config: DatasetConfig, *, root: Path, home: Path) -> tuple[list[pd.DataFrame], dict[str, int]]:
    pieces: list[pd.DataFrame] = []
    file_rows: dict[str, int] = {}
    for source in config.sources:
        for path in _find(source, config, root=root, home=home):
            pieces.append(read_file(path, source))
            file_rows[shown_path(path, root=root, home=home)] = len(pieces[-1])
    return pieces, file_rows


def _stack(pieces: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put frames one below the other; a column that is text in one and numbers in another becomes text."""
    if len(pieces) == 1:
        return pieces[0]
    if not pieces:
        return pd.DataFrame()
    filled = [piece for piece in pieces if len(piece)] or [pieces[0]]
    stacked = pd.concat(filled, ignore_index=True)
    for column in stacked.select_dtypes(object).columns:
        kinds = {piece[column].dtype.kind for piece in filled if column in piece and piece[column].notna().any()}
        if len(kinds) > 1:
            stacked[column] = as_text(stacked[column])
    return stacked


def _require_columns(frame: pd.DataFrame, config: DatasetConfig, target: str | None) -> None:
    named = {
        f"dataset.{role}": getattr(config, role) for role in ("id", "event_time", "outcome_time", "entity", "group")
    }
    named |= {f"dataset.drop[{position}]": column for position, column in enumerate(config.drop)}
    named |= {"brief.target": target}
    for key, column in named.items():
        if column is not None and column not in frame.columns:
            failure = TargetError if key == "brief.target" else DataError
            raise failure(
                f"the column that {key} names is not in the data",
                expected=f"a column {column!r}",
                got=f"{frame.shape[1]} columns without it",
                advice=f"correct {key}: {suggest(column, map(str, frame.columns))}",
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
        parsed = parse_times(frame[column])
        if parsed.unreadable.sum() > _WHOLESALE * frame[column].notna().sum():
            raise DataError(
                f"the column {column!r}, which dataset.{role} names, does not hold times",
                expected="dates or times, such as 2024-05-31 or 2024-05-31T14:00:00",
                got=f"{int(parsed.unreadable.sum())} of {len(frame)} cells such as "
                f"{frame[column][parsed.unreadable].iloc[0]!r}",
                advice=f"correct dataset.{role} or the column",
            )
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

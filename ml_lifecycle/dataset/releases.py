"""`ReleaseLog`: what people decided about quarantined rows, one JSON line each in a file that is only appended to.

What a release is and how the next run applies it is in `decisions`; how people edit many rows in a spreadsheet is in
`correction_files`.
"""

from __future__ import annotations

import getpass
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
import pandas as pd
from filelock import FileLock, Timeout

from ml_lifecycle.dataset.decisions import ROW, Decision, Release, combine
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.errors import BusyError, DataError, StateError

__all__ = ["Decision", "Release", "ReleaseLog"]

_LOCK_SECONDS: Final = 30.0
_SHOWN: Final = 5


class ReleaseLog:
    """The releases of one project: one JSON line each, only ever appended to.

    Args:
        path: The file; it need not exist.
        clock: Tells the time, UTC.
    """

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path = path
        self._clock = clock

    @classmethod
    def of(cls, home: Path, project: str) -> ReleaseLog:
        """The log of a project, below the state folder."""
        return cls(home / "quarantine" / f"{project}.jsonl")

    def release(
        self,
        quarantined: pd.DataFrame,
        row_ids: Iterable[int],
        *,
        corrections: Mapping[str, Any] | None = None,
        waive: Iterable[str] = (),
        by: str = "",
        reason: str = "",
    ) -> list[Release]:
        """Release rows from quarantine, all with the same corrections; they are judged again in the next run.

        Args:
            quarantined: The quarantine, as `validate_rows` gave it.
            row_ids: The rows.
            corrections: New cell by column.
            waive: Checks that need not be passed; without, every check is asked again.
            by: Who decides; the user of the machine by default.
            reason: Why.

        Raises:
            DataError: A row is not in quarantine, or lacks a column that is to be corrected, or a check to be waived is
                none that it fails.
            StateError: The log cannot be written.
        """
        decisions = [Decision(int(row), dict(corrections or {}), tuple(waive)) for row in row_ids]
        return self.record(quarantined, decisions, by=by, reason=reason)

    def record(
        self, quarantined: pd.DataFrame, decisions: Sequence[Decision], *, by: str = "", reason: str = ""
    ) -> list[Release]:
        """Release rows from quarantine, each with its own decision.

        Args:
            quarantined: The quarantine, as `validate_rows` gave it.
            decisions: One or more a row.
            by: Who decides; the user of the machine by default.
            reason: Why.

        Raises:
            DataError: A decision does not fit the quarantine; nothing is recorded then.
            StateError: The log cannot be written.
        """
        mine = quarantined[quarantined[ROW_ID].isin([decision.row_id for decision in decisions])]
        failed = {row: set(zip(part["column"], part["check"], strict=True)) for row, part in mine.groupby(ROW_ID)}
        lines = dict(zip(mine[ROW_ID], mine[ROW], strict=True))
        by, at = by or getpass.getuser(), self._clock().isoformat()
        made = []
        for decision in decisions:
            if decision.row_id not in lines:
                raise _unknown_row(decision.row_id, "a row in quarantine", quarantined[ROW_ID].unique())
            was = _cells_before(decision, lines)
            _require_failing(decision, failed[decision.row_id])
            made.append(Release(decision.row_id, decision.corrections, was, decision.waive, by, at, reason))
        self._append(made)
        return made

    def withdraw(self, row_ids: Iterable[int], *, by: str = "", reason: str = "") -> list[Release]:
        """Take back all releases of some rows: the next run sees them as they came.

        Raises:
            DataError: A row has no release.
            StateError: The log cannot be written.
        """
        effective = self.in_effect()
        rows = [int(row) for row in row_ids]
        for row in rows:
            if row not in effective:
                raise _unknown_row(row, "a row that was released", effective)
        by, at = by or getpass.getuser(), self._clock().isoformat()
        made = [Release(row, {}, {}, (), by, at, reason, withdrawn=True) for row in rows]
        self._append(made)
        return made

    def read(self) -> list[Release]:
        """All releases, the earliest first.

        Raises:
            StateError: The log cannot be read, or was damaged.
        """
        return [self._parse(number, line) for number, line in enumerate(self._lines(), start=1)]

    def in_effect(self) -> dict[int, Release]:
        """What holds for each row by now: later releases go before earlier ones, column by column.

        Raises:
            StateError: The log cannot be read, or was damaged.
        """
        return combine(self.read())

    def fingerprint(self) -> str:
        """SHA-256 of the log: a run on the same rows must be repeated when it changes."""
        return hashlib.sha256(b"\n".join(self._lines())).hexdigest()

    def _lines(self) -> list[bytes]:
        """Complete lines; what a killed process left behind without an end of line was never promised to anyone."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._refusal(error) from error
        return [line for line in content.split(b"\n")[:-1] if line.strip()]

    def _parse(self, number: int, line: bytes) -> Release:
        try:
            found = orjson.loads(line)
            return Release(**{**found, "waive": tuple(found["waive"])})
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise StateError(
                f"line {number} of {self.path} cannot be read",
                expected=f"JSON with {', '.join(item.name for item in fields(Release))}",
                got=f"{type(error).__name__}: {error}",
                advice="mend the line, or take it out if nobody knows what it said",
            ) from error

    def _append(self, releases: Sequence[Release]) -> None:
        lines = b"".join(orjson.dumps(asdict(item), default=str) + b"\n" for item in releases)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self.path}.lock", timeout=_LOCK_SECONDS), self.path.open("ab+") as log:
                _cut_torn_line(log)
                log.write(lines)
                log.flush()
                os.fsync(log.fileno())
        except Timeout as error:
            raise BusyError(
                f"{self.path} is locked",
                expected=f"a moment without another writer within {_LOCK_SECONDS:.0f} seconds",
                advice="try again; if no process uses it, delete the .lock file beside it",
            ) from error
        except OSError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: OSError) -> StateError:
        return StateError(
            "the releases cannot be read or written",
            expected=f"a file {self.path} in a writable folder",
            got=f"{type(error).__name__}: {error.strerror}",
            advice="mend its permissions or free space",
        )


def _cells_before(decision: Decision, lines: Mapping[int, str]) -> dict[str, Any]:
    row = orjson.loads(lines[decision.row_id])
    for column in decision.corrections:
        if column not in row:
            raise DataError(
                f"row {decision.row_id} cannot be corrected",
                expected=f"one of the columns {', '.join(row)}",
                got=repr(column),
                advice="correct the name of the column",
            )
    return {column: row[column] for column in decision.corrections}


def _require_failing(decision: Decision, failed: set[tuple[str, str]]) -> None:
    known = {name for column, check in failed for name in (check, f"{column}: {check}")}
    for name in decision.waive:
        if name not in known:
            raise DataError(
                f"a check of row {decision.row_id} cannot be waived",
                expected=f"one that it fails: {', '.join(f'{column}: {check}' for column, check in sorted(failed))}",
                got=repr(name),
                advice="name the check as the quarantine does",
            )


def _unknown_row(row: int, expected: str, known: Iterable[int]) -> DataError:
    shown = ", ".join(str(name) for name in list(known)[:_SHOWN])
    return DataError(
        "there is no such row",
        expected=f"{expected}, such as {shown}" if shown else f"{expected}, of which there is none",
        got=str(row),
        advice="list them with `ml-lifecycle data quarantine list`",
    )


def _cut_torn_line(log: Any) -> None:  # noqa: ANN401 - a binary file
    """Take away what a killed process left unfinished: its release was never confirmed."""
    log.seek(0)
    content = log.read()
    if content and not content.endswith(b"\n"):
        log.truncate(content.rfind(b"\n") + 1)
    log.seek(0, os.SEEK_END)

"""The quarantine as a CSV file that a person edits, and what it says afterwards.

One line for each failure; the columns `corrected` and `waive` are empty and wait for a person. What becomes of the
decisions is in `releases`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson
import pandas as pd

from ml_lifecycle.dataset.decisions import ROW, Decision
from ml_lifecycle.dataset.rows import ROW_ID, text_of
from ml_lifecycle.errors import DataError

EMPTIED: Final = "(missing)"
"""What a person writes under `corrected` so that the cell becomes a missing one."""

_MARK: Final = "row:"
"""Goes before the number of a row: a spreadsheet would round numbers of nineteen digits."""

_COLUMNS: Final = (ROW_ID, "column", "check", "value", "came", "corrected", "waive", ROW)
_YES: Final = frozenset({"yes", "y", "x", "true", "1"})
_NO: Final = frozenset({"", "no", "n", "false", "0"})


def export_quarantine(quarantined: pd.DataFrame, path: Path) -> int:
    """Write the quarantine as a CSV file to be edited; say how many lines it has.

    Under `value` is the cell as it was judged, under `came` as it came. A person writes the right cell under
    `corrected` (or `(missing)`), or `yes` under `waive` to let the failure pass; lines may be added for further columns
    of a row, and lines left alone or deleted change nothing.

    Args:
        quarantined: The quarantine.
        path: The file; it is replaced.

    Raises:
        DataError: The file cannot be written.
    """
    lines = [{str(name): cell for name, cell in line.items()} for line in quarantined.to_dict("records")]
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, _COLUMNS, restval="")
            writer.writeheader()
            for line in lines:
                came = orjson.loads(line[ROW]).get(line["column"])
                told = "" if came is None else text_of(came)
                writer.writerow({**line, ROW_ID: f"{_MARK}{line[ROW_ID]}", "came": told})
    except OSError as error:
        raise _refusal(path, f"{type(error).__name__}: {error.strerror}", "name a file in a writable folder") from error
    return len(lines)


def read_corrections(path: Path, quarantined: pd.DataFrame) -> list[Decision]:
    """Read what a person wrote into the file; lines without a correction or a waiver say nothing.

    Args:
        path: The file.
        quarantined: The quarantine by now, which must hold the rows that the file speaks of.

    Raises:
        DataError: The file cannot be read, or a line cannot be understood.
    """
    known = set(quarantined[ROW_ID].tolist())
    corrections: dict[int, dict[str, Any]] = {}
    waived: dict[int, list[str]] = {}
    for number, line in enumerate(_lines(path), start=2):
        corrected, waive = (str(line.get(name) or "").strip() for name in ("corrected", "waive"))
        if not corrected and waive.lower() in _NO:
            continue
        row = _row_of(path, number, line)
        if row not in known:
            advice = "the rows have changed since: export them again, and carry your corrections over"
            raise _refusal(path, f"row {row} in line {number}, which is not in quarantine", advice)
        if corrected:
            corrections.setdefault(row, {})[str(line["column"])] = None if corrected == EMPTIED else corrected
        if waive.lower() in _YES:
            waived.setdefault(row, []).append(f"{line['column']}: {line['check']}")
        elif waive.lower() not in _NO:
            raise _refusal(path, f"{waive!r} under waive in line {number}", "write yes, or leave it empty")
    rows = dict.fromkeys([*corrections, *waived])
    return [Decision(row, corrections.get(row, {}), tuple(waived.get(row, ()))) for row in rows]


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise _refusal(path, f"{type(error).__name__}: {error}", "save it as CSV in UTF-8") from error
    first = text.partition("\n")[0]
    lines = list(csv.DictReader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ","))
    if not lines and not first.strip():
        raise _refusal(path, "an empty file", "export it again")
    lacking = [name for name in (ROW_ID, "column", "check", "corrected", "waive") if name not in first]
    if lacking:
        raise _refusal(path, f"no column {lacking[0]!r}", "keep the first line as it was written")
    return lines


def _row_of(path: Path, number: int, line: Mapping[str, Any]) -> int:
    text = str(line[ROW_ID]).strip().removeprefix(_MARK)
    try:
        return int(text)
    except ValueError as error:
        raise _refusal(
            path, f"{text!r} as the number of a row in line {number}", "keep the first column as it was written"
        ) from error


def _refusal(path: Path, got: str, advice: str) -> DataError:
    return DataError(
        f"the file of corrections {path} cannot be used",
        expected="CSV as `data quarantine export` writes it",
        got=got,
        advice=advice,
    )

"""How the body of a request becomes rows: our own form, and the forms of MLflow's scoring protocol, JSON and CSV.

What rows must hold is for `scoring` to say; here only the form counts. The tensors of the Open Inference Protocol are
in `protocols/tensors`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ml_lifecycle.dataset.cell_rows import CellRows
from ml_lifecycle.errors import DataError

#: What a CSV writes for "not known": nothing, or what pandas writes and reads so.
_MISSING: Final = frozenset({"", "NaN", "nan", "NA", "N/A", "NULL", "null", "None", "<NA>", "NaT"})


@dataclass(frozen=True, slots=True)
class Body:
    """The rows of a request.

    Args:
        rows: What came in the place of each row; whether it is one is seen later.
        single: Whether one row was sent by itself, so that one answer goes back by itself.
    """

    rows: Sequence[object]
    single: bool = False


def parse_predict(body: object) -> Body:
    """Read a row, a list of rows, or `{"rows": [...]}`.

    Raises:
        DataError: It is something else.

    >>> parse_predict({"age": 31})
    Body(rows=[{'age': 31}], single=True)
    """
    if isinstance(body, list):
        return Body(body)
    if isinstance(body, dict) and isinstance(body.get("rows"), list) and len(body) == 1:
        return Body(body["rows"])
    if isinstance(body, dict):
        return Body([body], single=True)
    raise _misshapen('a row {"column": value, ...}, a list of rows, or {"rows": [...]}', body)


def parse_invocation(body: object, columns: Sequence[str] = ()) -> Body:
    """Read one of MLflow's forms.

    Args:
        body: The body.
        columns: The columns of rows that come as bare lists.

    Raises:
        DataError: It is none of them.

    >>> list(parse_invocation({"dataframe_split": {"columns": ["age"], "data": [[31], [42]]}}).rows)
    [{'age': 31}, {'age': 42}]
    >>> parse_invocation({"inputs": {"age": [31, 42]}}).rows
    [{'age': 31}, {'age': 42}]
    """
    expected = "one of dataframe_split, dataframe_records, instances, inputs"
    if not isinstance(body, dict):
        raise _misshapen(expected, body)
    if "dataframe_split" in body:
        return Body(_from_split(body["dataframe_split"], columns))
    if "inputs" in body and isinstance(body["inputs"], dict):
        return Body(_from_columns(body["inputs"]))
    for form in ("dataframe_records", "instances", "inputs"):
        if form in body:
            if not isinstance(body[form], list):
                raise _misshapen(f"a list of rows under {form}", body[form])
            return Body([_named(row, columns) for row in body[form]])
    raise _misshapen(expected, list(body)[:10])


def parse_csv(raw: bytes) -> Body:
    r"""Read a CSV with a header in UTF-8; empty cells are missing.

    Raises:
        DataError: It has no header, a row of another length, or is no text.

    >>> parse_csv(b"age,city\n31,Riga\n,Rome\n").rows
    [{'age': '31', 'city': 'Riga'}, {'age': None, 'city': 'Rome'}]
    """
    expected = "CSV in UTF-8 with a header, each row as long as the header"
    try:
        lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _misshapen(expected, f"{error}") from error
    rows = [line for line in lines if line]
    if not rows or len(set(rows[0])) < len(rows[0]):
        raise _misshapen(expected, rows[:1])
    header = rows[0]
    for row in rows[1:]:
        if len(row) != len(header):
            raise _misshapen(expected, row)
    return Body(
        [{name: None if cell in _MISSING else cell for name, cell in zip(header, row, strict=True)} for row in rows[1:]]
    )


def _named(row: object, columns: Sequence[str]) -> object:
    """A row that came as a bare list, by name; whatever else came is left as it is."""
    if isinstance(row, list) and len(row) == len(columns):
        return dict(zip(columns, row, strict=True))
    return row


def _from_columns(tensors: Mapping[str, object]) -> list[dict[str, Any]]:
    expected = "under inputs, for each column a list, all of one length"
    lists = [cells for cells in tensors.values() if isinstance(cells, list)]
    if len(lists) < len(tensors) or len({len(cells) for cells in lists}) > 1:
        raise _misshapen(expected, tensors)
    flat = [[cell[0] if isinstance(cell, list) and len(cell) == 1 else cell for cell in cells] for cells in lists]
    return [dict(zip(tensors, cells, strict=True)) for cells in zip(*flat, strict=True)]


def _from_split(split: object, names: Sequence[str]) -> CellRows:
    expected = 'dataframe_split with "columns" and "data", each row as long as columns'
    if not isinstance(split, dict):
        raise _misshapen(expected, split)
    columns, data = split.get("columns", list(names) or None), split.get("data")
    if not isinstance(columns, list) or not isinstance(data, list):
        raise _misshapen(expected, split)
    if not all(isinstance(name, str) for name in columns):
        raise _misshapen(expected, columns)
    for row in data:
        if not isinstance(row, list) or len(row) != len(columns):
            raise _misshapen(expected, row)
    return CellRows(columns, data)


def _misshapen(expected: str, got: object) -> DataError:
    return DataError(
        "the body does not hold rows",
        expected=expected,
        got=f"{got!r:.80}",
        advice=f"send {expected}",
    )

"""How the body of a request becomes rows: our own form, and the JSON forms of MLflow's scoring protocol.

What rows must hold is for `scoring` to say; here only the form counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ml_lifecycle.errors import DataError


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


def parse_invocation(body: object) -> Body:
    """Read one of MLflow's forms.

    Raises:
        DataError: It is none of them.

    >>> parse_invocation({"dataframe_split": {"columns": ["age"], "data": [[31], [42]]}}).rows
    [{'age': 31}, {'age': 42}]
    """
    expected = "one of dataframe_split, dataframe_records, instances"
    if not isinstance(body, dict):
        raise _misshapen(expected, body)
    if "dataframe_split" in body:
        return Body(_from_split(body["dataframe_split"]))
    for form in ("dataframe_records", "instances"):
        if form in body:
            if not isinstance(body[form], list):
                raise _misshapen(f"a list of rows under {form}", body[form])
            return Body(body[form])
    raise _misshapen(expected, list(body)[:10])


def _from_split(split: object) -> list[dict[str, Any]]:
    expected = 'dataframe_split with "columns" and "data", each row as long as columns'
    if not isinstance(split, dict) or not isinstance(split.get("columns"), list):
        raise _misshapen(expected, split)
    columns, data = split["columns"], split.get("data")
    if not isinstance(data, list) or not all(isinstance(name, str) for name in columns):
        raise _misshapen(expected, data)
    for row in data:
        if not isinstance(row, list) or len(row) != len(columns):
            raise _misshapen(expected, row)
    return [dict(zip(columns, row, strict=True)) for row in data]


def _misshapen(expected: str, got: object) -> DataError:
    return DataError(
        "the body does not hold rows",
        expected=expected,
        got=f"{got!r:.80}",
        advice=f"send {expected}",
    )

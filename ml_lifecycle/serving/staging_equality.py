"""Whether a server says of rows what the batch says of them: each by itself, and all in one request.

What a load tells lives in `staging_load`; the same proof before a deployment is `endpoint`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson
import pandas as pd

from ml_lifecycle.serving.log_lines import write_json

if TYPE_CHECKING:
    from ml_lifecycle.serving.staging_client import Caller

#: Batch and single row may sum a forest's trees in another order, which changes the last bits.
_RELATIVE: Final = 1e-9
_TOLD: Final = 5
#: So many rows are asked one by one; all of them are asked together.
_ALONE: Final = 50


def find_differences(caller: Caller, rows: Sequence[Mapping[str, Any]], answers: pd.DataFrame) -> list[str]:
    """Where a server differs from the batch, in words; empty if it does not.

    Args:
        caller: A connection to the server.
        rows: Good rows.
        answers: What the batch says of them, in the same order.
    """
    expected = [{str(name): cell for name, cell in answer.items()} for answer in answers.to_dict("records")]
    told = caller.post("/invocations", write_json({"dataframe_records": rows}))
    together = _predictions(told.body) if told.status == HTTPStatus.OK else []
    found = _compare("together", expected, together)
    for place, row in enumerate(rows[:_ALONE]):
        reply = caller.post("/predict", write_json(row))
        answer = orjson.loads(reply.body) if reply.status == HTTPStatus.OK else None
        found += _differ(f"row {place} by itself", expected[place], answer)
    return found[:_TOLD]


def _predictions(body: bytes) -> list[Any]:
    found = orjson.loads(body).get("predictions")
    return found if isinstance(found, list) else []


def _compare(how: str, expected: Sequence[Mapping[str, Any]], got: Sequence[Any]) -> list[str]:
    if len(got) != len(expected):
        return [f"{len(got)} answers to {len(expected)} rows {how}"]
    pairs = enumerate(zip(expected, got, strict=True))
    return [said for place, (wanted, answer) in pairs for said in _differ(f"row {place} {how}", wanted, answer)]


def _differ(what: str, wanted: Mapping[str, Any], answer: object) -> list[str]:
    if not isinstance(answer, Mapping):
        return [f"{what} has no answer"]
    for name, cell in wanted.items():
        if not _same(cell, answer.get(name)):
            return [f"{what}: {name} is {answer.get(name)!r}, not {cell!r}"]
    return []


def _same(wanted: object, got: object) -> bool:
    if isinstance(wanted, float) and isinstance(got, int | float):
        return math.isclose(wanted, got, rel_tol=_RELATIVE, abs_tol=_RELATIVE)
    return wanted == got

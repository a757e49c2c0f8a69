"""`/feedback`: what became known about predictions, told to the server by prediction id or by the key of the row.

Outcomes that come in files are collected in `outcomes`; both end in the prediction log.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.dataset.coercion import ColumnType, coerce_value
from ml_lifecycle.dataset.rows import is_missing, text_of
from ml_lifecycle.errors import StateError
from ml_lifecycle.features.cells import category_key
from ml_lifecycle.serving.calls import Call, read_json
from ml_lifecycle.serving.desk import Desk
from ml_lifecycle.serving.limits import Limits
from ml_lifecycle.serving.prediction_log import Feedback as FeedbackLine
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.replies import Refused, Reply, reply_json

if TYPE_CHECKING:
    from ml_lifecycle.modeling.target import Target

_SHOWN: Final = 80


class Feedback:
    """Takes outcomes in.

    Args:
        project: The project.
        desk: Knows what is predicted.
        limits: What is taken at once.
        log: Where outcomes are kept; None where nothing is kept.
    """

    def __init__(self, project: str, desk: Desk, limits: Limits, log: PredictionLog | None) -> None:
        self._project = project
        self._desk = desk
        self._limits = limits
        self._log = log

    async def take(self, call: Call) -> Reply:
        """Keep outcomes; what cannot be kept has its error in its place."""
        if self._log is None:
            raise Refused(
                HTTPStatus.NOT_FOUND, "this server keeps no predictions", what_to_do="set serving.log to true"
            )
        items = _items_of(read_json(call.body, max_depth=self._limits.depth))
        self._limits.check_rows(len(items))
        served = self._desk.provider.served
        target = None if served is None else served.scorer.package.predictor.target
        try:
            told = await asyncio.to_thread(keep_outcomes, self._log, self._project, items, target)
        except StateError as error:
            what = "ask the operator of this server; try again later"
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "the outcomes cannot be kept", what_to_do=what) from error
        all_bad = bool(told) and not any(item["kept"] for item in told)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if all_bad else HTTPStatus.OK
        return reply_json({"kept": sum(item["kept"] for item in told), "outcomes": told}, status)


def keep_outcomes(
    log: PredictionLog, project: str, items: Sequence[object], target: Target | None
) -> list[dict[str, Any]]:
    """Keep those outcomes that can be kept.

    Args:
        log: Where.
        project: The project.
        items: Each `prediction_id` or `row_key`, `outcome`, and if not now, `known_at`.
        target: What is predicted; None takes any outcome.

    Returns:
        For each item whether it was kept, and if not, the error: field, check, value.

    Raises:
        StateError: The log cannot be read or written.
    """
    now = pd.Timestamp(datetime.now(UTC).replace(tzinfo=None))
    errors = [_error_of(item, target) for item in items]
    good = [item for item, error in zip(items, errors, strict=True) if error is None and isinstance(item, Mapping)]
    by_id = [item for item in good if "prediction_id" in item]
    unknown = set(
        log.add_feedback(
            project,
            [
                FeedbackLine(item["prediction_id"], _outcome_of(item["outcome"], target), _moment_of(item) or now)
                for item in by_id
            ],
        )
    )
    by_key = [
        (text_of(item["row_key"]), _outcome_of(item["outcome"], target), _moment_of(item) or now)
        for item in good
        if "prediction_id" not in item
    ]
    if by_key:
        frame = pd.DataFrame(by_key, columns=["key", "outcome", "known_at"])
        log.add_outcomes(project, frame.astype({"outcome": object}))
    return [_told(item, error, unknown) for item, error in zip(items, errors, strict=True)]


def _told(item: object, error: dict[str, str] | None, unknown: Collection[str]) -> dict[str, Any]:
    if error is None and isinstance(item, Mapping) and item.get("prediction_id") in unknown:
        error = _error("prediction_id", "unknown", item["prediction_id"])
    return {"kept": True} if error is None else {"kept": False, "error": error}


def _items_of(body: object) -> list[object]:
    if isinstance(body, list):
        return body
    if isinstance(body, dict) and isinstance(body.get("outcomes"), list):
        return list(body["outcomes"])
    if isinstance(body, dict):
        return [body]
    raise Refused(
        HTTPStatus.BAD_REQUEST,
        "the body holds no outcomes",
        got=f"{body!r:.80}",
        what_to_do='send {"prediction_id": ..., "outcome": ...}, a list of those, or {"outcomes": [...]}',
    )


def _error_of(item: object, target: Target | None) -> dict[str, str] | None:
    if not isinstance(item, Mapping):
        return _error("", "object", item)
    if "prediction_id" in item:
        if not _is_name(item, "prediction_id"):
            return _error("prediction_id", "unknown", item["prediction_id"])
    elif not _is_name(item, "row_key") and type(item.get("row_key")) is not int:
        return _error("prediction_id", "absent", "")
    if is_missing(item.get("outcome")):
        return _error("outcome", "absent", "")
    if _outcome_of(item["outcome"], target) is None:
        return _error("outcome", "not_of_the_target", item["outcome"])
    if not is_missing(item.get("known_at")) and _moment_of(item) is None:
        return _error("known_at", "time", item["known_at"])
    return None


def _outcome_of(value: object, target: Target | None) -> Any:  # noqa: ANN401 - a label or a number
    """The outcome as the target has it; None where it cannot be one."""
    if target is None:
        return value if isinstance(value, str | int | float | bool) else None
    if target.kind in (Kind.BINARY, Kind.MULTICLASS):
        key = category_key(value) if isinstance(value, str | int | float | bool) else None
        return next((label for label in target.classes if category_key(label) == key), None)
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    return number if math.isfinite(number) else None


def _moment_of(item: Mapping[str, Any]) -> pd.Timestamp | None:
    said = item.get("known_at")
    moment = None if is_missing(said) else coerce_value(said, ColumnType.TIME)
    return moment if isinstance(moment, pd.Timestamp) else None


def _is_name(item: Mapping[str, Any], field: str) -> bool:
    return isinstance(item.get(field), str) and bool(item[field])


def _error(field: str, check: str, value: object) -> dict[str, str]:
    return {"field": field, "check": check, "value": f"{value!s:.{_SHOWN}}"}

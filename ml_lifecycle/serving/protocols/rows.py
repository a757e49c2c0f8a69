"""`/predict` and MLflow's `/invocations`: rows as JSON objects or CSV, and answers in the place of each row.

The protocol of MLflow: https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally (REST API specification).
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ml_lifecycle.errors import DataError
from ml_lifecycle.serving.bodies import Body, parse_csv, parse_invocation, parse_predict
from ml_lifecycle.serving.calls import Call, read_json
from ml_lifecycle.serving.desk import Answered, Desk
from ml_lifecycle.serving.limits import Limits
from ml_lifecycle.serving.replies import Refused, Reply, reply_json

if TYPE_CHECKING:
    from ml_lifecycle.serving.scoring import Answer


class RowProtocols:
    """The protocols that take rows.

    Args:
        desk: Has rows answered.
        limits: What is taken at once.
    """

    def __init__(self, desk: Desk, limits: Limits) -> None:
        self._desk = desk
        self._limits = limits

    async def predict(self, call: Call) -> Reply:
        """Our own form."""
        body = self.read_rows(call)
        answered = await self._desk.answer(body.rows, call.request_id)
        return reply_json(_as_predict(body, answered), answered.status)

    async def invoke(self, call: Call) -> Reply:
        """MLflow's forms."""
        if call.media == "text/csv":
            body = self._parse(lambda: parse_csv(call.body))
        else:
            columns = self._desk.served.scorer.package.manifest.columns
            read = read_json(call.body, max_depth=self._limits.depth, lenient=True)
            body = self._parse(lambda: parse_invocation(read, columns))
        answered = await self._desk.answer(body.rows, call.request_id)
        return reply_json(_as_invocation(answered), answered.status)

    def read_rows(self, call: Call) -> Body:
        """The rows of a body in our own form.

        Raises:
            Refused: It holds none, or too many.
        """
        read = read_json(call.body, max_depth=self._limits.depth)
        return self._parse(lambda: parse_predict(read))

    def _parse(self, parse: Callable[[], Body]) -> Body:
        try:
            body = parse()
        except DataError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, error.what, got=error.got, what_to_do=error.advice) from error
        self._limits.check_rows(len(body.rows))
        return body


def failures_of(answer: Answer) -> list[dict[str, str]]:
    """What is wrong with a row: column, check, value."""
    return [{"column": item.column, "check": item.check, "value": item.value} for item in answer.failures]


def _as_predict(body: Body, answered: Answered) -> dict[str, Any]:
    told: list[dict[str, Any]] = [
        {"errors": failures_of(answer)} if answer.output is None else {**answer.output, "prediction_id": name}
        for answer, name in zip(answered.answers, answered.names, strict=True)
    ]
    if answered.versions is not None:
        told = [{"model_version": one, **item} for one, item in zip(answered.versions, told, strict=True)]
    if body.single:
        return {"model_version": answered.version, **told[0]}
    return {"model_version": answered.version, "predictions": told}


def _as_invocation(answered: Answered) -> dict[str, Any]:
    said: dict[str, Any] = {"predictions": [answer.output for answer in answered.answers]}
    bad = [
        {"row": row, "errors": failures_of(answer)} for row, answer in enumerate(answered.answers) if answer.failures
    ]
    return {**said, "errors": bad, "model_version": answered.version} if bad else said

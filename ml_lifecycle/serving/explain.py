"""`/explain`: what each feature adds to a row's prediction: the SHAP values of `evaluation/explanation/shap_values`.

Nothing of it is logged: an explanation is no prediction that anybody acts on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_lifecycle.errors import ModelError
from ml_lifecycle.serving.calls import Call
from ml_lifecycle.serving.desk import Desk
from ml_lifecycle.serving.protocols.rows import RowProtocols, failures_of
from ml_lifecycle.serving.replies import Refused, Reply, reply_json

if TYPE_CHECKING:
    from ml_lifecycle.modeling.predictor import Predictor
    from ml_lifecycle.serving.routing import Served
    from ml_lifecycle.serving.scoring import Answer


class Explanations:
    """Explains rows with the version in production.

    Args:
        desk: Knows that version.
        rows: Reads the bodies.
    """

    def __init__(self, desk: Desk, rows: RowProtocols) -> None:
        self._desk = desk
        self._rows = rows

    async def explain(self, call: Call) -> Reply:
        """Explain one row or several; a bad one has its errors in its place."""
        body = self._rows.read_rows(call)
        served = self._desk.served
        answers = await self._desk.score(served, body.rows)
        try:
            told = await asyncio.to_thread(explain_rows, served, body.rows, answers)
        except ModelError as error:
            status = HTTPStatus.NOT_IMPLEMENTED
            raise Refused(status, error.what, got=error.got, what_to_do=error.advice) from error
        bad = bool(answers) and all(answer.failures for answer in answers)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if bad else HTTPStatus.OK
        if body.single:
            return reply_json({"model_version": served.version, **told[0]}, status)
        return reply_json({"model_version": served.version, "explanations": told}, status)


def explain_rows(served: Served, rows: Sequence[object], answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """What each feature adds to each prediction.

    Args:
        served: The version that answers.
        rows: The rows.
        answers: What it answers.

    Returns:
        For each good row its answer, `base` (what every prediction starts from), `contributions` by feature, and
        `unit`, in which base and contributions add up to the model's prediction before it is calibrated; of several
        classes, base and contributions for each class. For each bad row its errors.

    Raises:
        ModelError: The model cannot be explained, or not so many rows at once.
    """
    from ml_lifecycle.evaluation.explanation.shap_values import allow_rows, contribute, find_unit

    predictor = served.scorer.package.predictor
    good = [place for place, answer in enumerate(answers) if answer.output is not None]
    told: list[dict[str, Any]] = [{"errors": failures_of(answer)} for answer in answers]
    if not good:
        return told
    if allow_rows(predictor.model, len(good)) < len(good):
        most = allow_rows(predictor.model, len(good))
        raise ModelError("so many rows cannot be explained at once", got=f"{len(good)}", advice=f"send at most {most}")
    values = np.vstack([served.scorer.features_of(rows[place]) for place in good])
    background = _background(served) if predictor.model.contributions(values[:1]) is None else values[:0]
    parts = contribute(predictor.model, np.vstack([values, background]))[: len(good)]
    unit = find_unit(parts, predictor.model.predict(values))
    for place, part in zip(good, parts, strict=True):
        told[place] = {**(answers[place].output or {}), "unit": unit, **_by_feature(predictor, part)}
    return told


def _background(served: Served) -> np.ndarray:
    """Rows that a model without trees is compared with: the examples of the package."""
    package = served.scorer.package
    return package.predictor.extractor.transform(package.coerce(package.example)).values


def _by_feature(predictor: Predictor, part: np.ndarray) -> dict[str, Any]:
    names, classes = predictor.model.facts.names, predictor.target.classes

    def of(column: np.ndarray) -> dict[str, float]:
        return dict(zip(names, column[:-1].tolist(), strict=True))

    if part.shape[1] == 1:
        return {"base": float(part[-1, 0]), "contributions": of(part[:, 0])}
    return {
        "base": {str(label): float(base) for label, base in zip(classes, part[-1], strict=True)},
        "contributions": {str(label): of(column) for label, column in zip(classes, part.T, strict=True)},
    }

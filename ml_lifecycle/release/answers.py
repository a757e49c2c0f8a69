"""What a model answers for rows: labels, probabilities, intervals by name; the same from a package, a server, a batch.

What the model computes lives in `modeling/predictor`, which probability makes which label in `modeling/decision`; which
rows get an answer at all, in `serving/scoring`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.decision import Decision
from ml_lifecycle.modeling.predictor import Prediction, Predictions
from ml_lifecycle.modeling.target import Target

PREDICTION: Final = "prediction"
PROBABILITY: Final = "probability"
LOW: Final = "low"
HIGH: Final = "high"


def answer_columns(target: Target, *, intervals: bool = False) -> tuple[str, ...]:
    """The names of what is answered for a row.

    Args:
        target: What is predicted.
        intervals: Whether the model gives intervals.

    >>> answer_columns(Target(Kind.MULTICLASS, "colour", ("red", "green", "blue")))
    ('prediction', 'probability', 'probability_red', 'probability_green', 'probability_blue')
    """
    if target.kind is Kind.BINARY:
        return (PREDICTION, PROBABILITY)
    if target.kind is Kind.MULTICLASS:
        return (PREDICTION, PROBABILITY, *(f"{PROBABILITY}_{label}" for label in target.classes))
    return (PREDICTION, LOW, HIGH) if intervals else (PREDICTION,)


def answer_table(
    target: Target, predicted: Predictions, decision: Decision, rows: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Answers for many rows.

    Args:
        target: What was predicted.
        predicted: As `Predictor.predict_both` gives it.
        decision: How probabilities become classes.
        rows: The rows that were predicted; only thresholds by group look at them.

    Returns:
        One row per prediction. Binary: the label, and the probability of the positive class. Multiclass: the label, its
        probability, and that of every class. Regression and ranking: the number, and where the model gives intervals,
        their lower and upper ends.
    """
    predictions = predicted.predictions
    if target.kind is Kind.BINARY:
        labels = target.labels_of(decision.codes(predictions, rows))
        return pd.DataFrame({PREDICTION: pd.Series(labels), PROBABILITY: predictions})
    if target.kind is Kind.MULTICLASS:
        codes = decision.codes(predictions, rows)
        chosen = predictions[np.arange(len(codes)), codes]
        values = [pd.Series(target.labels_of(codes)), chosen, *predictions.T]
        return pd.DataFrame(dict(zip(answer_columns(target), values, strict=True)))
    if predicted.intervals is None:
        return pd.DataFrame({PREDICTION: predictions})
    return pd.DataFrame({PREDICTION: predictions, LOW: predicted.intervals[:, 0], HIGH: predicted.intervals[:, 1]})


def answer_rows(
    target: Target, predicted: Predictions, decision: Decision, rows: pd.DataFrame | None = None
) -> list[Mapping[str, Any]]:
    """Answers for many rows, plain JSON, each as `answer_row` gives it; arguments are those of `answer_table`."""
    predictions = predicted.predictions
    if target.kind is Kind.BINARY:
        labels, codes = target.classes, decision.codes(predictions, rows).tolist()
        return [
            {PREDICTION: labels[code], PROBABILITY: value}
            for code, value in zip(codes, predictions.tolist(), strict=True)
        ]
    if target.kind is not Kind.MULTICLASS and predicted.intervals is None:
        return [{PREDICTION: value} for value in predictions.tolist()]
    return [answer_row(target, one, decision) for one in predicted.one_by_one()]


def answer_row(
    target: Target, predicted: Prediction, decision: Decision, row: Mapping[str, object] | None = None
) -> Mapping[str, Any]:
    """The answer for one row, plain JSON; the same as a row of `answer_table`.

    >>> answer_row(Target(Kind.BINARY, "repaid", ("no", "yes")), Prediction(0.75), Decision())
    {'prediction': 'yes', 'probability': 0.75}
    """
    prediction = predicted.prediction
    if target.kind is Kind.BINARY:
        return {PREDICTION: target.classes[decision.code(prediction, row)], PROBABILITY: float(prediction)}
    if target.kind is Kind.MULTICLASS:
        values = np.asarray(prediction)
        code = decision.code(values)
        shares = [float(values[code]), *values.tolist()]
        return dict(zip(answer_columns(target), [target.classes[code], *shares], strict=True))
    if predicted.interval is None:
        return {PREDICTION: float(prediction)}
    return {PREDICTION: float(prediction), LOW: predicted.interval[0], HIGH: predicted.interval[1]}

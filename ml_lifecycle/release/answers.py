"""What a model answers for rows: labels and probabilities by name, the same from a package, a server and a batch.

What the model computes lives in `modeling/predictor`; which rows get an answer at all, in `serving/scoring`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.target import Target

PREDICTION: Final = "prediction"
PROBABILITY: Final = "probability"


def answer_columns(target: Target) -> tuple[str, ...]:
    """The names of what is answered for a row.

    >>> answer_columns(Target(Kind.MULTICLASS, "colour", ("red", "green", "blue")))
    ('prediction', 'probability', 'probability_red', 'probability_green', 'probability_blue')
    """
    if target.kind is Kind.BINARY:
        return (PREDICTION, PROBABILITY)
    if target.kind is Kind.MULTICLASS:
        return (PREDICTION, PROBABILITY, *(f"{PROBABILITY}_{label}" for label in target.classes))
    return (PREDICTION,)


def answer_table(target: Target, predictions: np.ndarray, threshold: float) -> pd.DataFrame:
    """Answers for many rows.

    Args:
        target: What was predicted.
        predictions: As `Predictor.predict` gives them.
        threshold: Binary: the probability from which the class is the positive one.

    Returns:
        One row per prediction. Binary: the label, and the probability of the positive class. Multiclass: the label, its
        probability, and that of every class. Regression and ranking: the number.
    """
    labels = pd.Series(target.decode(predictions, threshold), name=PREDICTION)
    if target.kind is Kind.BINARY:
        return pd.DataFrame({PREDICTION: labels, PROBABILITY: predictions})
    if target.kind is Kind.MULTICLASS:
        columns = answer_columns(target)
        values = [labels, predictions.max(axis=1), *predictions.T]
        return pd.DataFrame(dict(zip(columns, values, strict=True)))
    return pd.DataFrame({PREDICTION: labels})


def answer_row(target: Target, prediction: float | np.ndarray, threshold: float) -> Mapping[str, Any]:
    """The answer for one row, plain JSON; the same as a row of `answer_table`.

    >>> answer_row(Target(Kind.BINARY, "repaid", ("no", "yes")), 0.75, 0.5)
    {'prediction': 'yes', 'probability': 0.75}
    """
    if target.kind is Kind.BINARY:
        return {PREDICTION: target.classes[int(prediction >= threshold)], PROBABILITY: float(prediction)}
    if target.kind is Kind.MULTICLASS:
        values = np.asarray(prediction)
        best = int(values.argmax())
        shares = [float(values[best]), *values.tolist()]
        return dict(zip(answer_columns(target), [target.classes[best], *shares], strict=True))
    return {PREDICTION: float(prediction)}

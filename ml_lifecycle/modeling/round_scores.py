"""How the final model learnt, round by round: its score on rows it has learnt from, and on validation rows.

Where the two part, it begins to learn by heart. The model is asked as it was after each of some rounds; nothing is
fitted for it. How much more rows would give is `evaluation/learning_curve`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ml_lifecycle.modeling.estimators import FittedModel
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.sampling import cap_rows
from ml_lifecycle.modeling.score import Score

#: Rounds that are looked at, and rows of each split, at most: enough for a picture, few enough to cost next to nothing.
MARKS, ROWS = 50, 10_000
COLUMNS = ("round", "train", "valid")


def trace_rounds(
    model: FittedModel, train: Samples, valid: Samples, score: Score, *, marks: int = MARKS, rows: int = ROWS
) -> pd.DataFrame:
    """Score a model after some of its rounds on training and validation rows.

    Args:
        model: The model; a blend, a forest or a single tree has no rounds to be looked at.
        train: Rows it has learnt from, as they are (not augmented), so that both scores are of the same kind of rows.
        valid: Validation rows.
        score: The project's metric.
        marks: Rounds that are looked at, at most, in equal steps.
        rows: Rows of each split, at most.

    Returns:
        One row per mark: `round`, `train`, `valid`; empty where the model has no rounds.
    """
    step = -(-model.iterations // marks)
    looked = [*range(step, model.iterations, step), model.iterations]
    columns = [_scores(model, cap_rows(part, rows, model.facts.goal), looked, score) for part in (train, valid)]
    if len(looked) < 2 or any(column is None for column in columns):  # noqa: PLR2004 - one point is no curve
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.DataFrame(dict(zip(COLUMNS, (looked, *columns), strict=True)))


def _scores(model: FittedModel, part: Samples, looked: list[int], score: Score) -> np.ndarray | None:
    values = part.matrix.select(model.facts.names).values  # noqa: PD011 - a field of FeatureMatrix, not pandas
    found: Iterator[np.ndarray] | None = model.stages(values, looked)
    if found is None:
        return None
    return np.asarray([score(part.y, predictions, part.query) for predictions in found], dtype=np.float64)

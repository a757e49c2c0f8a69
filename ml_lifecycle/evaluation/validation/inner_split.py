"""Dividing the training rows of a fold once more, so that a search inside the fold has rows to be judged on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml_lifecycle.errors import DataError
from ml_lifecycle.modeling.estimators import Goal
from ml_lifecycle.modeling.samples import Samples

#: Share of a fold's training rows that its search is judged on; about what the default split leaves for it.
INNER_SHARE = 0.2


def split_inside(
    samples: Samples, *, in_time: bool, groups: np.ndarray | None, goal: Goal, share: float = INNER_SHARE
) -> tuple[np.ndarray, np.ndarray]:
    """Divide rows as the folds around them were divided.

    Args:
        samples: Rows to learn from.
        in_time: Whether the newest rows are judged on.
        groups: Group of each row where rows are not independent, shape (n,); queries are groups by themselves.
        goal: Its seed draws; classifications are divided class by class.
        share: Share of the rows to judge on.

    Returns:
        Positions of the rows to learn from, and of those to judge on.

    Raises:
        DataError: There are too few rows, groups or times to be divided.
    """
    groups = samples.query if groups is None else groups
    if in_time and samples.time is not None:
        judged = _newest(samples.time, share)
    elif groups is not None:
        judged = _drawn_groups(groups, share, goal.seed)
    else:
        judged = _drawn_rows(samples.y if goal.is_classification else np.zeros(len(samples)), share, goal.seed)
    if judged.all() or not judged.any():
        raise DataError(
            "the rows of a fold cannot be divided for a search inside it",
            expected="at least two rows, groups or times",
            got=f"{len(samples)} rows that all belong together",
            advice="give more rows, or switch evaluation.cross_validation.nested off",
        )
    return np.flatnonzero(~judged), np.flatnonzero(judged)


def _newest(when: np.ndarray, share: float) -> np.ndarray:
    border = np.sort(when)[int(len(when) * (1 - share))]
    return np.asarray(when >= border)


def _drawn_groups(groups: np.ndarray, share: float, seed: int) -> np.ndarray:
    codes, values = pd.factorize(groups, use_na_sentinel=False)
    drawn = np.random.default_rng(seed).permutation(len(values))[: max(1, round(len(values) * share))]
    return np.isin(codes, drawn)


def _drawn_rows(classes: np.ndarray, share: float, seed: int) -> np.ndarray:
    """So many of each class; of a class with one row none."""
    shuffled = np.random.default_rng(seed).permutation(len(classes))
    judged = np.zeros(len(classes), dtype=bool)
    for value in np.unique(classes):
        members = shuffled[classes[shuffled] == value]
        judged[members[: max(round(len(members) * share), min(1, len(members) - 1))]] = True
    return judged

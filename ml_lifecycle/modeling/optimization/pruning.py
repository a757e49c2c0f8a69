"""Fewer rounds of a boosted model, or fewer trees of a forest: the fewest that lose no quality.

The rounds are tried from the fewest up, each judged on validation rows by a comparison that is handed in, because what
tells a loss from chance lives in `evaluation`. Keeping a subset of the trees with new weights is `refitting`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ml_lifecycle.modeling.estimators import FittedModel
from ml_lifecycle.modeling.optimization.forms import Attempt, Form, Refused

PRUNE = "prune"
#: Numbers of rounds that are tried, evenly between the fewest and all of them.
STEPS = 10


def prune(model: FittedModel, sparsity: float, keeps_quality: Callable[[FittedModel], bool]) -> Attempt:
    """The model after the fewest of its rounds that lose no quality.

    Args:
        model: A model that consists of rounds.
        sparsity: The share of the rounds that is taken out at most.
        keeps_quality: Whether a shorter model loses nothing.
    """
    if model.first_rounds(model.iterations) is None or model.iterations < 2:  # noqa: PLR2004 - one cannot be fewer
        return Refused(PRUNE, f"it does not apply to {model.family}: there are no rounds to take out")
    for rounds in list_rounds(model.iterations, sparsity):
        shorter = model.first_rounds(rounds)
        if shorter is not None and keeps_quality(shorter):
            return Form.of(PRUNE, shorter, f"the first {rounds} of {model.iterations} rounds")
    return Refused(PRUNE, "no smaller number of rounds that was tried keeps the quality")


def list_rounds(rounds: int, sparsity: float) -> list[int]:
    """The numbers of rounds to try, fewest first; all of them is not among these.

    >>> list_rounds(300, 0.5)
    [150, 165, 180, 195, 210, 225, 240, 255, 270, 285]
    """
    fewest = count_kept(rounds, sparsity)
    found = np.linspace(fewest, rounds, STEPS + 1)[:-1].round().astype(int)
    return sorted({int(number) for number in found if number < rounds})


def count_kept(trees: int, sparsity: float) -> int:
    """How many of so many trees stay, at least one.

    >>> count_kept(300, 0.5), count_kept(3, 0.9)
    (150, 1)
    """
    return max(1, math.ceil(trees * (1 - sparsity)))

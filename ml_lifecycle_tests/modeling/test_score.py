"""What is asked of a score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from ml_lifecycle.modeling.score import Score, is_better


@dataclass(frozen=True)
class MeanGap:
    """The mean distance of predictions from targets."""

    name: str = "gap"
    greater_is_better: bool = False

    def __call__(self, y: np.ndarray, predictions: np.ndarray, query: np.ndarray | None = None) -> float:
        """Average the distances."""
        del query
        return float(np.abs(y - predictions).mean())


@pytest.mark.parametrize(("greater", "a", "b"), [(True, 2, 1), (False, 1, 2), (True, 1, float("nan"))])
def test_better_follows_the_direction(greater: bool, a: float, b: float) -> None:  # noqa: FBT001 - a parameter
    """Better is larger or smaller as the score says; a number is better than none."""
    score = MeanGap(greater_is_better=greater)
    assert is_better(score, a, b)
    assert not is_better(score, b, a)
    assert not is_better(score, a, a)


def test_anything_shaped_like_a_score_is_one() -> None:
    """A score needs no base class."""
    assert isinstance(MeanGap(), Score)

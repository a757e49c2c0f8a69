"""`AdditiveLoss`: the loss that a row lets expect, as a sum of effects of the cells of its inputs and its prediction.

Direct loss estimation (NannyML, "Estimating performance of regression models", 2022): a second model learns the loss
that the first one made on rows it was not fitted on. Ours is a ridge regression on cells, each of which is drawn to
nothing as if so many rows without effect had been in it: plain JSON, a look-up for each row, and a missing or unknown
value has a cell too. What it says of a window lives in `estimate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np

#: Rows without effect that each cell begins with, and parts for the losses that are foreseen out of fold.
_PRIOR, _FOLDS = 20.0, 5
#: Levels of the foreseen loss, over which the spread about it is kept.
_LEVELS = 10
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class AdditiveLoss:
    """What loss a row lets expect.

    Args:
        base: The mean loss.
        effects: What each cell adds to it, per column.
        least: The foreseen loss is never below this; losses are not negative.
        levels: Ascending edges of the foreseen loss, shape (k,).
        variances: Variance of the loss about the foreseen one between those edges, shape (k + 1,).
    """

    base: float
    effects: tuple[tuple[float, ...], ...]
    least: float
    levels: tuple[float, ...]
    variances: tuple[float, ...]

    @classmethod
    def fit(cls, codes: np.ndarray, sizes: Sequence[int], losses: np.ndarray, *, seed: int) -> tuple[Self, np.ndarray]:
        """Learn from cells, shape (n, columns), and losses, shape (n,), all finite.

        Args:
            codes: The cell of each row in each column.
            sizes: Cells of each column.
            losses: The loss of each row.
            seed: Seed of the folds.

        Returns:
            The model, and for each row what a model that has not seen it foresees, shape (n,).
        """
        from scipy import sparse

        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
        n, width = len(losses), int(np.sum(sizes))
        places = (codes + starts).ravel()
        rows = np.repeat(np.arange(n), codes.shape[1])
        cells = sparse.csr_matrix((np.ones(len(places)), (rows, places)), shape=(n, width))
        fold = np.random.default_rng(seed).permutation(n) % _FOLDS
        parts = [_moments(cells[fold == part], losses[fold == part]) for part in range(_FOLDS)]
        whole = [sum(moments[place] for moments in parts) for place in range(4)]
        outside = np.empty(n)
        for part in range(_FOLDS):
            base, effects = _solve([every - own for every, own in zip(whole, parts[part], strict=True)])
            outside[fold == part] = base + cells[fold == part] @ effects
        base, effects = _solve(whole)
        least = float(np.quantile(losses, 0.01))
        outside = np.maximum(outside, least)
        levels, variances = _spread(outside, losses)
        bounds = np.append(starts, width)
        shares = tuple(tuple(float(f"{value:.{_DIGITS}g}") for value in effects[a:b]) for a, b in pairwise(bounds))
        return cls(float(base), shares, least, levels, variances), outside

    def foresee(self, codes: np.ndarray) -> np.ndarray:
        """The loss of each row that its cells let expect, shape (n,)."""
        total = np.full(len(codes), self.base)
        for place, effects in enumerate(self.effects):
            total += np.asarray(effects)[codes[:, place]]
        return np.asarray(np.maximum(total, self.least))

    def variance(self, foreseen: np.ndarray) -> np.ndarray:
        """How far the loss of a row varies about what is foreseen, shape (n,)."""
        return np.asarray(self.variances)[np.searchsorted(self.levels, foreseen)]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "base": self.base,
            "effects": self.effects,
            "least": self.least,
            "levels": self.levels,
            "variances": self.variances,
        }

    @classmethod
    def from_dict(cls, item: dict[str, Any]) -> Self:
        """Read what `to_dict` gave."""
        effects = tuple(tuple(column) for column in item["effects"])
        return cls(item["base"], effects, item["least"], tuple(item["levels"]), tuple(item["variances"]))


def _moments(cells: Any, losses: np.ndarray) -> list[Any]:  # noqa: ANN401 - scipy gives no type of its matrices
    """Rows, their total loss, and the sums of products of the cells with each other and with the loss."""
    return [float(len(losses)), float(losses.sum()), (cells.T @ cells).toarray(), cells.T @ losses]


def _solve(moments: Sequence[Any]) -> tuple[float, np.ndarray]:
    rows, total, products, with_loss = moments
    base = total / rows
    held = np.diag(products)
    ridge = products + np.diag(np.full(len(held), _PRIOR))
    return base, np.linalg.solve(ridge, with_loss - base * held)


def _spread(foreseen: np.ndarray, losses: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    levels = np.unique(np.quantile(foreseen, np.arange(1, _LEVELS) / _LEVELS))
    place = np.searchsorted(levels, foreseen)
    rows = np.bincount(place, minlength=len(levels) + 1)
    squares = np.bincount(place, (losses - foreseen) ** 2, len(levels) + 1)
    variances = np.where(rows > 0, squares / np.maximum(rows, 1), squares.sum() / len(losses))
    return tuple(levels.tolist()), tuple(variances.tolist())

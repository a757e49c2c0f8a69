"""The forms that a metric's computation can take, so that resampling is quick for all of them.

`Sums` is a function of sums of per-row figures: a resample is then a product of two matrices. `Ordered` depends on the
order of the predictions. Which metrics there are lives in `metrics`; how rows are resampled lives in
`inference/resampling`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ml_lifecycle.errors import ModelError


@dataclass(frozen=True, slots=True)
class Scored:
    """Truth and predictions of the same rows.

    Args:
        y: Encoded targets, shape (n,).
        p: Predictions, shape (n,) or (n, k).
        query: Query of each row as codes 0..q-1, shape (n,); ranking only.
        threshold: Binary: probability from which the class is positive.
    """

    y: np.ndarray
    p: np.ndarray
    query: np.ndarray | None = None
    threshold: float = 0.5

    @classmethod
    def of(cls, y: np.ndarray, p: np.ndarray, query: np.ndarray | None = None, threshold: float = 0.5) -> Scored:
        """Check and gather truth and predictions.

        Raises:
            ValueError: The shapes do not fit together.
            ModelError: Predictions are not finite.
        """
        y, p = np.asarray(y), np.asarray(p, dtype=np.float64)
        if y.ndim != 1 or p.ndim not in (1, 2) or len(y) != len(p) or (query is not None and len(query) != len(y)):
            got = f"y {y.shape}, predictions {p.shape}, query {None if query is None else np.shape(query)}"
            msg = f"expected y (n,), predictions (n,) or (n, k) and query (n,), got {got}"
            raise ValueError(msg)
        if len(y) == 0:
            msg = "expected at least one row to score, got none"
            raise ValueError(msg)
        bad = int(np.size(p) - np.count_nonzero(np.isfinite(p)))
        if bad:
            raise ModelError(
                "the predictions cannot be scored",
                expected="finite numbers",
                got=f"{bad} of {np.size(p)} that are infinite or not a number",
                advice="look for a learning rate that is too high, or for a target on an extreme scale",
            )
        codes = None if query is None else np.unique(query, return_inverse=True)[1].reshape(-1)
        return cls(y, p, codes, threshold)

    def take(self, rows: np.ndarray) -> Scored:
        """The same for some rows, given as a mask or as positions."""
        query = None if self.query is None else np.unique(self.query[rows], return_inverse=True)[1].reshape(-1)
        return Scored(self.y[rows], self.p[rows], query, self.threshold)


#: From sums of figures, shape (..., d), to values, shape (...).
Combine: TypeAlias = Callable[[np.ndarray], np.ndarray]
#: From weights of rows, shape (c, n), to values, shape (c,).
Weigh: TypeAlias = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Linear:
    """A metric on given rows, as a function of sums over the rows.

    Args:
        rows: Figures of each row, shape (n, d).
        combine: From their sums to the metric's value.
    """

    rows: np.ndarray
    combine: Combine


@dataclass(frozen=True, slots=True)
class Sums:
    """A metric that is a function of sums of per-row figures, such as a mean loss or anything from a confusion matrix.

    Args:
        figures: From the scored rows to figures of each row, shape (n, d).
        combine: From their sums to the metric's value.
        share: Where the metric is a share of rows: numerator and denominator of each row (0 or 1), shape (n, 2); None
            where it is not.
        is_distance: Whether the value is a distance, which noise only ever makes larger.
    """

    figures: Callable[[Scored], np.ndarray]
    combine: Combine
    share: Callable[[Scored], np.ndarray | None] | None = None
    is_distance: bool = False

    def value(self, scored: Scored) -> float:
        """The metric on the rows as they are."""
        return float(self.combine(self.figures(scored).sum(axis=0)))

    def linear(self, scored: Scored) -> Linear:
        """The metric as a function of sums: exact."""
        return Linear(self.figures(scored), self.combine)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A metric that depends on the order of the predictions or of the errors.

    Args:
        value: From the scored rows to the metric.
        weigh: From the scored rows to a function that gives the metric for weighted rows.
        linear: A first-order approximation by the influence of each row (Hampel 1974; for the area under the ROC curve
            DeLong et al. 1988), which is what resampling of many rows uses.
    """

    value: Callable[[Scored], float]
    weigh: Callable[[Scored], Weigh]
    linear: Callable[[Scored], Linear]


Measure: TypeAlias = Sums | Ordered


def ratio(sums: np.ndarray) -> np.ndarray:
    """The first sum over the second; NaN where the second is zero.

    >>> float(ratio(np.array([1.0, 4.0])))
    0.25
    """
    return divide(sums[..., 0], sums[..., 1])


def divide(above: np.ndarray, below: np.ndarray, otherwise: float = np.nan) -> np.ndarray:
    """Divide, with `otherwise` in place of a division by zero."""
    above, below = np.broadcast_arrays(np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64))
    out: np.ndarray = np.full(above.shape, otherwise, dtype=np.float64)
    np.divide(above, below, out=out, where=below != 0)
    return out

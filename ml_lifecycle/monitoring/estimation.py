"""How well a classifier does while its outcomes are not known yet, judged from its own probabilities.

Confidence-based performance estimation: if probabilities are calibrated, they say how often the model is right
(NannyML, "Confidence-based performance estimation"; Bialek et al. 2024, "Estimating model performance under covariate
shift without labels"). It sees what a changed mix of inputs does; it is blind to concept drift, which by definition
shows in outcomes only. Measured performance lives in `performance`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.score import Score

#: Most rows of one draw: more would narrow an interval that is narrow already, and cost time.
_MOST_ROWS = 20_000
#: Least share of draws in which the metric must be defined (a rare class may be absent from a draw).
_DEFINED = 0.5


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimated metric with its interval."""

    value: float
    low: float
    high: float


def can_estimate(kind: Kind) -> bool:
    """Whether predictions of this kind carry their own uncertainty: probabilities do, values and scores do not."""
    return kind in (Kind.BINARY, Kind.MULTICLASS)


def estimate_performance(
    metric: Score,
    predictions: np.ndarray,
    kind: Kind,
    *,
    draws: int = 100,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate | None:
    """Estimate a metric from calibrated probabilities alone.

    Outcomes are drawn from the probabilities, on rows drawn with replacement, and the metric is taken of each draw. The
    mean of the draws is the expected metric, which for counts is the expected confusion matrix of the source; their
    quantiles are the interval of what outcomes may turn out to be. It serves every metric, closed form or not.

    Args:
        metric: The metric.
        predictions: Probabilities, shape (n,) for two classes or (n, k).
        kind: Kind of the target.
        draws: Drawn sets of outcomes.
        confidence: Level of the interval.
        seed: Seed of the draws.

    Returns:
        The estimate; None where the kind has no probabilities, there are no rows, or the metric stays undefined.
    """
    if not can_estimate(kind):
        return None
    gaps = np.isnan(predictions)
    known = predictions[~(gaps if gaps.ndim == 1 else gaps.any(axis=1))]
    if len(known) == 0:
        return None
    generator = np.random.default_rng(seed)
    size = min(len(known), _MOST_ROWS)
    values = np.empty(draws)
    for draw in range(draws):
        rows = known[generator.integers(0, len(known), size)]
        values[draw] = metric(_draw_outcomes(rows, generator), rows)
    defined = values[np.isfinite(values)]
    if len(defined) < _DEFINED * draws:
        return None
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(float(defined.mean()), float(low), float(high))


def _draw_outcomes(probabilities: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """One outcome per row, drawn from its probabilities; class codes of shape (n,)."""
    chance = generator.random(len(probabilities))
    if probabilities.ndim == 1:
        return (chance < probabilities).astype(np.int64)
    steps = np.cumsum(probabilities, axis=1)
    steps /= steps[:, -1:]
    codes = (chance[:, None] >= steps).sum(axis=1)
    outcomes: np.ndarray = np.minimum(codes, probabilities.shape[1] - 1).astype(np.int64)
    return outcomes

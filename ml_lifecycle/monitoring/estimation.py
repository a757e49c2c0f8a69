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
from ml_lifecycle.evaluation.measures.curves import ROC_AUC
from ml_lifecycle.evaluation.measures.forms import Scored, Sums, Weigh, divide
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.modeling.score import Score

#: Most rows of one draw: more would narrow an interval that is narrow already, and cost time.
_MOST_ROWS = 20_000
#: Most cells (draws times rows times classes) of weights that are in memory at a time.
_CELLS = 4_000_000
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
    draws: int = 50,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate | None:
    """Estimate a metric from calibrated probabilities alone.

    Outcomes are drawn from the probabilities, on rows drawn with replacement, and the metric is taken of each draw. The
    mean of the draws is the expected metric, which for counts is the expected confusion matrix of the source; their
    spread gives the interval of what outcomes may turn out to be (Student's t). It serves every metric.

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
    values = _draw_metric(metric, known, draws, generator)
    defined = values[np.isfinite(values)]
    if len(defined) < _DEFINED * draws:
        return None
    return _interval_of(defined, metric, confidence)


def _interval_of(draws: np.ndarray, metric: Score, confidence: float) -> Estimate:
    """Mean and interval of the draws; it does not reach beyond what a metric of this sort can be."""
    from scipy import special

    mean = float(draws.mean())
    reach = float(special.stdtrit(max(len(draws) - 1, 1), (1 + confidence) / 2) * draws.std(ddof=1))
    low, high = mean - reach, mean + reach
    if metric.greater_is_better and draws.max() <= 1:
        high = min(high, 1.0)
    if draws.min() >= 0:
        low = max(low, 0.0)
    return Estimate(mean, low, high)


def _draw_metric(metric: Score, known: np.ndarray, draws: int, generator: np.random.Generator) -> np.ndarray:
    """The metric of each draw of rows and outcomes, shape (draws,)."""
    size = min(len(known), _MOST_ROWS)
    if isinstance(metric, Metric) and size == len(known):
        return _weigh_outcomes(metric, known, draws, generator)
    values = np.empty(draws)
    for draw in range(draws):
        rows = known[generator.integers(0, len(known), size)]
        values[draw] = metric(_draw_outcomes(rows, generator), rows)
    return values


def _weigh_outcomes(metric: Metric, known: np.ndarray, draws: int, generator: np.random.Generator) -> np.ndarray:
    """The same at once: each row stands there once with each outcome, weighted by how often it was drawn so.

    Rows are put in order, or summed up, a single time instead of once a draw.
    """
    known = np.sort(known) if known.ndim == 1 else known
    n, classes = len(known), 2 if known.ndim == 1 else known.shape[1]
    of_weights = _metric_of_weights(metric, known, classes)
    chunk = max(1, _CELLS // (n * classes))
    values = []
    for start in range(0, draws, chunk):
        count = min(chunk, draws - start)
        drawn = generator.integers(0, n, count * n, dtype=np.int32)
        places = _draw_outcomes(known[drawn], generator) * n + drawn + np.repeat(np.arange(count) * n * classes, n)
        weights = np.bincount(places, minlength=count * n * classes).reshape(count, -1)
        values.append(of_weights(weights.astype(np.float64)))
    return np.concatenate(values)


def _metric_of_weights(metric: Metric, known: np.ndarray, classes: int) -> Weigh:
    """From weights of rows with each outcome, shape (draws, classes * n), to the metric, shape (draws,)."""
    if metric.function is ROC_AUC and known.ndim == 1:
        return _area_of_weights(known)
    y = np.repeat(np.arange(classes), len(known))
    scored = Scored.of(y, np.concatenate([known] * classes), None, metric.threshold)
    if isinstance(metric.function, Sums):
        linear = metric.function.linear(scored)
        return lambda weights: linear.combine(weights @ linear.rows)
    return metric.function.weigh(scored)


def _area_of_weights(known: np.ndarray) -> Weigh:
    """The area under the ROC curve of rows in rising order; a row with either outcome is no tie then."""
    starts = np.flatnonzero(np.append(True, known[1:] != known[:-1]))
    tied = len(starts) < len(known)

    def area(weights: np.ndarray) -> np.ndarray:
        negative, positive = weights[:, : len(known)], weights[:, len(known) :]
        if tied:
            negative, positive = (np.add.reduceat(part, starts, axis=1) for part in (negative, positive))
        below = np.cumsum(negative, axis=1)
        right = np.einsum("ij,ij->i", positive, below - negative / 2)
        return divide(right, positive.sum(axis=1) * below[:, -1])

    return area


def _draw_outcomes(probabilities: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """One outcome per row, drawn from its probabilities; class codes of shape (n,)."""
    chance = generator.random(len(probabilities), dtype=np.float32)
    if probabilities.ndim == 1:
        return (chance < probabilities).astype(np.int64)
    steps = np.cumsum(probabilities, axis=1)
    steps /= steps[:, -1:]
    codes = (chance[:, None] >= steps).sum(axis=1)
    outcomes: np.ndarray = np.minimum(codes, probabilities.shape[1] - 1).astype(np.int64)
    return outcomes

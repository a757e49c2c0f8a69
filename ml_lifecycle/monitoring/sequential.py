"""Tests of two streams of rows that may be looked at at any time, as often as one likes, and stopped when they decide.

Every function looks at all rows of a step so far. The chance that it is ever wrong, over all looks for ever, is at
most `alpha`: by e-processes (nonnegative, at most 1 in expectation under the hypothesis at every stopping time) with
Ville's inequality, by confidence sequences, or by a maximal inequality of reverse martingales. What a step does with
them lives in `rollout`. All of them take rows as independent and identically distributed within a step.

- Ville 1939: P(an e-process ever reaches 1/alpha) <= alpha.
- Robbins 1970, "Statistical methods related to the law of the iterated logarithm": mixtures over the alternative.
- Wasserman, Ramdas, Balakrishnan 2020, "Universal inference": the likelihood ratio against a composite hypothesis.
- Howard, Ramdas 2022, "Sequential estimation of quantiles": confidence sequences of quantiles by counts.
- Waudby-Smith, Ramdas 2024, "Estimating means of bounded random variables by betting", theorem 2.
- Waudby-Smith and others 2024, "Time-uniform central limit theory and asymptotic confidence sequences".
- Massart 1990: the constant of Dvoretzky, Kiefer and Wolfowitz; Manole, Ramdas 2023: reverse submartingales.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

#: Jeffreys' prior, the mixture that loses least against the best fixed alternative.
_PRIOR: Final = 0.5
#: Epochs of the distribution bound: each is longer than the one before by this factor.
_EPOCH: Final = 1.25
#: No bet of the empirical Bernstein bound is higher, as its authors advise.
_HIGHEST_BET: Final = 0.5
_BISECTIONS: Final = 60


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a confidence sequence says now; the truth is within it at all times with the chance that was asked for.

    Args:
        estimate: The figure itself.
        low: Lower end.
        high: Upper end.
    """

    estimate: float
    low: float
    high: float


def rate_increase_evidence(failed: tuple[int, int], rows: tuple[int, int], *, margin: float) -> float:
    """Log evidence that a rate has risen by more than a margin; it holds once it reaches log(1/alpha).

    The hypothesis is p_new <= p_old + margin. The e-process is a mixture of both rates over Jeffreys' prior divided by
    the largest likelihood under the hypothesis, which is at least that of the truth (universal inference). Batches of
    any size, in any order and proportion, may come between two looks.

    Args:
        failed: How many rows failed, of the old and of the new version.
        rows: How many rows there were of each.
        margin: The increase that is accepted.
    """
    from scipy.special import betaln

    mixture = sum(
        float(betaln(_PRIOR + bad, _PRIOR + whole - bad) - betaln(_PRIOR, _PRIOR))
        for bad, whole in zip(failed, rows, strict=True)
    )
    return mixture - _most_likely(failed, rows, margin)


def median_bounds(values: np.ndarray, alpha: float) -> Bounds:
    """A confidence sequence of the median, from counts alone: nothing is assumed of the distribution.

    A value lies below the lower end only if so few rows are at most that value that the mixture of Bernoulli
    alternatives (probability under one half) against one half has reached 2/alpha; likewise above.

    Args:
        values: The rows so far, shape (n,).
        alpha: The chance that it ever misses.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    if len(ordered) == 0:
        return Bounds(math.nan, -math.inf, math.inf)
    few = _most_that_is_few(len(ordered), alpha / 2)  # so few rows at most m: m is not the median, it lies higher
    low = -math.inf if few < 0 else float(ordered[few])
    high = math.inf if few < 0 else float(ordered[len(ordered) - 1 - few])
    return Bounds(float(np.median(ordered)), low, high)


def distribution_radius(rows: int, alpha: float, *, first: int = 1) -> float:
    """How far the empirical distribution function may be from the true one, at all times from `first` rows on.

    sup|F_n - F| is a reverse submartingale, so with lambda = 4 m x Doob's inequality gives, from the tail of Dvoretzky,
    Kiefer, Wolfowitz and Massart at m rows,
    P(sup over n >= m of sup|F_n - F| >= x) <= exp(-4 y^2) + 8 sqrt(pi/2) y exp(-2 y^2), y = x sqrt(m).
    Epochs begin at m = first, first * 1.25, ...; the k-th has alpha / (k (k + 1)) of the chance.

    Args:
        rows: How many there are.
        alpha: The chance that it is ever farther.
        first: Nothing is said before so many rows.
    """
    if rows < max(first, 1):
        return math.inf
    start, epoch = max(first, 1), 1
    while (following := max(start + 1, math.ceil(start * _EPOCH))) <= rows:
        start, epoch = following, epoch + 1
    return _tail_radius(alpha / (epoch * (epoch + 1))) / math.sqrt(start)


def distribution_shift(old: np.ndarray, new: np.ndarray, alpha: float, *, first: int = 1) -> Bounds:
    """A confidence sequence of the Kolmogorov-Smirnov distance of two distributions.

    Args:
        old: Values of one version, shape (n,).
        new: Values of the other, shape (m,).
        alpha: The chance that it ever misses.
        first: Nothing is said before so many values of each.
    """
    if len(old) == 0 or len(new) == 0:
        return Bounds(math.nan, 0.0, 1.0)
    radius = sum(distribution_radius(len(part), alpha / 2, first=first) for part in (old, new))
    distance = _distance(np.sort(old), np.sort(new))
    return Bounds(distance, max(0.0, distance - radius), min(1.0, distance + radius))


def mean_bounds(values: np.ndarray, alpha: float, *, low: float, high: float) -> Bounds:
    """A confidence sequence of a mean of bounded values: the predictable plug-in empirical Bernstein bound.

    Args:
        values: In the order in which they became known, shape (n,).
        alpha: The chance that it ever misses.
        low: No value is smaller.
        high: No value is larger.
    """
    scaled = (np.asarray(values, dtype=np.float64) - low) / (high - low)
    rows = len(scaled)
    if rows == 0:
        return Bounds(math.nan, low, high)
    order = np.arange(1, rows + 1)
    means = (0.5 + np.cumsum(scaled)) / (order + 1)  # with one imagined value in the middle
    variances = (0.25 + np.cumsum((scaled - means) ** 2)) / (order + 1)
    mean_before = np.concatenate([[0.5], means[:-1]])
    variance_before = np.concatenate([[0.25], variances[:-1]])
    wanted = math.log(2 / alpha)
    bets = np.minimum(np.sqrt(2 * wanted / (variance_before * order * np.log1p(order))), _HIGHEST_BET)
    cost = 4 * (scaled - mean_before) ** 2 * ((-np.log1p(-bets) - bets) / 4)
    staked = bets.sum()
    centre, radius = float((bets * scaled).sum() / staked), float((wanted + cost.sum()) / staked)
    span = high - low
    ends = low + span * max(0.0, centre - radius), low + span * min(1.0, centre + radius)
    return Bounds(low + span * float(scaled.mean()), *ends)


def asymptotic_mean_bounds(values: np.ndarray, alpha: float, *, first: int) -> Bounds:
    """A confidence sequence of a mean of values without bounds; its chance holds for large samples.

    Robbins' normal mixture with the variance that was found (Waudby-Smith and others 2024, theorem 2.2), narrowest at
    `first` rows and silent before.

    Args:
        values: Shape (n,).
        alpha: The chance that it ever misses.
        first: The number of rows at which the mixture is narrowest.
    """
    rows = len(values)
    if rows < max(first, 2):
        return Bounds(float(np.mean(values)) if rows else math.nan, -math.inf, math.inf)
    wanted = -2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)
    rho = wanted / first
    spread = float(np.std(values))
    mixed = (rows * rho + 1) / (rows * rows * rho) * math.log((rows * rho + 1) / alpha**2)
    radius = spread * math.sqrt(mixed)
    mean = float(np.mean(values))
    return Bounds(mean, mean - radius, mean + radius)


def _most_likely(failed: tuple[int, int], rows: tuple[int, int], margin: float) -> float:
    """The largest log likelihood of two rates with p_new <= p_old + margin."""
    old, new = (bad / whole if whole else 0.0 for bad, whole in zip(failed, rows, strict=True))
    if new <= old + margin or 0 in rows:
        return _log_likelihood(failed[0], rows[0], old) + _log_likelihood(failed[1], rows[1], new)
    low, high = old, min(new - margin, 1.0 - margin)  # on the boundary, the sum is concave and rises from `old` on
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        rises = _slope(failed[0], rows[0], middle) + _slope(failed[1], rows[1], middle + margin) > 0
        low, high = (middle, high) if rises else (low, middle)
    return _log_likelihood(failed[0], rows[0], low) + _log_likelihood(failed[1], rows[1], low + margin)


def _log_likelihood(bad: int, rows: int, rate: float) -> float:
    good = rows - bad
    return (bad * math.log(rate) if bad else 0.0) + (good * math.log1p(-rate) if good else 0.0)


def _slope(bad: int, rows: int, rate: float) -> float:
    """The derivative of the log likelihood by the rate; infinite where the rate cannot be."""
    good = rows - bad
    rising = bad / rate if rate > 0 else (math.inf if bad else 0.0)
    falling = good / (1 - rate) if rate < 1 else (math.inf if good else 0.0)
    return rising - falling


def _most_that_is_few(rows: int, alpha: float) -> int:
    """The largest count that is too small for a probability of one half; -1 if none is."""
    low, high = -1, rows // 2
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _fewness(middle, rows) >= math.log(1 / alpha) else (low, middle - 1)
    return low


def _fewness(count: int, rows: int) -> float:
    """The log e-process of counts against a probability of one half or more, mixed over all below one half."""
    from scipy.special import betainc, betaln

    below = float(betainc(_PRIOR + count, _PRIOR + rows - count, 0.5))
    if below <= 0:
        return -math.inf
    mixed = float(betaln(_PRIOR + count, _PRIOR + rows - count) - betaln(_PRIOR, _PRIOR))
    return rows * math.log(2) + math.log(2) + mixed + math.log(below)


def _tail_radius(alpha: float) -> float:
    """The y at which the bound of `distribution_radius` is alpha."""
    low, high = 0.5, 20.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        tail = math.exp(-4 * middle**2) + 8 * math.sqrt(math.pi / 2) * middle * math.exp(-2 * middle**2)
        low, high = (middle, high) if tail > alpha else (low, middle)
    return high


def _distance(old: np.ndarray, new: np.ndarray) -> float:
    places = np.concatenate([old, new])
    shares = [np.searchsorted(part, places, side="right") / len(part) for part in (old, new)]
    return float(np.abs(shares[0] - shares[1]).max())

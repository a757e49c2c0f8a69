"""Weights of an ensemble: greedy selection, or a linear model over the members. Whether it is kept: `ensemble`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.estimators.blend import Mix, log_odds
from ml_lifecycle.modeling.score import Score, is_better

#: Greedy selection: picks per member that may be, so that weights come in steps of about a twentieth.
PICKS_PER_MEMBER = 4
#: Greedy selection: picks without a better score after which it ends.
PATIENCE = 4
#: Stacking: how strongly weights are drawn to equal ones, as a share of the loss's own scale.
RIDGE = 1e-2


def choose_greedily(
    y: np.ndarray,
    predictions: Sequence[np.ndarray],
    score: Score,
    *,
    kind: Kind,
    most: int,
    query: np.ndarray | None = None,
) -> Mix:
    """Add models one by one, the same one again where that helps most (Caruana et al. 2004, with replacement).

    The mean of the picks with the best score on the way is taken. Scores of rankings have no common unit: they are
    divided by their spread first.

    Args:
        y: Encoded targets, shape (n,).
        predictions: Of each candidate, shape (n,) or (n, k).
        score: What is to be made best.
        kind: The kind of problem.
        most: The most different members.
        query: Ranking: the query of each row.

    Returns:
        A weight for each candidate; most are 0.
    """
    scales = _scales(predictions, kind)
    scaled = [part / scale for part, scale in zip(predictions, scales, strict=True)]
    counts, best, best_value, since = np.zeros(len(scaled)), np.zeros(len(scaled)), float("nan"), 0
    total = np.zeros_like(scaled[0])
    while counts.sum() < PICKS_PER_MEMBER * most and since < PATIENCE:
        full = np.count_nonzero(counts) >= most
        allowed = np.flatnonzero(counts) if full else np.arange(len(scaled))
        picked, value = int(allowed[0]), float("nan")
        for place in allowed:
            reached = float(score(y, (total + scaled[place]) / (counts.sum() + 1), query))
            if is_better(score, reached, value):
                picked, value = int(place), reached
        total += scaled[picked]
        counts[picked] += 1
        since += 1
        if is_better(score, value, best_value):
            best, best_value, since = counts.copy(), value, 0
    if not best.any():  # no score could be computed: the first candidate is the tuned model
        best[0] = 1
    return Mix("mean", tuple((best / best.sum() / scales).tolist()))


def fit_stack(y: np.ndarray, predictions: Sequence[np.ndarray], *, kind: Kind) -> Mix:
    """A linear model over the predictions: stacking with weights that are not negative (Breiman 1996).

    Weights are drawn to equal ones, since the predictions of good models hardly differ. Classifications are stacked on
    log odds by the log loss, with one weight per member and an intercept per class; numbers and scores of rankings by
    the squared error.

    Args:
        y: Encoded targets, shape (n,).
        predictions: Of each candidate, shape (n,) or (n, k).
        kind: The kind of problem.
    """
    if kind in {Kind.BINARY, Kind.MULTICLASS}:
        return _stack_odds(y.astype(np.intp), np.stack([log_odds(part) for part in predictions]))
    scales = _scales(predictions, kind)
    return _stack_numbers(
        y, np.column_stack([part / scale for part, scale in zip(predictions, scales, strict=True)]), scales
    )


def _stack_numbers(y: np.ndarray, design: np.ndarray, scales: np.ndarray) -> Mix:
    from scipy.optimize import nnls

    count = design.shape[1]
    means, level = design.mean(axis=0), float(y.mean())
    centred = design - means
    pull = np.sqrt(RIDGE * max(float((centred**2).sum()) / count, 1e-12))
    # For scores of rankings, whose unit is none of the target's, equal weights are those of the best common slope.
    slope = float(centred.mean(axis=1) @ (y - level)) / max(float((centred.mean(axis=1) ** 2).sum()), 1e-12)
    equal = max(slope, 0.0) / count
    weights, _ = nnls(np.vstack([centred, pull * np.eye(count)]), np.r_[y - level, np.full(count, pull * equal)])
    return Mix("mean", tuple((weights / scales).tolist()), (level - float(weights @ means),))


def _stack_odds(y: np.ndarray, odds: np.ndarray) -> Mix:
    """Minimise the mean log loss over weights and intercepts; `odds` of shape (m, n) or (m, n, k)."""
    from scipy.optimize import minimize

    count = len(odds)
    width = odds.shape[2] if odds.ndim > 2 else 1  # noqa: PLR2004 - several classes
    start = np.r_[np.full(count, 1 / count), np.zeros(width)]

    def loss(state: np.ndarray) -> tuple[float, np.ndarray]:
        weights = state[:count]
        raw = np.tensordot(weights, odds, axes=1) + state[count:]
        value, slope = _binary_loss(raw, y) if odds.ndim == 2 else _class_loss(raw, y)  # noqa: PLR2004
        off = weights - 1 / count
        by_weight = (odds * slope).reshape(count, -1).sum(axis=1) + 2 * RIDGE * off
        return value + RIDGE * float(off @ off), np.r_[by_weight, slope.reshape(len(y), width).sum(axis=0)]

    bounds = [(0.0, None)] * count + [(None, None)] * width
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return Mix("odds", tuple(found[:count].tolist()), tuple(found[count:].tolist()))


def _binary_loss(raw: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean log loss of log odds (n,), and its slope by each of them."""
    slope = (1 / (1 + np.exp(-raw)) - y) / len(y)
    return float((np.logaddexp(0, raw) - y * raw).mean()), slope


def _class_loss(raw: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean log loss of raw scores (n, k), and its slope by each of them."""
    shifted = raw - raw.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    slope = np.exp(logs)
    slope[np.arange(len(y)), y] -= 1
    return float(-logs[np.arange(len(y)), y].mean()), slope / len(y)


def _scales(predictions: Sequence[np.ndarray], kind: Kind) -> np.ndarray:
    if kind is not Kind.RANKING:
        return np.ones(len(predictions))
    return np.array([float(part.std()) or 1.0 for part in predictions])

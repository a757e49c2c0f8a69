"""Fewer rows to learn from, chosen so that what matters stays. Splitting rows is `dataset/splits`, not this."""

from __future__ import annotations

import numpy as np

from ml_lifecycle.modeling.estimators.facts import Goal
from ml_lifecycle.modeling.samples import Samples

#: Rows of each class that a cap keeps where the class has them.
LEAST_PER_CLASS = 5


def cap_rows(samples: Samples, limit: int, goal: Goal) -> Samples:
    """At most `limit` rows, in their order; the same ones for the same seed.

    Ranking keeps whole queries, drawn at random. Rows with a time keep the newest half of the limit whole and a random
    draw of the older ones, since the newest resemble what comes next. A classification is otherwise drawn by class in
    proportion, with at least `LEAST_PER_CLASS` rows of each class as far as the limit goes.

    Capping to the number of rows that came out gives the same rows again.

    Args:
        samples: The rows.
        limit: How many to keep.
        goal: What is fitted; its seed draws.
    """
    count = len(samples.y)
    if count <= limit:
        return samples
    rng = np.random.default_rng(goal.seed)
    if samples.query is not None:
        return samples.take(_whole_queries(samples.query, limit, rng))
    if samples.time is not None:
        chosen = _newest_first(samples.time, limit, rng)
        return samples.take(_keep_classes(chosen, samples.y, goal))
    if goal.is_classification:
        return samples.take(_by_class(samples.y, limit, rng))
    return samples.take(np.sort(rng.choice(count, size=limit, replace=False)))


def _whole_queries(query: np.ndarray, limit: int, rng: np.random.Generator) -> np.ndarray:
    codes, sizes = np.unique(query, return_counts=True)
    order = rng.permutation(len(codes))
    within = np.cumsum(sizes[order]) <= limit
    within[0] = True
    return np.flatnonzero(np.isin(query, codes[order[within]]))


def _newest_first(time: np.ndarray, limit: int, rng: np.random.Generator) -> np.ndarray:
    order = np.argsort(time, kind="stable")
    newest = limit // 2
    older = rng.choice(len(order) - newest, size=limit - newest, replace=False)
    return np.sort(np.r_[order[older], order[len(order) - newest :]])


def _keep_classes(chosen: np.ndarray, y: np.ndarray, goal: Goal) -> np.ndarray:
    """Trade oldest rows of the most frequent class for the newest of classes that a draw by time has lost."""
    if not goal.is_classification:
        return chosen
    labels, counts = np.unique(y[chosen], return_counts=True)
    lost = np.setdiff1d(np.unique(y), labels)
    if len(lost) == 0:
        return chosen
    extra = np.concatenate([np.flatnonzero(y == label)[-LEAST_PER_CLASS:] for label in lost])
    common = chosen[y[chosen] == labels[counts.argmax()]]
    return np.sort(np.r_[np.setdiff1d(chosen, common[: len(extra)]), extra])[: len(chosen)]


def _by_class(y: np.ndarray, limit: int, rng: np.random.Generator) -> np.ndarray:
    labels, counts = np.unique(y, return_counts=True)
    sizes = np.minimum(counts, np.maximum(LEAST_PER_CLASS, counts * limit // len(y)))
    while sizes.sum() > limit:  # the rare classes took more than their share
        sizes[sizes.argmax()] -= 1
    sizes[counts.argmax()] += limit - sizes.sum()  # what rounding down left over; the largest class has it
    picked = [
        rng.choice(np.flatnonzero(y == label), size=size, replace=False)
        for label, size in zip(labels, sizes, strict=True)
    ]
    return np.sort(np.concatenate(picked))

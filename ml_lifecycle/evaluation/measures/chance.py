"""What a metric is worth without knowledge: the score of predictions that know nothing about the row."""

from __future__ import annotations

import numpy as np

from ml_lifecycle.evaluation.metrics import Metric

#: Permutations behind the mean score of mixed-up predictions.
PERMUTATIONS = 10
#: Of a seed's random streams the one for permutations: data made from the same seed must not resemble them.
_STREAM = 4


def chance_score(
    metric: Metric,
    y: np.ndarray,
    predictions: np.ndarray,
    *,
    query: np.ndarray | None = None,
    seed: int = 0,
) -> float:
    """What predictions of this distribution score when they say nothing about the rows.

    The better of two: the mean score of the predictions after they have changed places (the permutation distribution),
    and the score of one and the same mean prediction for all rows.

    Args:
        metric: What is scored.
        y: Encoded targets, shape (n,).
        predictions: Shape (n,) or (n, k).
        query: Query of each row, shape (n,); ranking only.
        seed: Seed of the permutations.
    """
    rng = np.random.default_rng([seed, _STREAM])
    mixed = [metric(y, rng.permutation(predictions), query) for _ in range(PERMUTATIONS)]
    constant = metric(y, np.broadcast_to(predictions.mean(axis=0), predictions.shape), query)
    return metric.sign * max(metric.sign * float(np.mean(mixed)), metric.sign * constant)

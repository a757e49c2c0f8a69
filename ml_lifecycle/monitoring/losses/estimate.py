"""The performance of a model of numbers while outcomes are not known: direct loss estimation.

The mean of what the model of the loss foresees (`additive`) is the expected loss; the primary metric is made of it. It
sees what a changed mix of inputs does, and is blind to concept drift. Classes are estimated from their own
probabilities in `monitoring/estimation`; the scores of a ranking carry nothing to estimate from, and queries are too
few and too various for a model of their loss to be honest.
"""

from __future__ import annotations

import numpy as np

from ml_lifecycle.evaluation.measures.forms import Sums, ratio
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.monitoring.estimation import Estimate
from ml_lifecycle.monitoring.losses.reference import LossReference


def can_estimate_loss(metric: Metric, reference: LossReference | None) -> bool:
    """Whether the metric follows from the mean loss that is foreseen: it is that mean, or its root."""
    return reference is not None and reference.model is not None and _form(metric) is not None


def estimate_loss(
    metric: Metric, reference: LossReference, foreseen: np.ndarray, *, confidence: float = 0.95
) -> Estimate | None:
    """Estimate a metric of a window from the losses that are foreseen.

    The interval holds what chance makes of the losses of so many rows, and how well the model of the loss is known: it
    was right on average on the test split up to the error of that mean.

    Args:
        metric: The primary metric.
        reference: What the loss was at training.
        foreseen: The loss of each row that the model of the loss foresees, shape (n,).
        confidence: Level of the interval.
    """
    from scipy import special

    tested, model = reference.tested, reference.model
    if model is None or len(foreseen) == 0 or tested.rows == 0 or not tested.foreseen > 0:
        return None
    factor = tested.mean / tested.foreseen
    mean = float(foreseen.mean()) * factor
    drawn = float(model.variance(foreseen).sum()) * factor**2 / len(foreseen) ** 2
    learnt = tested.variance / tested.rows * (mean / tested.mean) ** 2 if tested.mean > 0 else 0.0
    reach = -float(special.ndtri((1 - confidence) / 2)) * float(np.sqrt(drawn + learnt))
    ends = np.array([mean, max(mean - reach, 0.0), mean + reach])
    return Estimate(*(np.sqrt(ends) if _form(metric) == "root" else ends).tolist())


def _form(metric: Metric) -> str | None:
    own = metric.row_metric.function
    if not isinstance(metric.function, Sums) or not isinstance(own, Sums) or own.combine is not ratio:
        return None
    if metric.function is own:
        return "mean"
    return "root" if metric.name == "rmse" else None

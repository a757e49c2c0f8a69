"""What learning the order within queries asks of samples: grades, and one weight per query."""

from __future__ import annotations

import numpy as np

from ml_lifecycle.errors import ModelError
from ml_lifecycle.modeling.samples import Samples

#: Gains of 2**label - 1 up to this label (LightGBM's own table ends there).
LABEL_LIMIT = 30


def check_grades(train: Samples) -> None:
    """See that there are queries, and labels that are grades.

    Raises:
        ModelError: There are none.
    """
    grades = train.y
    fits = bool((grades >= 0).all() and (grades <= LABEL_LIMIT).all() and (grades == np.floor(grades)).all())
    if train.query is None or not fits:
        raise ModelError(
            "the order within queries cannot be learnt",
            expected=f"queries, and grades of relevance that are whole numbers from 0 to {LABEL_LIMIT}",
            got="no queries" if train.query is None else f"labels from {grades.min():g} to {grades.max():g}",
            advice="name dataset.group, and turn the target into a few grades or choose another modeling.family",
        )


def average_weights(samples: Samples) -> np.ndarray | None:
    """The mean weight of each query, (queries,), for libraries that weigh queries, not rows; None without weights.

    Args:
        samples: The rows, query by query.
    """
    if samples.weight is None:
        return None
    ends = np.cumsum(samples.query_sizes)
    return np.asarray(np.add.reduceat(samples.weight, np.r_[0, ends[:-1]]) / samples.query_sizes)

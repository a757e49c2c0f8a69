"""Many comparisons at once: p-values corrected so that none is called better by luck alone."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

Correction: TypeAlias = Literal["holm", "bonferroni", "none"]


def correct_p_values(p_values: np.ndarray, method: Correction) -> np.ndarray:
    """Correct p-values so that the chance of one or more false findings among them stays at the level.

    Both hold however the tests depend on each other. Holm's is never weaker than Bonferroni's.

    Args:
        p_values: Of k tests, shape (k,).
        method: `holm` (Holm 1979, step-down), `bonferroni` (times k), or `none`.

    >>> correct_p_values(np.array([0.01, 0.04, 0.03]), "holm").round(3).tolist()
    [0.03, 0.06, 0.06]
    >>> correct_p_values(np.array([0.01, 0.04, 0.03]), "bonferroni").round(3).tolist()
    [0.03, 0.12, 0.09]
    """
    found = np.asarray(p_values, dtype=np.float64)
    count = len(found)
    if method == "none" or count == 0:
        return found.copy()
    if method == "bonferroni":
        return np.minimum(found * count, 1.0)
    order = np.argsort(found, kind="stable")
    stepped = np.maximum.accumulate(found[order] * np.arange(count, 0, -1))
    corrected = np.empty(count)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected

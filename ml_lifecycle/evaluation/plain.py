"""From numpy's scalars to plain JSON, for the facts of verdicts."""

from __future__ import annotations

from math import isfinite

import numpy as np

from ml_lifecycle.verdict import Fact


def plain(value: object) -> Fact:
    """A scalar as plain JSON; what is no finite number becomes None.

    >>> plain(np.float64("nan")), plain(np.int64(3)), plain(np.bool_(True)), plain("a")
    (None, 3, True, 'a')
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)

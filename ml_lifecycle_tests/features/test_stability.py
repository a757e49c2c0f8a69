"""How often a choice is repeated."""

from __future__ import annotations

import numpy as np

from ml_lifecycle.features.stability import measure_stability


def test_the_share_of_repetitions_that_keep_a_feature() -> None:
    """A feature that is chosen only where row 0 is there is kept in one of two repetitions."""
    parts = [np.array([True, True, False]), np.array([False, True, True])]
    shares = measure_stability(lambda rows: ["a", "b"] if rows[0] else ["a"], ["a", "b", "c"], parts)
    assert shares.tolist() == [1.0, 0.5, 0.0]

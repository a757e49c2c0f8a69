"""Two codes that together are the class are found, and two that say much are not."""

from __future__ import annotations

import numpy as np

from ml_lifecycle.discovery.risks.pairs import find_pairs
from ml_lifecycle_tests.discovery.risks.tables import people, prices, read


def test_two_flags_of_which_one_is_set() -> None:
    """Neither says anything alone."""
    frame = people()
    flag = np.random.default_rng(0).integers(0, 2, len(frame))
    (found,) = find_pairs(read(frame.assign(a=flag, b=flag ^ (frame["y"] == "yes"))))
    assert found.name == "target_parts:a+b"
    assert found.confidence >= 90


def test_flags_that_say_much_are_left_alone() -> None:
    """One row in ten is open."""
    frame = people()
    random = np.random.default_rng(0)
    flag = random.integers(0, 2, len(frame))
    other = flag ^ (frame["y"] == "yes") ^ (random.random(len(frame)) < 0.1)
    assert not list(find_pairs(read(frame.assign(a=flag, b=other))))
    assert not list(find_pairs(read(prices(), "regression")))

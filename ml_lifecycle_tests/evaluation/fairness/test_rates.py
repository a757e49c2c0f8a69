"""Intervals of differences and ratios of rates."""

from math import inf, isnan

import numpy as np
import pytest

from ml_lifecycle.evaluation.fairness.rates import bound_difference, bound_ratio
from ml_lifecycle.evaluation.inference.intervals import Interval, wilson


@pytest.mark.parametrize(("pa", "na", "pb", "nb"), [(0.1, 100, 0.1, 100), (0.3, 60, 0.5, 80), (0.05, 60, 0.1, 300)])
def test_bounds_that_are_judged_hold_as_often_as_they_say(pa: float, na: int, pb: float, nb: int) -> None:
    """The upper end of the ratio and the lower end of the difference miss in at most 2.5 % of samples (and a bit)."""
    rng = np.random.default_rng(0)
    missed = np.zeros(2)
    pairs = [(a, b) for a, b in zip(rng.binomial(na, pa, 1500), rng.binomial(nb, pb, 1500), strict=True) if b > 0]
    for a, b in pairs:
        of_a, of_b = wilson(a / na, na, tail=0.025), wilson(b / nb, nb, tail=0.025)
        missed += [bound_ratio(of_a, of_b).high < pa / pb, bound_difference(of_b, of_a).low > pb - pa]
    assert (missed / len(pairs) < 0.04).all()


def test_what_may_be_zero_gives_no_upper_end() -> None:
    """A ratio to a rate that may be zero can be anything; to one that is zero there is none."""
    assert bound_ratio(Interval(0.1, 0.05, 0.2), Interval(0.1, 0.0, 0.3)).high == inf
    assert isnan(bound_ratio(Interval(0.1, 0.05, 0.2), Interval(0.0, 0.0, 0.1)).value)

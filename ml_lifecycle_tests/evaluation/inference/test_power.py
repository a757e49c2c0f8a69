"""The power calculation: more rows for smaller gains, none where there is no gain."""

import numpy as np
import pytest

from ml_lifecycle.evaluation.inference.power import detectable_gain, error_of, plan_rows, rows_needed
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle_tests.evaluation.problems import binary


def test_half_the_gain_needs_four_times_the_rows() -> None:
    """The standard error falls with the square root of the rows."""
    once, twice = rows_needed(0.01, 1_000, 0.02, alpha=0.05), rows_needed(0.01, 1_000, 0.01, alpha=0.05)
    assert once is not None
    assert twice == pytest.approx(4 * once, abs=4)


@pytest.mark.parametrize("gain", [0.0, -0.1, float("nan")])
def test_without_a_gain_rows_do_not_help(gain: float) -> None:
    """There is no number of rows that shows what is not there."""
    assert rows_needed(0.01, 1_000, gain, alpha=0.05) is None


def test_the_detectable_gain_is_what_the_rows_are_enough_for() -> None:
    """On as many rows as there are, the detectable gain needs just these."""
    gain = detectable_gain(0.01, alpha=0.05)
    assert rows_needed(0.01, 1_000, gain, alpha=0.05) == pytest.approx(1_000, abs=1)


def test_rows_are_planned_from_two_models() -> None:
    """From predictions on rows at hand; a tiny gain needs more of them."""
    data = binary(400)
    worse = np.clip(data.p + np.random.default_rng(1).normal(0, 0.2, 400), 0.01, 0.99)
    small, large = (plan_rows(METRICS["log_loss"], data.y, data.p, worse, gain) for gain in (0.01, 0.05))
    assert small is not None
    assert large is not None
    assert small > 20 * large


def test_an_interval_implies_its_error() -> None:
    """The two-sided 95 % interval is 1.96 standard errors either way."""
    assert error_of(-1.96, 1.96, 0.95) == pytest.approx(1, abs=1e-3)


def test_an_interval_without_width_implies_no_error() -> None:
    """At alpha 0.5 both ends of the interval are the difference itself."""
    assert np.isnan(error_of(0.1, 0.1, 1 - 2 * 0.5))

"""Numbers far out and long tails."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.discovery.audit.numbers import find_fences, medcouple
from ml_lifecycle_tests.discovery.audit.tables import find, make_clean


def test_a_slip_of_the_keyboard_is_found() -> None:
    """A balance with two digits too many."""
    frame = make_clean()
    frame.loc[17, "balance"] = 104_200.0
    finding = find(frame)["outliers:balance"]
    assert finding.figures["rows"] == 1
    assert "up to 104200" in finding.text


@pytest.mark.parametrize("seed", range(4))
def test_skewed_amounts_are_no_outliers(seed: int) -> None:
    """Lognormal, gamma and exponential amounts have long tails by nature."""
    draw = np.random.default_rng(seed)
    frame = make_clean(4000).assign(
        income=draw.lognormal(10, 1, 4000), wait=draw.exponential(30, 4000), size=draw.gamma(2, 5, 4000)
    )
    assert find(frame) == {}


def test_mostly_zero_columns_are_judged_by_the_rest() -> None:
    """A gain that most people do not have is no outlier."""
    draw = np.random.default_rng(0)
    gain = np.where(draw.random(3000) < 0.9, 0, draw.normal(5000, 800, 3000).round())
    assert find(make_clean(3000).assign(gain=gain)) == {}


def test_a_long_tail_is_noted() -> None:
    """Some rows hold thousands of times what most do."""
    draw = np.random.default_rng(0)
    found = find(make_clean(5000).assign(sales=draw.pareto(1.0, 5000)))
    assert "skewed:sales" in found


@given(st.lists(st.integers(-1000, 1000), min_size=60, max_size=200))
def test_fences_move_with_the_unit(numbers: list[int]) -> None:
    """The medcouple has no unit, and mirrored numbers have it mirrored."""
    ordered = np.sort(np.array(numbers, dtype=np.float64))
    assert medcouple(ordered * 8) == pytest.approx(medcouple(ordered))
    assert medcouple(-ordered[::-1]) == pytest.approx(-medcouple(ordered), abs=1e-9)
    fences = find_fences(ordered, 3.0)
    assert fences is None or fences.low <= fences.first <= fences.third <= fences.high

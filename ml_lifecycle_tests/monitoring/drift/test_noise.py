"""Tests of `ml_lifecycle.monitoring.drift.noise`, `layout` and `statistics`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest, nbinom, wasserstein_distance

from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.monitoring.column_profile import ColumnProfile, profile_column
from ml_lifecycle.monitoring.drift.calibration import calibrated_chance, size_class
from ml_lifecycle.monitoring.drift.layout import Layout
from ml_lifecycle.monitoring.drift.noise import Sizes, chances, limits
from ml_lifecycle.monitoring.drift.statistics import STATISTICS, Measures, measure


def _profile(values: np.ndarray) -> ColumnProfile:
    found = profile_column(pd.Series(values), "x", DriftConfig().bins)
    assert found is not None
    return found


def _compare(reference: np.ndarray, current: np.ndarray) -> Measures:
    profile = _profile(reference)
    layout = Layout.of([profile], len(current))
    return measure(layout, layout.place([profile.count(pd.Series(current))]))


def _sizes() -> Sizes:
    generator = np.random.default_rng(0)
    return _compare(generator.normal(size=5000), np.append(generator.normal(size=380), [np.nan] * 20)).sizes


@pytest.mark.parametrize("name", STATISTICS)
def test_a_limit_is_the_value_of_its_chance(name: str) -> None:
    """At its limit noise has the asked chance; of counted rows, no more than that."""
    sizes, limit = _sizes(), limits(1e-3, 0.0, _sizes())
    at_limit = float(chances({**limit, name: limit[name]}, sizes)[name][0])
    if name in {"other", "out_of_range"}:
        assert at_limit <= 1e-3
    else:
        assert at_limit == pytest.approx(1e-3, rel=1e-6)


def test_the_chance_of_rows_beyond_the_extremes_is_exact() -> None:
    """Of m new rows, those above the largest of n are negative binomial, whatever the distribution."""
    generator = np.random.default_rng(1)
    reference, current = generator.normal(size=(4000, 50)), generator.normal(size=(4000, 25))
    beyond = (current > reference.max(axis=1)[:, None]).sum(axis=1)
    expected = nbinom.sf([0, 1, 3], 1, 50 / 75)
    assert [np.mean(beyond > count) for count in (0, 1, 3)] == pytest.approx(expected, abs=0.03)


def test_a_shift_is_its_wasserstein_distance_and_its_kolmogorov_smirnov_gap() -> None:
    """Half a standard deviation comes out as about 0.5 deviations, and as the gap that scipy finds in the rows."""
    generator = np.random.default_rng(0)
    reference, current = generator.normal(3, 2, 20_000), generator.normal(4, 2, 20_000)
    values = _compare(reference, current).found
    exact = wasserstein_distance(reference, current) / reference.std()
    assert values["wasserstein"][0] == pytest.approx(exact, rel=0.05)
    assert values["ks"][0] == pytest.approx(kstest(reference, current).statistic, rel=0.05)
    assert values["ks"][0] <= kstest(reference, current).statistic + 1e-12


def test_few_values_have_their_exact_wasserstein_distance() -> None:
    """Counts of 0, 1 and 5: no approximation between cells."""
    reference, current = np.repeat([0.0, 1.0, 5.0], [50, 30, 20]), np.repeat([0.0, 1.0, 5.0], [20, 30, 50])
    found = _compare(reference, current).found["wasserstein"][0]
    assert found == pytest.approx(wasserstein_distance(reference, current) / reference.std(), rel=1e-4)


def test_values_never_seen_are_other_and_beyond_the_extremes_out_of_range() -> None:
    """Between known values: unseen only; above all of them: unseen and out of range."""
    values = _compare(np.repeat([0.0, 1.0], 100), np.array([0.0, 0.5, 1.0, 9.0])).found
    assert (values["other"][0], values["out_of_range"][0]) == (0.5, 0.25)


def test_a_practical_size_raises_every_limit() -> None:
    """With many rows noise is nothing and the effect that matters decides."""
    sizes = _sizes()
    assert all(np.all(limits(1e-3, 0.5, sizes)[name] >= limits(1e-3, 0.0, sizes)[name]) for name in STATISTICS)
    assert limits(0.5, 0.04, sizes)["wasserstein"][0] >= 0.2


def test_the_calibrated_chance_is_shared_by_columns_and_statistics() -> None:
    """More columns leave less for each; it is below the rate of one test and above that of eight unrelated ones."""
    generator = np.random.default_rng(0)
    columns = tuple(_profile(generator.normal(size=1000)) for _ in range(6))
    one, six = (calibrated_chance(some, 256, 0.05) for some in (columns[:1], columns))
    assert 0.05 / 8 < one < 0.05
    assert one / 10 < six < one / 3
    assert calibrated_chance(columns, 256, 0.05) == six


def test_windows_of_about_the_same_size_share_a_calibration() -> None:
    """Powers of two, rounded down."""
    assert [size_class(rows) for rows in (1, 100, 127, 128, 100_000)] == [1, 64, 64, 128, 65_536]

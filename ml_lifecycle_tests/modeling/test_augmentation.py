"""Rare classes are evened out in the training rows, and nowhere else."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.dataset import AugmentationConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling import neighbourhood
from ml_lifecycle.modeling.augmentation import augment, describe_augmentation
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle_tests.modeling.problems import make_samples

METHODS = ("class_weight", "over", "under", "smote")


def config(method: str, ratio: float = 1.0, **keywords: Any) -> AugmentationConfig:
    """An augmentation."""
    return AugmentationConfig(method=method, ratio=ratio, **keywords)  # type: ignore[arg-type]


def rare(rows: int = 300, keep: int = 12, *, weighted: bool = True) -> Samples:
    """A multiclass problem with times in which class 1 has few rows; weights are of guessed labels."""
    whole = make_samples(Kind.MULTICLASS, rows, timed=True)
    kept = np.r_[np.flatnonzero(whole.y != 1), np.flatnonzero(whole.y == 1)[:keep]]
    samples = whole.take(np.sort(kept))
    return replace(samples, weight=np.linspace(0.5, 1, len(samples))) if weighted else samples


def run(samples: Samples, given_config: AugmentationConfig, seed: int = 0) -> Samples:
    """Augment a multiclass problem."""
    return augment(samples, given_config, kind=Kind.MULTICLASS, seed=seed)


def assert_equal(first: Samples, second: Samples) -> None:
    """Equal to the bit in all their parts."""
    for part in fields(Samples):
        one, other = getattr(first, part.name), getattr(second, part.name)
        if part.name == "matrix":
            assert (one.names, one.categorical) == (other.names, other.categorical)
            one, other = one.values, other.values
        assert (one is None) == (other is None)
        if one is not None:
            assert one.dtype == other.dtype
            assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("ratio", [1.0, 0.5])
@pytest.mark.parametrize("method", METHODS)
def test_classes_are_evened_out_to_the_ratio(method: str, ratio: float) -> None:
    """Afterwards the rarest class has `ratio` rows (or weight) for each of the most frequent one."""
    samples = rare(weighted=False)
    after = run(samples, config(method, ratio))
    described = describe_augmentation(samples, after)
    held = described["weight_after"] if method == "class_weight" else described["rows_after"]
    assert held.min() / held.max() == pytest.approx(ratio, abs=0.05)
    assert described["rows_before"].tolist() == np.bincount(samples.y).tolist()
    assert described["made"].sum() == max(len(after) - len(samples), 0)


@pytest.mark.parametrize("method", METHODS)
def test_real_rows_stay_as_they_are(method: str) -> None:
    """Real rows come first and unchanged, made ones have names of their own, and the input is not touched."""
    samples = rare()
    untouched = samples.take(np.arange(len(samples)))
    after = run(samples, config(method))
    assert_equal(samples, untouched)
    assert len(np.unique(after.row_ids)) == len(after)
    real = np.isin(after.row_ids, samples.row_ids)
    kept = after.take(real)
    where = np.searchsorted(samples.row_ids, kept.row_ids)
    expected = samples.take(where)
    assert_equal(kept, expected if method != "class_weight" else replace(expected, weight=kept.weight))
    assert real[: int(real.sum())].all()
    assert after.matrix.categorical == samples.matrix.categorical


@pytest.mark.parametrize("method", METHODS)
def test_the_seed_decides_what_is_drawn(method: str) -> None:
    """The same seed gives the same samples to the bit, another one other samples."""
    samples = rare()
    assert_equal(run(samples, config(method)), run(samples, config(method)))
    if method != "class_weight":
        other = run(samples, config(method), seed=1)
        assert other.matrix.values.tobytes() != run(samples, config(method)).matrix.values.tobytes()


@pytest.mark.parametrize("method", METHODS)
def test_validation_and_test_rows_are_untouched(method: str) -> None:
    """Other splits are equal to the bit afterwards, and no made row has a name of theirs."""
    whole = make_samples(Kind.MULTICLASS, 600, timed=True)
    train, *others = (whole.take(np.arange(begin, begin + 200)) for begin in (0, 200, 400))
    before = [part.take(np.arange(200)) for part in others]
    after = run(train, config(method))
    for part, copy in zip(others, before, strict=True):
        assert_equal(part, copy)
        assert not np.isin(after.row_ids, part.row_ids).any()


def test_made_rows_lie_between_rows_of_their_class() -> None:
    """Numbers, times and weights are within what two real rows of the class have; categories are ones it has."""
    samples = rare()
    after = run(samples, config("smote"))
    real, made = samples.take(samples.y == 1), after.take((after.y == 1) & ~np.isin(after.row_ids, samples.row_ids))
    assert len(made) > 50
    for column in (0, 1, 3):
        numbers, new = real.matrix.values[:, column], made.matrix.values[:, column]
        known = new[~np.isnan(new)]
        assert known.min() >= np.nanmin(numbers)
        assert known.max() <= np.nanmax(numbers)
        assert len(np.unique(known)) > len(numbers)
    codes = set(real.matrix.values[:, 2][~np.isnan(real.matrix.values[:, 2])])
    assert set(made.matrix.values[:, 2][~np.isnan(made.matrix.values[:, 2])]) <= codes
    assert real.time is not None
    assert made.time is not None
    assert made.time.dtype == real.time.dtype
    assert real.time.min() <= made.time.min() <= made.time.max() <= real.time.max()
    assert real.weight is not None
    assert made.weight is not None
    assert real.weight.min() <= made.weight.min() <= made.weight.max() <= real.weight.max()


def test_missing_numbers_are_not_mixed() -> None:
    """Of parents 0, 0 and missing, a made row has 0 or nothing, never something in between."""
    values = np.array([[0, 0], [0, 1], [np.nan, 2], [7, 0], [7, 1], [7, 2], [7, 3], [7, 4], [7, 5]], dtype=np.float32)
    samples = Samples(FeatureMatrix(values, ("a", "b")), np.array([1, 1, 1, *[0] * 6]), np.arange(9))
    after = augment(samples, config("smote", neighbours=2), kind=Kind.BINARY, seed=3)
    made = after.matrix.values[9:, 0]
    assert np.isnan(made).any()
    assert set(made[~np.isnan(made)]) == {0.0}
    assert not np.isnan(after.matrix.values[9:, 1]).any()


def test_a_category_is_the_usual_one_nearby() -> None:
    """One stranger among neighbours is outvoted, as in SMOTENC; a column of categories alone is no obstacle."""
    codes = np.array([[2], [2], [2], [2], [5], *[[1]] * 10], dtype=np.float32)
    samples = Samples(FeatureMatrix(codes, ("city",), (0,)), np.array([1] * 5 + [0] * 10), np.arange(15))
    after = augment(samples, config("smote", neighbours=4), kind=Kind.BINARY, seed=0)
    assert set(after.matrix.values[15:, 0]) == {2.0}


def test_a_single_row_is_copied() -> None:
    """A class of one row has no neighbours; its rows are copies, with names of their own."""
    samples = rare(keep=1)
    after = run(samples, config("smote"))
    made = after.take((after.y == 1) & ~np.isin(after.row_ids, samples.row_ids))
    original = samples.take(samples.y == 1)
    np.testing.assert_array_equal(made.matrix.values, np.repeat(original.matrix.values, len(made), axis=0))


def test_large_classes_are_searched_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neighbours of a large class are sought among a part of it: every row has some, of its own class."""
    monkeypatch.setattr(neighbourhood, "MOST_ROWS", 30)
    samples = make_samples(Kind.BINARY, 200)
    near = neighbourhood.Neighbourhood.find(samples, [1], count=3, seed=0)
    rows = np.flatnonzero(samples.y == 1)
    assert np.isin(near.table[rows], rows).all()
    assert (near.table[rows] != rows[:, None]).all()
    assert (near.table[samples.y == 0] == -1).all()


def test_nothing_is_done_without_need() -> None:
    """`none`, and classes that are even already, give the samples back."""
    samples = make_samples(Kind.BINARY, 200)
    even = samples.take(np.r_[np.flatnonzero(samples.y == 0)[:50], np.flatnonzero(samples.y == 1)[:50]])
    for method in ("none", "over", "under", "smote"):
        assert augment(even, config(method), kind=Kind.BINARY, seed=0) is even


@pytest.mark.parametrize("kind", [Kind.REGRESSION, Kind.RANKING])
def test_only_classes_can_be_rare(kind: Kind) -> None:
    """A regression is refused, unless nothing is asked for."""
    samples = make_samples(kind)
    assert augment(samples, config("none"), kind=kind, seed=0) is samples
    with pytest.raises(ConfigError, match=f"a {kind} has no rare classes"):
        augment(samples, config("smote"), kind=kind, seed=0)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install; class weights need nothing."""
    monkeypatch.setitem(sys.modules, "imblearn.over_sampling", None)
    with pytest.raises(ConfigError, match=r"ml-lifecycle\[imbalanced\].*class_weight"):
        run(rare(), config("smote"))
    assert run(rare(), config("class_weight")).weight is not None


def test_class_weights_multiply_the_weights_of_rows() -> None:
    """Within a class rows keep their proportions, all weights have the mean 1, and frequent classes are not lifted."""
    samples = rare()
    after = run(samples, config("class_weight"))
    assert after.weight is not None
    assert samples.weight is not None
    assert after.weight.mean() == pytest.approx(1)
    for label in range(3):
        factors = (after.weight / samples.weight)[samples.y == label]
        assert factors.max() == pytest.approx(factors.min())


CELLS = st.tuples(
    st.integers(0, 2),
    st.floats(-1e6, 1e6, width=32) | st.just(float("nan")),
    st.integers(0, 3) | st.just(float("nan")),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(CELLS, min_size=2, max_size=40), st.sampled_from(METHODS), st.floats(0.1, 1), st.integers(1, 6))
def test_whatever_the_rows_real_ones_stay(rows: list[Any], method: str, ratio: float, neighbours: int) -> None:
    """Missing values everywhere, constants, classes of one row: real rows stay, classes are those there were."""
    y = np.array([row[0] for row in rows])
    values = np.array([row[1:] for row in rows], dtype=np.float32)
    samples = Samples(FeatureMatrix(values, ("number", "code"), (1,)), y, np.arange(len(rows)) * 7)
    after = run(samples, config(method, ratio, neighbours=neighbours))
    assert set(after.y) == set(y)
    assert len(np.unique(after.row_ids)) == len(after)
    real = after.take(np.isin(after.row_ids, samples.row_ids))
    expected = samples.take(np.searchsorted(samples.row_ids, real.row_ids))
    np.testing.assert_array_equal(real.matrix.values, expected.matrix.values)
    np.testing.assert_array_equal(real.y, expected.y)
    codes = after.matrix.values[:, 1]
    assert set(codes[~np.isnan(codes)]) <= set(values[:, 1][~np.isnan(values[:, 1])])

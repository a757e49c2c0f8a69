"""Persistence knows what was known at the time of a row, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ModelError
from ml_lifecycle.modeling.baselines.last_value import LastValue
from ml_lifecycle.modeling.estimators import Goal
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle_tests.modeling.baselines.problems import on_days

NUMBER, CLASSES = Goal(Kind.REGRESSION), Goal(Kind.BINARY, 2)
TRAIN = on_days([0, 1, 2], [10.0, 20.0, 30.0])
MEAN = np.array([20.0])
_LABELS = st.lists(st.integers(0, 9), min_size=2, max_size=12)


def _fit(train: Samples, valid: Samples, days: float = 0, entity: pd.Series | None = None) -> LastValue:
    return LastValue.fit(train, valid, NUMBER, level=MEAN, delay=timedelta(days=days), entity=entity)


def test_each_row_is_the_row_before() -> None:
    """The first judged row takes the last of training, later ones the judged row before."""
    valid = on_days([3, 4, 5], [1.0, 2.0, 3.0], first_row=3)
    assert _fit(TRAIN, valid).predict_samples(valid).tolist() == [30, 1, 2]


def test_a_label_is_known_only_after_its_delay() -> None:
    """With a delay of one day the row of the day before is not known yet: known is what is older than that."""
    valid = on_days([3, 4, 5], [1.0, 2.0, 3.0], first_row=3)
    assert _fit(TRAIN, valid, days=1).predict_samples(valid).tolist() == [20, 30, 1]


def test_rows_of_one_moment_do_not_see_each_other() -> None:
    """They all see the moment before, by the mean of its rows."""
    valid = on_days([3, 3, 4, 4], [0.0, 8.0, 6.0, 7.0], first_row=3)
    assert _fit(TRAIN, valid).predict_samples(valid).tolist() == [30, 30, 4, 4]


def test_where_nothing_is_known_the_level_is_predicted() -> None:
    """Before the first label, and for rows without a time."""
    valid = on_days([-1, np.nan], [1.0, 2.0], first_row=3)
    assert _fit(TRAIN, valid).predict_samples(valid).tolist() == [20, 20]


@given(y=_LABELS, other=st.integers(10, 20), place=st.integers(0, 11))
@settings(max_examples=40, deadline=None)
def test_no_row_knows_its_own_label_or_a_later_one(y: list[int], other: int, place: int) -> None:
    """Another label changes what comes after it only."""
    place %= len(y)
    before = on_days(range(3, 3 + len(y)), [float(item) for item in y], first_row=3)
    changed = replace(before, y=np.where(np.arange(len(y)) == place, float(other), before.y))
    one, two = (_fit(TRAIN, samples).predict_samples(samples) for samples in (before, changed))
    assert one[: place + 1].tolist() == two[: place + 1].tolist()


def test_the_order_of_rows_does_not_matter() -> None:
    """Rows come in any order, with ties or without."""
    valid = on_days([5, 3, 4, 4], [3.0, 1.0, 2.0, 5.0], first_row=3)
    turned = np.array([2, 0, 3, 1])
    straight = _fit(TRAIN, valid).predict_samples(valid)
    shuffled = _fit(TRAIN.take(np.array([1, 2, 0])), valid.take(turned)).predict_samples(valid.take(turned))
    assert straight[turned].tolist() == shuffled.tolist()


def test_an_entity_is_told_by_its_own_rows() -> None:
    """Other entities say nothing; one that was never seen takes the level."""
    valid = on_days([3, 4, 5, 6], [1.0, 2.0, 3.0, 4.0], first_row=3)
    shops = pd.Series(["a", "b", "a", "b", "a", "b", "new"])
    found = _fit(TRAIN, valid, entity=shops)
    assert found.predict_samples(valid, shops).tolist() == [20, 30, 1, 20]
    with pytest.raises(ModelError, match="by their entity"):
        found.predict_samples(valid)
    with pytest.raises(ModelError, match="2 of 4 rows"):
        found.predict_samples(valid, shops.iloc[:5])


def test_classes_are_predicted_by_what_follows_them() -> None:
    """Classes that alternate are predicted to alternate, as shares, with one row in the shares of all behind each."""
    train = on_days(range(9), [0, 1, 0, 1, 0, 1, 0, 1, 0])
    valid = on_days([9, 10], [1, 0], first_row=9)
    level = np.array([5 / 9, 4 / 9])
    found = LastValue.fit(train, valid, CLASSES, level=level, delay=timedelta(0)).predict_samples(valid)
    np.testing.assert_allclose(found, [(4 + 4 / 9) / 5, (4 / 9) / 5])


def test_many_classes_have_a_column_each() -> None:
    """Probabilities sum to one, also after storage; rows count by their weight."""
    train = replace(on_days(range(6), [0, 1, 2, 0, 1, 2]), weight=np.array([1.0, 1, 1, 1, 1, 5]))
    valid = on_days([6, 7], [0, 1], first_row=6)
    goal = Goal(Kind.MULTICLASS, 3)
    found = LastValue.fit(train, valid, goal, level=np.full(3, 1 / 3), delay=timedelta(0))
    predictions = LastValue.from_parts(found.to_parts()).predict_samples(valid)
    assert predictions.shape == (2, 3)
    np.testing.assert_allclose(predictions.sum(axis=1), 1)
    assert predictions.argmax(axis=1).tolist() == [0, 1]
    assert found.shares is not None
    np.testing.assert_allclose(found.shares[1, 2], (6 + 1 / 3) / 7)


def test_only_what_can_still_be_asked_for_is_kept() -> None:
    """After a split by time the newest training row of each entity is enough; otherwise all rows are."""
    later, mixed = on_days([3], [1.0], first_row=3), on_days([1.5], [1.0], first_row=3)
    assert _fit(TRAIN, later).history["y"].tolist() == [30, 1]
    assert _fit(TRAIN, later, days=1).history["y"].tolist() == [20, 30, 1]
    assert _fit(TRAIN, later, entity=pd.Series(["a", "b", "b", "a"])).history["y"].tolist() == [10, 30, 1]
    assert _fit(TRAIN, mixed).history["y"].tolist() == [10, 20, 30, 1]


def test_later_rows_see_the_validation_rows() -> None:
    """A row of the test split takes the newest label of validation."""
    valid, test = on_days([3], [7.0], first_row=3), on_days([4], [8.0], first_row=4)
    assert _fit(TRAIN, valid).predict_samples(test).tolist() == [7]


def test_what_cannot_be_is_refused() -> None:
    """No times, and a label that is known before it happens."""
    with pytest.raises(ModelError, match="without times"):
        _fit(replace(TRAIN, time=None), TRAIN)
    with pytest.raises(ValueError, match="delay of at least 0"):
        _fit(TRAIN, TRAIN, days=-1)

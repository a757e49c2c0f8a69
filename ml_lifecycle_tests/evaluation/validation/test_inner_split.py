"""Rows of a fold are divided as the folds around them are."""

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import DataError
from ml_lifecycle.evaluation.validation.inner_split import split_inside
from ml_lifecycle_tests.modeling.problems import make_goal, make_samples


def test_in_time_the_newest_rows_are_judged() -> None:
    """The search inside a walk-forward fold looks ahead of nothing either."""
    samples = make_samples(Kind.REGRESSION, rows=50, timed=True)
    learnt, judged = split_inside(samples, in_time=True, groups=None, goal=make_goal(Kind.REGRESSION))
    assert samples.time is not None
    assert samples.time[learnt].max() < samples.time[judged].min()
    assert len(judged) == 10


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.RANKING])
def test_groups_and_queries_stay_whole(kind: Kind) -> None:
    """No group is on both sides."""
    samples, groups = make_samples(kind, rows=100), np.arange(100) // 10
    given = groups if kind is Kind.BINARY else None
    learnt, judged = split_inside(samples, in_time=False, groups=given, goal=make_goal(kind))
    assert not set(groups[learnt]) & set(groups[judged])
    assert len(learnt) + len(judged) == 100


def test_every_class_is_on_both_sides() -> None:
    """A class of two rows has one on each; a class of one row is learnt from."""
    samples = make_samples(Kind.MULTICLASS, rows=60)
    y = np.r_[np.zeros(57), 1, 1, 2].astype(np.int64)
    goal = make_goal(Kind.MULTICLASS)
    samples = type(samples)(samples.matrix, y, samples.row_ids)
    learnt, judged = split_inside(samples, in_time=False, groups=None, goal=goal)
    assert set(y[learnt]) == {0, 1, 2}
    assert set(y[judged]) == {0, 1}


def test_one_group_cannot_be_divided() -> None:
    """Rows that all belong together leave nothing to judge on."""
    samples = make_samples(Kind.BINARY, rows=20)
    with pytest.raises(DataError, match="cannot be divided"):
        split_inside(samples, in_time=False, groups=np.zeros(20), goal=make_goal(Kind.BINARY))

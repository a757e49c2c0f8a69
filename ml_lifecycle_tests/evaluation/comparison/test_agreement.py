"""Tests of `ml_lifecycle.evaluation.comparison.agreement`."""

from math import isnan

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.evaluation.comparison.agreement import Agreement, agree

_P = np.linspace(0, 1, 20)


def test_an_order_that_is_turned_round_agrees_by_minus_one() -> None:
    """A regression whose sign was lost."""
    assert agree(Kind.REGRESSION, -_P, _P).value == pytest.approx(-1)
    assert agree(Kind.REGRESSION, _P, _P).value == pytest.approx(1)


def test_of_several_classes_each_is_asked_against_the_rest() -> None:
    """Classes that were renamed in a circle agree less than nothing."""
    y = np.tile([0, 1, 2], 6)
    told = np.eye(3)[y] * 0.8 + 0.1
    assert agree(Kind.MULTICLASS, y, told).value == pytest.approx(1)
    assert agree(Kind.MULTICLASS, (y + 1) % 3, told).value < 0


def test_in_ranking_queries_are_compared_within_themselves() -> None:
    """That one query has higher relevance throughout says nothing about its order."""
    query = np.repeat([0, 1], 10)
    p = np.tile(np.arange(10.0), 2)
    found = agree(Kind.RANKING, 100 * query - p, p, query)
    assert found.value == pytest.approx(-1)
    assert found.units == 2


def test_outcomes_that_do_not_differ_have_no_order() -> None:
    """Nor a bound."""
    found = agree(Kind.BINARY, np.zeros(20), _P)
    assert isnan(found.value)
    assert isnan(found.highest(0.05))


def test_the_bound_is_wide_for_few_rows() -> None:
    """A handful of rows proves nothing."""
    assert Agreement(-0.5, 10).highest(0.05) > 0
    assert Agreement(-0.5, 1_000).highest(0.05) < -0.4

"""Intervals without draws agree with those that were drawn."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lifecycle.evaluation.inference.intervals import bootstrap_interval
from ml_lifecycle.evaluation.inference.quick_intervals import jackknife_interval, quick_ends
from ml_lifecycle.evaluation.metrics import get_metric
from ml_lifecycle_tests.evaluation.problems import binary, queries


@pytest.mark.parametrize("name", ["roc_auc", "log_loss", "accuracy"])
def test_it_agrees_with_the_bootstrap(name: str) -> None:
    """Within a tenth of the width on some thousand rows; a share has Wilson's in both."""
    problem, metric = binary(4_000), get_metric(name)
    quick = jackknife_interval(metric, problem.y, problem.p)
    drawn = bootstrap_interval(metric, problem.y, problem.p)
    width = drawn.high - drawn.low
    assert quick.value == drawn.value
    np.testing.assert_allclose([quick.low, quick.high], [drawn.low, drawn.high], atol=0.1 * width)


def test_queries_and_groups_are_units() -> None:
    """Rows that belong together make the interval wider than as many independent ones."""
    grades, scores, query = queries()
    ndcg = jackknife_interval(get_metric("ndcg@10"), grades, scores, query=query)
    assert ndcg.low < ndcg.value < ndcg.high
    problem = binary(200)
    y, p, groups = np.repeat(problem.y, 5), np.repeat(problem.p, 5), np.repeat(np.arange(200), 5)
    loss = get_metric("log_loss")
    alone, together = (jackknife_interval(loss, y, p, groups=given) for given in (None, groups))
    assert together.high - together.low > 2 * (alone.high - alone.low)
    assert quick_ends(loss, groups=groups)(y, p, None) == (together.low, together.high)


def test_one_row_has_no_interval() -> None:
    """It says nothing about another."""
    found = jackknife_interval(get_metric("rmse"), np.array([1.0]), np.array([2.0]))
    assert found.value == 1
    assert np.isnan([found.low, found.high]).all()

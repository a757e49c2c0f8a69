"""Tests of `ml_lifecycle.monitoring.quick_intervals`."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.evaluation.inference.quick_intervals import jackknife_interval
from ml_lifecycle.evaluation.metrics import get_metric, metrics_of
from ml_lifecycle.monitoring.quick_intervals import quick_intervals


def test_all_metrics_at_once_are_what_each_is_alone() -> None:
    """The same value and the same interval as one metric after another, to what DeLong differs from the jackknife."""
    generator = np.random.default_rng(0)
    p = generator.random(400).round(2)
    y = (generator.random(400) < p).astype(int)
    metrics = metrics_of(Kind.BINARY)
    found = quick_intervals(metrics, metrics[0].score(y, p), confidence=0.9)
    for metric in metrics:
        alone = jackknife_interval(metric, y, p, confidence=0.9)
        got = found[metric.name]
        assert got.value == pytest.approx(alone.value)
        assert (got.low, got.high) == pytest.approx((alone.low, alone.high), rel=1e-3)


@pytest.mark.parametrize(("y", "defined"), [([1, 1, 1], False), ([1, 0, 0], True)])
def test_an_area_of_one_class_has_no_value(y: list[int], defined: bool) -> None:  # noqa: FBT001
    """And one of a single positive row has a value, but no interval."""
    auc = get_metric("roc_auc")
    found = quick_intervals([auc], auc.score(np.array(y), np.array([0.9, 0.2, 0.1])), confidence=0.95)["roc_auc"]
    assert bool(np.isnan(found.value)) is not defined
    assert np.isnan(found.low)

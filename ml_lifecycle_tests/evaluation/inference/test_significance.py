"""The paired bootstrap keeps its level, finds real differences, and knows the direction of a metric."""

import numpy as np
import pytest

from ml_lifecycle.evaluation.inference.significance import jackknife_difference, paired_bootstrap
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle_tests.evaluation.problems import binary, queries


def _blurred(p: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    return 1 / (1 + np.exp(-(np.log(p / (1 - p)) + rng.normal(0, strength, len(p)))))


@pytest.mark.parametrize("name", ["accuracy", "log_loss", "roc_auc"])
def test_equal_models_seldom_differ(name: str) -> None:
    """Two equally good models: one is called better in about 5 % of 300 samples (8 %: plus 2.4 standard errors)."""
    better = 0
    for seed in range(300):
        data, rng = binary(120, seed=seed), np.random.default_rng([seed, 1])
        a, b = (_blurred(data.p, 0.7, rng) for _ in range(2))
        found = paired_bootstrap(METRICS[name], data.y, a, b, resamples=200, confidence=0.9, seed=seed)
        better += found.low > 0
    assert 0.01 <= better / 300 <= 0.08


def test_a_better_model_is_found() -> None:
    """A model without noise beats one with much of it."""
    data = binary(800)
    worse = _blurred(data.p, 2.0, np.random.default_rng(99))
    for name in ("roc_auc", "log_loss", "brier", "accuracy"):
        found = paired_bootstrap(METRICS[name], data.y, data.p, worse)
        assert found.difference > 0
        assert 0 < found.low < found.difference < found.high
        assert found.p_value < 0.01
        back = paired_bootstrap(METRICS[name], data.y, worse, data.p)
        assert back.high < 0
        assert back.p_value > 0.99


def test_the_same_model_does_not_differ() -> None:
    """Identical predictions: no difference, and no evidence."""
    data = binary(100)
    found = paired_bootstrap(METRICS["roc_auc"], data.y, data.p, data.p)
    assert (found.difference, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_repeated_rows_are_no_evidence() -> None:
    """Rows that are there twenty times, in groups, do not make a difference surer."""
    data = binary(60)
    worse = _blurred(data.p, 1.0, np.random.default_rng(99))
    once = paired_bootstrap(METRICS["log_loss"], data.y, data.p, worse, seed=2)
    y, a, b, groups = (np.repeat(part, 20) for part in (data.y, data.p, worse, np.arange(60)))
    grouped = paired_bootstrap(METRICS["log_loss"], y, a, b, groups=groups, seed=2)
    assert grouped.high - grouped.low == pytest.approx(once.high - once.low, rel=0.05)


def test_queries_are_drawn_whole() -> None:
    """Ranking models are compared by query."""
    grades, scores, query = queries()
    found = paired_bootstrap(METRICS["ndcg@5"], grades, grades, scores, query=query)
    assert found.a == pytest.approx(1)
    assert found.low > 0


def test_what_cannot_be_measured_is_no_evidence() -> None:
    """One class has no ROC: no bounds, and nothing is better."""
    found = paired_bootstrap(METRICS["roc_auc"], np.zeros(9), np.linspace(0, 1, 9), np.zeros(9))
    assert np.isnan(found.low)
    assert found.p_value == 1


def test_jackknife_agrees_with_the_bootstrap() -> None:
    """Difference and standard error without draws are those of the draws."""
    data = binary(500)
    worse = _blurred(data.p, 1.0, np.random.default_rng(99))
    difference, error = jackknife_difference(METRICS["brier"], data.y, data.p, worse)
    found = paired_bootstrap(METRICS["brier"], data.y, data.p, worse)
    assert difference == pytest.approx(found.difference)
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(error, rel=0.15)

"""The gates of a trained model can pass and can fail."""

import json

import numpy as np
import pytest

from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.evaluation.measures.chance import chance_score
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle.evaluation.model_gates import (
    judge_beats_baseline,
    judge_logged,
    judge_reproducible,
    judge_sanity,
)
from ml_lifecycle_tests.evaluation.problems import binary, queries

CONFIG = EvaluationConfig(bootstrap=200)


def test_a_model_beats_a_constant() -> None:
    """A good model beats the constant; the constant does not beat itself."""
    data = binary(400)
    constant = np.full(400, data.y.mean())
    good = judge_beats_baseline(METRICS["log_loss"], data.y, data.p, constant, config=CONFIG)
    none = judge_beats_baseline(METRICS["log_loss"], data.y, constant, constant, config=CONFIG)
    assert good.passed
    assert none.blocks
    assert "better by at least" in none.summary
    json.dumps([dict(good.facts), dict(none.facts)], allow_nan=False)


def test_the_margin_counts() -> None:
    """A gain below the margin does not pass."""
    data = binary(400)
    verdict = judge_beats_baseline(METRICS["roc_auc"], data.y, data.p, np.zeros(400), config=CONFIG, margin=0.6)
    assert not verdict.passed
    assert "0.6" in verdict.summary


def test_equal_bytes_are_reproducible() -> None:
    """The same bytes pass, a changed one, a missing one and no model at all do not."""
    assert judge_reproducible(b"model", b"model").passed
    changed = judge_reproducible(b"model", b"modem")
    assert not changed.passed
    assert changed.facts["first_difference"] == 4
    assert judge_reproducible(b"model", b"mode").facts["first_difference"] == 4
    assert not judge_reproducible(b"", b"").passed


@pytest.mark.parametrize("name", ["roc_auc", "log_loss", "accuracy", "f1_macro", "mcc"])
def test_predictions_that_know_nothing_are_sane(name: str) -> None:
    """Noise scores at chance, whatever the metric."""
    data = binary(400)
    noise = np.random.default_rng(8).permutation(data.p)
    assert judge_sanity(METRICS[name], data.y, noise, config=CONFIG).passed


@pytest.mark.parametrize("name", ["roc_auc", "log_loss", "accuracy", "f1_macro", "mcc"])
def test_predictions_that_know_the_target_are_a_leak(name: str) -> None:
    """A model that scores high after learning from shuffled labels shows that the evaluation leaks."""
    data = binary(400)
    verdict = judge_sanity(METRICS[name], data.y, data.p, config=CONFIG)
    assert verdict.blocks
    assert "leaks" in verdict.summary
    json.dumps(dict(verdict.facts), allow_nan=False)


def test_one_lucky_shuffle_among_several_is_no_leak() -> None:
    """Only if every shuffle is beyond the bar does the gate fail."""
    data = binary(400)
    assert judge_sanity(METRICS["roc_auc"], data.y, [data.p, 1 - data.p], config=CONFIG).passed
    assert not judge_sanity(METRICS["roc_auc"], data.y, [data.p, data.p], config=CONFIG).passed


def test_with_the_true_model_the_bar_is_half_way() -> None:
    """A shuffled fit that is far nearer to chance than to the true model passes."""
    data = binary(2000)
    slight = 0.15 * data.p + np.random.default_rng(9).random(2000)
    assert not judge_sanity(METRICS["roc_auc"], data.y, slight, config=CONFIG).passed
    assert judge_sanity(METRICS["roc_auc"], data.y, slight, config=CONFIG, p_model=data.p).passed
    assert not judge_sanity(METRICS["roc_auc"], data.y, data.p, config=CONFIG, p_model=data.p).passed


def test_chance_of_ranking_and_regression() -> None:
    """A permuted ranking is chance; the mean is what knows least about a number."""
    grades, scores, query = queries()
    constant = METRICS["ndcg@5"](grades, np.zeros(len(grades)), query)
    assert chance_score(METRICS["ndcg@5"], grades, scores, query=query) == pytest.approx(constant, abs=0.05)
    y = np.random.default_rng(0).normal(size=200)
    assert chance_score(METRICS["r2"], y, y) == pytest.approx(0, abs=0.01)


def test_logged_scores_must_be_found_again() -> None:
    """All found passes; a missing one, another value, and nothing at all do not."""
    assert judge_logged({"a": 0.5, "b": float("nan")}, {"a": 0.5, "b": float("nan"), "c": 1.0}).passed
    missing = judge_logged({"a": 0.5}, {})
    assert missing.blocks
    assert missing.facts["missing"] == ["a"]
    assert judge_logged({"a": 0.5}, {"a": 0.6}).facts["different"] == ["a"]
    assert not judge_logged({}, {}).passed

"""Tests of `ml_lifecycle.evaluation.comparison.old_and_new`: two models on a world that stays, changes, or lies."""

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import ComparisonConfig, EvaluationConfig
from ml_lifecycle.evaluation.comparison.old_and_new import (
    NEWEST,
    OLD,
    TESTED,
    UNSEEN,
    OldAndNew,
    Part,
    compare_old_and_new,
    judge_holds_on_old_test,
    judge_labels_plausible,
)
from ml_lifecycle.evaluation.metrics import get_metric
from ml_lifecycle.verdict import Severity

_CONFIG = EvaluationConfig(bootstrap=50)
_ROWS = 300


def _outcomes(p: np.ndarray, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random(len(p)) < p).astype(int)


def _found(*, now: np.ndarray | None = None, candidate_on_old: np.ndarray | None = None) -> OldAndNew:
    """The champion knew the old world; `now` is what it says today, `candidate_on_old` what the candidate says of then.

    By default nothing has changed, and the candidate is the champion.
    """
    p = np.random.default_rng(0).choice([0.05, 0.95], size=_ROWS)
    then, today = _outcomes(p, 1), _outcomes(p, 2)
    says = p if now is None else now
    parts = {
        NEWEST: Part(today, says, p),
        OLD: Part(then, p, p if candidate_on_old is None else candidate_on_old),
        UNSEEN: Part(today, says),
        TESTED: Part(then, p),
    }
    metric = get_metric("roc_auc")
    return compare_old_and_new(parts, kind=Kind.BINARY, metric=metric, config=_CONFIG, decides=NEWEST)


_NOISE = np.random.default_rng(9).random(_ROWS)


def test_the_champions_present_performance_is_told_with_its_interval() -> None:
    """On what is new and on what it was tested on; the candidate's side only where both are new to the rows."""
    found = _found()
    now, newest = found.of(UNSEEN), found.of(NEWEST)
    assert now is not None
    assert now.champion is not None
    assert now.champion_low is not None
    assert now.champion_low < now.champion
    assert now.candidate is None
    assert newest is not None
    assert newest.decides
    assert newest.difference == pytest.approx(0)


def test_a_candidate_that_forgot_the_old_world_for_nothing_is_stopped() -> None:
    """The champion is as good as ever, so that the old rows still say how the world is."""
    found = _found(candidate_on_old=_NOISE)
    verdict = judge_holds_on_old_test(found, _CONFIG)
    assert not found.changed
    assert verdict.blocks
    assert "a loss of" in verdict.summary


def test_where_the_world_has_changed_it_only_warns() -> None:
    """The champion knows nothing of what has come since: a model of today need not know how it was."""
    found = _found(now=_NOISE, candidate_on_old=_NOISE)
    verdict = judge_holds_on_old_test(found, _CONFIG)
    assert found.changed
    assert not verdict.passed
    assert verdict.severity is Severity.WARN
    assert "The world has changed" in verdict.summary


def test_labels_that_are_turned_round_stop_a_promotion() -> None:
    """The champion says the opposite of them as surely as it said the truth before."""
    p = np.random.default_rng(0).choice([0.05, 0.95], size=_ROWS)
    verdict = judge_labels_plausible(_found(now=1 - p), _CONFIG)
    assert verdict.blocks
    assert "taken for inverted" in verdict.summary


def test_a_model_that_knows_nothing_any_more_is_no_sign_of_wrong_labels() -> None:
    """That is what drift does."""
    assert judge_labels_plausible(_found(now=_NOISE), _CONFIG).passed


def test_who_knows_that_the_world_has_turned_round_can_say_so() -> None:
    """With null in the YAML nothing is judged."""
    p = np.random.default_rng(0).choice([0.05, 0.95], size=_ROWS)
    config = EvaluationConfig(comparison=ComparisonConfig(inversion=None))
    assert judge_labels_plausible(_found(now=1 - p), config).passed


def test_without_a_champion_there_is_nothing_to_judge() -> None:
    """The first model."""
    assert judge_holds_on_old_test(None, _CONFIG).passed
    assert judge_labels_plausible(None, _CONFIG).passed

"""Ensembles: kept where they gain, refused where they do not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.modeling import EnsembleConfig, ModelingConfig, SearchConfig
from ml_lifecycle.modeling import ensemble_members
from ml_lifecycle.modeling.ensemble import build_ensemble
from ml_lifecycle.modeling.ensemble_weights import choose_greedily, fit_stack
from ml_lifecycle.modeling.estimators import FittedModel, Rounds, get_family
from ml_lifecycle.modeling.training import fit_model, refit
from ml_lifecycle_tests.modeling.problems import KINDS, LOG_LOSS, RMSE, SCORES, make_goal, make_samples

RNG = np.random.default_rng(11)
GREEDY = EnsembleConfig(method="greedy", candidates=4, members=3)
STACKING = EnsembleConfig(method="stacking", candidates=4, members=3)


@dataclass(frozen=True)
class Search:
    """A finished search."""

    model: FittedModel
    params: Mapping[str, Any]
    trials: pd.DataFrame
    best_trial: int
    others: tuple[tuple[int, FittedModel], ...] = ()


def make_search(kind: Kind) -> Search:
    """A search of four trials, one pruned, one the same as the best."""
    train, goal = make_samples(kind), make_goal(kind)
    family = get_family("lightgbm")
    params = {**family.default_parameters(300, goal), "num_leaves": 7, "feature_fraction": 0.9}
    found = [{"num_leaves": 7}, {"num_leaves": 4}, {"num_leaves": 7}, {"num_leaves": 12}, {"num_leaves": 20}]
    score = SCORES[kind]
    values = [0.9, 0.8, 0.9, 0.5, 0.7] if score.greater_is_better else [0.1, 0.2, 0.1, 0.5, 0.3]
    trials = pd.DataFrame(
        {
            "number": range(5),
            "state": ["complete", "complete", "complete", "pruned", "complete"],
            "value": values,
            "params": [json.dumps(one) for one in found],
        }
    )
    model = fit_model(family, train, None, params, goal=goal, rounds=Rounds(15)).model
    return Search(model, params, trials, 0)


def always(_y: Any, _ensemble: Any, _single: Any, _query: Any) -> tuple[bool, dict[str, Any]]:
    """A test that finds every gain sure."""
    return True, {"p": 0.0}


def never(_y: Any, _ensemble: Any, _single: Any, _query: Any) -> tuple[bool, dict[str, Any]]:
    """A test that finds none."""
    return False, {"p": 1.0}


def configure(ensemble: EnsembleConfig, seconds: float = 60.0) -> ModelingConfig:
    """A section with small models."""
    return ModelingConfig(ensemble=ensemble, max_trees=20, search=SearchConfig(seconds=seconds))


def build(kind: Kind, ensemble: EnsembleConfig, is_better: Any = always, seconds: float = 60.0, **more: Any) -> Any:
    """An ensemble of the search."""
    rows = make_samples(kind), make_samples(kind, 200, seed=1), make_search(kind)
    config = configure(ensemble, seconds)
    return build_ensemble(*rows, config=config, score=SCORES[kind], is_better=is_better, **more)


@pytest.mark.parametrize("config", [GREEDY, STACKING])
@pytest.mark.parametrize("kind", KINDS)
def test_the_best_trials_become_one_model(kind: Kind, config: EnsembleConfig) -> None:
    """Complete trials only, each configuration once; the model is stored and fitted again like any other."""
    result = build(kind, config)
    assert set(result.members["trial"]) == {0, 1, 4}
    assert result.members["weight"].sum() == pytest.approx(1)
    assert result.test == {"p": 0.0}
    assert result.latency_ms > 0
    assert result.reasons
    if result.kept:
        valid = make_samples(kind, 200, seed=1)
        assert np.isfinite(SCORES[kind](valid.y, result.model.predict_matrix(valid.matrix)))
        assert refit(result.model, make_samples(kind)).to_files() == result.model.to_files()


def test_without_a_sure_gain_the_tuned_model_stays() -> None:
    """And the reason is told."""
    result = build(Kind.BINARY, STACKING, never)
    assert not result.kept
    assert result.model.family == "lightgbm"
    assert "No gain beyond chance" in result.reasons[-1]


def test_a_slow_ensemble_is_not_kept() -> None:
    """The time of one row is measured, and told beside what is allowed."""
    slow = build(Kind.BINARY, STACKING, latency_p95_ms=1e-6)
    assert not slow.kept
    assert "more than the 1e-06 ms allowed" in slow.reasons[-1]
    quick = build(Kind.BINARY, STACKING, latency_p95_ms=1e6)
    assert quick.kept
    assert quick.model.family == "blend"


def test_the_gain_is_tested_on_rows_that_the_weights_have_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """With members that are chance, weights fitted on all rows would find a gain; out of fold there is none."""
    kind, told = Kind.REGRESSION, {}
    valid = make_samples(kind, 200, seed=1)
    search = make_search(kind)

    def chance(*_: Any, **__: Any) -> Any:
        noise = [RNG.normal(size=200) for _ in range(30)]
        return [ensemble_members.Member(number, search.model, one, 0.0) for number, one in enumerate(noise)], []

    def remember(y: Any, together: Any, _single: Any, _query: Any) -> tuple[bool, dict[str, Any]]:
        told["rmse"] = RMSE(y, together)
        return False, {}

    monkeypatch.setattr("ml_lifecycle.modeling.ensemble.fit_members", chance)
    config = EnsembleConfig(method="stacking", candidates=30, members=30)
    build_ensemble(valid, valid, search, config=configure(config), score=RMSE, is_better=remember)
    assert told["rmse"] >= valid.y.std()


def test_dependent_rows_stay_together() -> None:
    """All rows of a group are judged by weights that saw none of it."""
    groups = np.arange(200) // 50
    result = build(Kind.BINARY, GREEDY, groups=groups)
    assert not result.kept
    assert "too few groups" in result.reasons[0]


def test_nothing_is_done_where_nothing_can_be_mixed() -> None:
    """No method, or no seconds for a second trial."""
    assert "No ensemble" in build(Kind.BINARY, EnsembleConfig()).reasons[0]
    hurried = build(Kind.BINARY, GREEDY, seconds=1e-9)
    assert not hurried.kept
    assert "were not fitted within" in hurried.reasons[0]


def test_greedy_selection_finds_what_complements() -> None:
    """Two models with opposite errors are mixed evenly; a bad one is left out."""
    y = RNG.normal(size=500)
    error = RNG.normal(size=500)
    mix = choose_greedily(y, [y + error, y - error, RNG.normal(size=500)], RMSE, kind=Kind.REGRESSION, most=3)
    np.testing.assert_allclose(mix.weights, [0.5, 0.5, 0.0])


def test_greedy_selection_takes_no_more_than_it_may() -> None:
    """However good the others are."""
    y = RNG.normal(size=300)
    mix = choose_greedily(y, [y + RNG.normal(size=300) for _ in range(6)], RMSE, kind=Kind.REGRESSION, most=2)
    assert np.count_nonzero(mix.weights) == 2
    assert sum(mix.weights) == pytest.approx(1)


def test_scores_of_rankings_are_made_comparable() -> None:
    """A model whose scores are a thousand times larger weighs no more by that."""
    y = RNG.integers(0, 3, 300).astype(float)
    first, second = y + RNG.normal(size=300), y + RNG.normal(size=300)
    score = SCORES[Kind.RANKING]
    mix = choose_greedily(y, [first, 1000 * second], score, kind=Kind.RANKING, most=2)
    assert 0.3 < mix.weights[0] / (mix.weights[0] + 1000 * mix.weights[1]) < 0.7
    stack = fit_stack(y, [first, 1000 * second], kind=Kind.RANKING)
    assert 0.3 < stack.weights[0] / (stack.weights[0] + 1000 * stack.weights[1]) < 0.7


@pytest.mark.parametrize("classes", [2, 3])
def test_stacking_beats_each_of_its_members(classes: int) -> None:
    """Models that each know a part are better together, and weights are not negative."""
    signal, noise = RNG.normal(size=(2, 3000, classes)), RNG.gumbel(size=(3000, classes))
    y = (signal.sum(axis=0) * 2 + noise).argmax(axis=1)
    parts = [np.exp(2 * one) / np.exp(2 * one).sum(axis=1, keepdims=True) for one in signal]
    shown = parts if classes > 2 else [part[:, 1] for part in parts]
    mix = fit_stack(y, shown, kind=Kind.MULTICLASS if classes > 2 else Kind.BINARY)
    assert min(mix.weights) > 0.5
    assert LOG_LOSS(y, mix(shown)) < min(LOG_LOSS(y, part) for part in shown) - 0.1

"""What families can do, and goals that ask for what they cannot."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.modeling import ModelingConfig
from ml_lifecycle.errors import ConfigError, ModelError
from ml_lifecycle.modeling.estimators import FAMILIES, Goal, ModelFacts, Rounds, adapt_goal, check_goal, get_family
from ml_lifecycle.modeling.estimators.capabilities import OBJECTIVES, huber_delta
from ml_lifecycle.modeling.training import fit_model
from ml_lifecycle_tests.modeling.problems import make_goal, make_samples

AMOUNT = make_goal(Kind.REGRESSION)
LEVELS = {"quantile": 0.8, "tweedie": 1.5}
PAIRS = [
    (name, objective)
    for name, family in FAMILIES.items()
    for objective in sorted(family.capabilities.objectives & OBJECTIVES[Kind.REGRESSION] - {"auto"})
]


@pytest.mark.parametrize(("family", "objective"), PAIRS)
def test_every_objective_learns(family: str, objective: str) -> None:
    """Predictions go with the target; a quantile lies above its share of the rows; logarithmic ones are positive."""
    train = make_samples(Kind.REGRESSION, 300)
    train = replace(train, y=np.exp(train.y / 2))
    goal = replace(AMOUNT, objective=objective, level=LEVELS.get(objective))
    model = fit_model(get_family(family), train, None, {}, goal=goal, rounds=Rounds(30)).model
    found = model.predict_matrix(train.matrix)
    assert np.corrcoef(found, train.y)[0, 1] > 0.6
    if objective == "quantile":
        assert 0.65 < (train.y <= found).mean() < 0.95
    if objective in {"poisson", "gamma", "tweedie"}:
        assert found.min() > 0


@pytest.mark.parametrize(
    ("family", "kind"),
    [
        (name, kind)
        for name, family in FAMILIES.items()
        for kind in (Kind.BINARY, Kind.REGRESSION, Kind.RANKING)
        if family.capabilities.monotone and (name, kind) != ("catboost", Kind.RANKING)
    ],
)
def test_monotone_features_are_obeyed(family: str, kind: Kind) -> None:
    """Against the signal, predictions still never rise with a feature that they may only fall with."""
    train = make_samples(kind, 200)
    goal = replace(make_goal(kind), monotone={"age": -1})
    model = fit_model(get_family(family), train, None, {}, goal=goal, rounds=Rounds(10)).model
    values = np.repeat(train.matrix.values[None, :40], 5, axis=0)
    values[:, :, 0] = np.linspace(-2, 2, 5)[:, None]
    found = np.array([model.predict(part) for part in values])
    assert (np.diff(found, axis=0) <= 1e-7).all()


@pytest.mark.parametrize("name", ["city:x", "agee"])
def test_monotone_categories_and_unknown_features_are_refused(name: str) -> None:
    """Codes have no order, and a typo is answered with the nearest name."""
    goal = replace(AMOUNT, monotone={name: 1})
    for family in ("lightgbm", "hist_gradient_boosting", "decision_tree", "xgboost", "catboost"):
        with pytest.raises(ConfigError, match="holds categories" if name == "city:x" else "did you mean 'age'"):
            fit_model(get_family(family), make_samples(Kind.REGRESSION), None, {}, goal=goal, rounds=Rounds(1))


def test_what_a_family_lacks_is_refused_with_those_that_have_it() -> None:
    """Objective and kind, objective and family, and monotone features are checked before anything is fitted."""
    with pytest.raises(ConfigError, match="poisson is for regression"):
        check_goal(get_family("lightgbm"), replace(make_goal(Kind.BINARY), objective="poisson"))
    with pytest.raises(ConfigError, match=r"knn cannot rank by lambdarank.*lightgbm, xgboost, catboost"):
        check_goal(get_family("knn"), replace(make_goal(Kind.RANKING), objective="lambdarank"))
    with pytest.raises(ConfigError, match="linear lacks the objective quantile"):
        check_goal(get_family("linear"), replace(AMOUNT, objective="quantile", level=0.5))
    with pytest.raises(ConfigError, match="knn cannot be bound"):
        check_goal(get_family("knn"), replace(AMOUNT, monotone={"age": 1}))
    with pytest.raises(ConfigError, match=r"for the objective quantile.*catboost"):
        check_goal(get_family("lightgbm"), replace(AMOUNT, objective="quantile", level=0.5, monotone={"age": 1}))
    with pytest.raises(ConfigError, match="catboost cannot be bound"):
        check_goal(get_family("catboost"), replace(make_goal(Kind.RANKING), monotone={"age": 1}))
    with pytest.raises(ConfigError, match="got multiclass"):
        check_goal(get_family("lightgbm"), replace(make_goal(Kind.MULTICLASS), monotone={"age": 1}))


def test_a_model_to_compare_with_takes_what_it_can() -> None:
    """The goal of a lesser family loses the objective and the bounds that it lacks, and nothing else."""
    asked = replace(AMOUNT, objective="quantile", level=0.9, monotone={"age": 1}, seed=3)
    assert adapt_goal(get_family("linear"), asked) == replace(AMOUNT, seed=3)
    assert adapt_goal(get_family("catboost"), asked) == asked


def test_labels_must_suit_a_logarithm() -> None:
    """Negative labels, and a zero for gamma, are errors that name the objective."""
    samples = make_samples(Kind.REGRESSION)
    for objective, y in (("poisson", samples.y), ("gamma", np.abs(samples.y) * (samples.y > 0))):
        goal = replace(AMOUNT, objective=objective)
        with pytest.raises(ModelError, match=f"{objective} cannot learn these labels"):
            fit_model(get_family("lightgbm"), replace(samples, y=y), None, {}, goal=goal, rounds=Rounds(1))


def test_a_goal_comes_from_the_modeling_section() -> None:
    """Only the level of the chosen objective is taken over."""
    config = ModelingConfig.model_validate({"objective": "quantile", "quantile": 0.9, "monotone": {"a": 1}, "seed": 4})
    goal = Goal.of(Kind.REGRESSION, 0, config, threads=2)
    assert goal == Goal(Kind.REGRESSION, 0, 4, 2, "quantile", 0.9, {"a": 1})
    assert Goal.of(Kind.BINARY, 2, ModelingConfig(), threads=1) == Goal(Kind.BINARY, 2)
    assert hash(goal) == hash(replace(goal, monotone={}))


def test_facts_without_an_objective_are_still_read() -> None:
    """A model that was stored before there were objectives has the one it always had."""
    facts = ModelFacts("linear", Goal(Kind.BINARY, 2), ("a",), (), {"C": 1.0}, 3, 10, {"a": 1.0})
    raw = json.loads(facts.to_json())
    for name in ("objective", "level", "monotone"):
        del raw["goal"][name]
    assert ModelFacts.from_json(json.dumps(raw).encode()) == facts


def test_hubers_width_goes_with_the_labels() -> None:
    """Labels ten times as wide give a width ten times as large; constant ones give one that is not 0."""
    y = np.random.default_rng(0).normal(size=500)
    assert huber_delta(10 * y) == pytest.approx(10 * huber_delta(y))
    assert huber_delta(np.ones(5)) > 0


@pytest.mark.parametrize("kind", list(Kind))
def test_costs_are_positive(kind: Kind) -> None:
    """Every family says what a fit costs, LightGBM as the unit."""
    hints = {name: family.cost_hint(10_000, 20, make_goal(kind)) for name, family in FAMILIES.items()}
    assert min(hints.values()) > 0
    assert hints["lightgbm"] == 1

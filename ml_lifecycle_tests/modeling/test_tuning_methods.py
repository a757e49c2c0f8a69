"""The methods of the search: what they draw, in which order, and what they need."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.modeling import SearchConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.modeling.search_space import Choice, Range
from ml_lifecycle.modeling.tuning.methods import GridWalk, count_grid, list_points
from ml_lifecycle_tests.modeling.test_tuning import search

#: Few hyperparameters stay to be searched: a grid of two times two points.
FIXED = {
    "num_leaves": 5, "min_data_in_leaf": 5, "feature_fraction": 0.9, "bagging_fraction": 0.9, "lambda_l2": 1.0,
    "min_sum_hessian_in_leaf": 1e-3, "categories": "codes",
}  # fmt: skip


@pytest.mark.parametrize("method", ["tpe", "random", "cmaes"])
@pytest.mark.parametrize("pruner", ["none", "median", "successive_halving", "hyperband"])
def test_methods_and_pruners_go_together(tmp_path: Path, method: str, pruner: str) -> None:
    """Each search makes exactly the trials asked for, categories among the parameters, and ends with a model."""
    config = SearchConfig(trials=8, seconds=60, method=method, pruner=pruner)  # type: ignore[arg-type]
    found = search(tmp_path, search=config, max_trees=30)
    assert found.trials["state"].isin(["complete", "pruned"]).sum() == 8
    assert "extra_trees" in json.loads(found.trials["params"].iloc[-1])


def test_a_grid_ends_when_it_is_exhausted(tmp_path: Path) -> None:
    """The default first, then each point once, whatever more trials are allowed."""
    config = SearchConfig(trials=50, seconds=60, method="grid", grid_points=2, pruner="none")
    found = search(tmp_path, search=config, parameters=FIXED)
    drawn = found.trials.loc[found.trials["origin"] == "search", "params"]
    assert len(drawn) == drawn.nunique() == 4
    assert len(found.trials) == 5
    again = search(tmp_path, search=config, parameters=FIXED)
    assert (len(again.trials), again.resumed_from) == (5, 5)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6, 30])
def test_a_walk_visits_each_point_once(size: int) -> None:
    """However many points there are, and in another order for another seed."""
    space = {"a": Range(1, size, integer=True), "b": Choice(("x", "y", "z"))}
    walk = GridWalk(space, size + 1, seed=3)
    count = count_grid(space, size + 1)
    seen = set()
    for walk.place in range(count):
        seen.add(tuple(walk.sample_relative(None, None, {}).values()))  # type: ignore[arg-type]
    assert len(seen) == count


def test_points_are_spread_by_what_counts() -> None:
    """Logarithms where the range is logarithmic, whole numbers where it is of integers, all options of a choice."""
    assert list_points(Range(0, 1), 3) == [0.0, 0.5, 1.0]
    assert list_points(Range(0.01, 1, log=True), 3) == pytest.approx([0.01, 0.1, 1.0])
    assert list_points(Range(1, 2, integer=True), 5) == [1, 2]
    assert list_points(Choice((True, "a")), 3) == [True, "a"]


def test_the_same_seed_draws_the_same(tmp_path: Path) -> None:
    """Two searches in two journals agree in every trial; another seed draws others."""
    first, second = (search(tmp_path / name, trials=6).trials["params"].tolist() for name in "ab")
    assert first == second
    assert search(tmp_path / "c", trials=6, seed=1).trials["params"].tolist() != first


@pytest.mark.parametrize("method", ["tpe", "random"])
def test_an_interrupted_search_draws_what_it_would_have_drawn(tmp_path: Path, method: str) -> None:
    """A search in two calls tries what one call tries."""
    config = {"seconds": 60, "method": method, "pruner": "none"}
    for trials in (5, 7):
        halves = search(tmp_path / "halves", search=SearchConfig(trials=trials, **config))  # type: ignore[arg-type]
    whole = search(tmp_path / "whole", search=SearchConfig(trials=7, **config))  # type: ignore[arg-type]
    assert halves.trials["params"].tolist() == whole.trials["params"].tolist()


def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A method without its package is an error that names the extra."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"ml-lifecycle\[gp\]"):
        search(tmp_path, search=SearchConfig(trials=2, seconds=60, method="gp"))


def test_quality_and_latency(tmp_path: Path) -> None:
    """The fastest model within the tolerance is taken, and the front says what else there was."""
    config = SearchConfig(trials=12, seconds=60, objective="quality_and_latency", tolerance=0.1)
    found = search(tmp_path, search=config, max_trees=40)
    complete = found.trials.query("state == 'complete'")
    chosen = complete.set_index("number").loc[found.best_trial]
    assert chosen["value"] <= complete["value"].min() + 0.1
    assert chosen["work"] == complete.loc[complete["value"] <= complete["value"].min() + 0.1, "work"].min()
    assert found.front.loc[found.front["chosen"], "number"].tolist() == [found.best_trial]
    assert found.front["value"].is_monotonic_decreasing
    assert (complete["latency_us"] > 0).all()
    again = type(found).from_parts(found.to_parts())
    assert again.front["number"].tolist() == sorted(found.front["number"])


def test_two_objectives_are_too_many_for_cmaes(tmp_path: Path) -> None:
    """It says which methods can."""
    config = SearchConfig(trials=2, seconds=60, method="cmaes", objective="quality_and_latency")
    with pytest.raises(ConfigError, match="one objective"):
        search(tmp_path, search=config)


def test_importance_and_curve_are_kept(tmp_path: Path) -> None:
    """What plots need comes with the result, and is stored with it."""
    found = search(tmp_path, Kind.REGRESSION, search=SearchConfig(trials=14, seconds=60, pruner="none"))
    assert set(found.importance["parameter"]) <= set(json.loads(found.trials["params"].iloc[0]))
    assert found.curve["value"].min() == pytest.approx(found.trials["value"].min())
    again = type(found).from_parts(found.to_parts())
    assert again.curve.equals(found.curve)

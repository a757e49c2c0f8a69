"""What is tried first: the default, what is known, the portfolio; and the slower form of the best."""

from __future__ import annotations

import json
from pathlib import Path

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.modeling import ModelingConfig, SearchConfig
from ml_lifecycle.modeling.estimators import FAMILIES
from ml_lifecycle.modeling.portfolio import PORTFOLIOS, list_portfolio
from ml_lifecycle.modeling.search_space import Parameter
from ml_lifecycle.modeling.tuning import TuningResult, tune
from ml_lifecycle_tests.modeling.problems import SCORES, make_goal, make_samples


def search(
    storage: Path, *, rows: int = 300, known: tuple[dict[str, Parameter], ...] = (), **budget: object
) -> TuningResult:
    """Tune on a small problem that depends on the number of rows."""
    config = SearchConfig(**{"trials": 4, "seconds": 60, "pruner": "none", **budget})  # type: ignore[arg-type]
    return tune(
        make_samples(Kind.BINARY, rows),
        make_samples(Kind.BINARY, 100, seed=1),
        kind=Kind.BINARY,
        classes=2,
        config=ModelingConfig(max_trees=15, threads=1, search=config),
        score=SCORES[Kind.BINARY],
        storage=storage,
        study_name="study",
        known=known,
    )


def origins(found: TuningResult) -> list[str]:
    """Where the trials came from."""
    return found.trials["origin"].tolist()


def test_the_champion_is_tried_right_after_the_default(tmp_path: Path) -> None:
    """Its parameters are brought into the space; what the space does not know is left out."""
    champion: dict[str, Parameter] = {"num_leaves": 100_000, "learning_rate": 0.07, "unheard_of": 1}
    found = search(tmp_path, known=(champion,))
    assert origins(found) == ["default", "known", "portfolio", "search"]
    tried = json.loads(found.trials["params"].iloc[1])
    assert (tried["num_leaves"] < 1000, tried["learning_rate"], "unheard_of" in tried) == (True, 0.07, False)
    again = search(tmp_path, known=({"num_leaves": 7},), trials=5)
    assert origins(again).count("known") == 1


def test_earlier_searches_are_learnt_from(tmp_path: Path) -> None:
    """The best of a search on other data is tried in the next one, unless that is switched off."""
    before = search(tmp_path)
    best = before.trials.set_index("number").loc[before.best_trial, "params"]
    later = search(tmp_path, rows=320)
    if before.best_trial:
        assert later.trials.loc[later.trials["origin"] == "known", "params"].tolist() == [best]
    assert "known" not in origins(search(tmp_path, rows=340, warm_start=False))


def test_nothing_known_changes_nothing(tmp_path: Path) -> None:
    """With an empty journal and no champion a search is the same with and without warm start."""
    warm, cold = search(tmp_path / "a"), search(tmp_path / "b", warm_start=False)
    assert warm.trials["params"].tolist() == cold.trials["params"].tolist()


def test_the_last_trial_is_the_best_one_slower(tmp_path: Path) -> None:
    """Where there are trials enough, one of them is the best configuration at a lower rate."""
    found = search(tmp_path, trials=12)
    slower = found.trials.loc[found.trials["origin"] == "slower"]
    assert slower["number"].tolist() == [11]
    params = json.loads(slower["params"].item())
    rates = [json.loads(text) for text in found.trials["params"][:11]]
    assert any({**other, "learning_rate": 0} == {**params, "learning_rate": 0} for other in rates)
    assert params["learning_rate"] < max(other["learning_rate"] for other in rates)


def test_portfolios_fit_their_spaces() -> None:
    """All entries lie in the space of their family, name nothing foreign, and none is the default."""
    for name, family in FAMILIES.items():
        goal = make_goal(Kind.BINARY)
        space, default = family.space(100_000, goal), family.default_parameters(100_000, goal)
        default = {key: value for key, value in default.items() if key in space}
        entries = list_portfolio(name, space, default)
        assert len(entries) <= len(PORTFOLIOS.get(name, ()))
        assert all(set(entry) == set(space) and entry != default for entry in entries)
        assert all(set(entry) <= set(space) for entry in PORTFOLIOS.get(name, ()))

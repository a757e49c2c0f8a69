"""What trials share: patience and progress by the rate of learning, rows that grow, and the identity of a search."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.modeling import ModelingConfig, SearchConfig
from ml_lifecycle.modeling.estimators import get_family
from ml_lifecycle.modeling.search import Part, Search, identify_search
from ml_lifecycle_tests.modeling.problems import SCORES, make_goal, make_samples

TRAIN, VALID = make_samples(Kind.BINARY), make_samples(Kind.BINARY, 100, seed=1)


def make_search(family: str = "lightgbm", **changes: object) -> Search:
    """A search on a small problem."""
    config = ModelingConfig(family=family, **changes)  # type: ignore[arg-type]
    return Search(get_family(family), make_goal(Kind.BINARY), config, SCORES[Kind.BINARY], (Part(TRAIN, VALID),))


def identity(**changes: object) -> str:
    """The identity of a search with such settings."""
    config = ModelingConfig(search=SearchConfig(**changes))  # type: ignore[arg-type]
    return identify_search((Part(TRAIN, VALID),), TRAIN, VALID, make_goal(Kind.BINARY), config, SCORES[Kind.BINARY])


def test_a_slower_rate_has_more_patience() -> None:
    """As many rounds more as the rate is lower, within bounds."""
    search = make_search()
    patience = {rate: search.rounds(None, {"learning_rate": rate}).patience for rate in (0.02, 0.05, 0.1, 0.3)}
    assert patience == {0.02: 250, 0.05: 100, 0.1: 50, 0.3: 50}


def test_curves_advance_with_rounds_times_rate() -> None:
    """Half the rate takes twice the rounds to the same step; where rounds are few they are counted as they are."""
    search = make_search()
    assert search.progress({"learning_rate": 0.1})(100) == search.progress({"learning_rate": 0.05})(200) == 20
    few = make_search(max_trees=100)
    assert few.progress({"learning_rate": 0.1})(100) == few.progress({"learning_rate": 0.05})(100) == 5


def test_families_without_a_rate_count_rounds() -> None:
    """A linear model has stretches, and looks after each."""
    search = make_search("linear")
    assert search.rounds(None, {"C": 1.0}).patience == get_family("linear").patience
    assert search.last_step >= 1


@pytest.mark.parametrize("change", [{"method": "random"}, {"grow": False}, {"pruner": "none"}, {"max_rows": 2000}])
def test_another_setting_is_another_search(change: dict[str, object]) -> None:
    """All settings count but the budget, the workers, and what is known."""
    assert identity(**change) != identity()
    assert identity(trials=99, seconds=1.0, workers=3, warm_start=False, tolerance=0.5) == identity()


def test_rows_grow_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer rows come first above a limit, never with folds, without pruning, or where it is switched off."""
    assert not make_search().grows
    monkeypatch.setattr("ml_lifecycle.modeling.search.GROW_FROM", 200)
    search = make_search()
    assert search.grows
    assert len(search.prepared_small().train) == 75
    assert search.prepared_small() is search.prepared_small()
    assert not make_search(search=SearchConfig(grow=False)).grows
    assert not make_search(search=SearchConfig(pruner="none")).grows
    assert np.isfinite(search.rows)

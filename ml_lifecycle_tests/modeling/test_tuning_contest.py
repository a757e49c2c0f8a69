"""Several families have a look, one is searched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.modeling import EnsembleConfig, ModelingConfig, SearchConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.modeling.tuning import TuningResult, tune
from ml_lifecycle.modeling.tuning.family_search import FamilySearch
from ml_lifecycle.modeling.tuning.result import OTHER_FAMILY
from ml_lifecycle_tests.modeling.problems import SCORES, make_goal, make_samples


def hold(
    storage: Path, families: tuple[str, ...], *, kind: Kind = Kind.BINARY, trials: int = 4, **changes: object
) -> TuningResult:
    """Tune a small problem by a contest."""
    search = SearchConfig(trials=trials, seconds=60, families=families)  # type: ignore[arg-type]
    return tune(
        make_samples(kind),
        make_samples(kind, 100, seed=1),
        kind=kind,
        classes=make_goal(kind).classes,
        config=ModelingConfig(family="auto", threads=1, max_trees=25, search=search, **changes),  # type: ignore[arg-type]
        score=SCORES[kind],
        storage=storage,
        study_name="study",
    )


def test_the_best_look_is_searched_on(tmp_path: Path) -> None:
    """A boosted model beats the neighbours here, and gets the trials; the table tells of both."""
    found = hold(tmp_path, ("knn", "lightgbm"))
    table = found.families.set_index("family")
    assert found.model.family == "lightgbm"
    assert table["chosen"].to_dict() == {"knn": False, "lightgbm": True}
    assert table["trials"].to_dict() == {"knn": 1, "lightgbm": 4}
    assert table["value"].idxmin() == "lightgbm"


def test_a_contest_is_not_held_again(tmp_path: Path) -> None:
    """The journals know what was done: the same model comes out, and no trial is made."""
    first, second = (hold(tmp_path, ("lightgbm", "knn")) for _ in range(2))
    assert second.resumed_from == len(second.trials) == len(first.trials) == 4
    rows = make_samples(Kind.BINARY, 50, seed=2).matrix
    assert np.array_equal(first.model.predict_matrix(rows), second.model.predict_matrix(rows))
    assert second.families["trials"].tolist() == [4, 1]


def test_who_cannot_does_not_take_part(tmp_path: Path) -> None:
    """Neighbours cannot be bound to rise with a feature; boosting can."""
    found = hold(tmp_path, ("knn", "lightgbm"), monotone={"age": 1})
    assert found.families["family"].tolist() == ["lightgbm"]


def test_nobody_can(tmp_path: Path) -> None:
    """Then it is said why, for each."""
    with pytest.raises(ConfigError, match="no family can be searched") as refused:
        hold(tmp_path, ("knn",), monotone={"age": 1})
    assert "knn:" in refused.value.got


def test_the_families_are_stored(tmp_path: Path) -> None:
    """The table goes where the trials go."""
    found = hold(tmp_path, ("lightgbm", "linear"), trials=2)
    again = TuningResult.from_parts(found.to_parts())
    assert set(again.families["family"]) == {"lightgbm", "linear"}


def test_an_ensemble_is_given_what_is_at_hand(tmp_path: Path) -> None:
    """The best of the other family, and the next best trials; the same models when the contest is read again."""
    first, second = (
        hold(tmp_path, ("lightgbm", "linear"), trials=6, ensemble=EnsembleConfig(method="greedy")) for _ in range(2)
    )
    assert first.others[0][0] == OTHER_FAMILY
    assert {first.model.family, first.others[0][1].family} == {"lightgbm", "linear"}
    mates = [number for number, _ in first.others[1:]]
    assert mates
    assert first.best_trial not in mates
    rows = make_samples(Kind.BINARY, 50, seed=2).matrix
    for (number, model), (again, other) in zip(first.others, second.others, strict=True):
        assert number == again
        assert np.array_equal(model.predict_matrix(rows), other.predict_matrix(rows))
    assert hold(tmp_path, ("lightgbm", "linear"), trials=6).others == ()


def test_where_time_is_short_slow_families_have_no_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock has ended the first one's look: that of a slower one would show nothing; a quicker one has its own."""
    monkeypatch.setattr(FamilySearch, "look", _looking_briefly(FamilySearch.look))
    found = hold(tmp_path, ("lightgbm", "catboost", "linear"), trials=3)
    assert found.families["family"].tolist() == ["lightgbm", "linear"]


def _looking_briefly(look: Callable[..., None]) -> Callable[..., None]:
    def briefly(self: FamilySearch, seconds: float, known: object) -> None:
        del seconds
        look(self, 0.0, known)

    return briefly

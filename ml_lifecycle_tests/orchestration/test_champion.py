"""Tests of `ml_lifecycle.orchestration.champion`."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import StateError
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.orchestration.champion import Champion, judged_version
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.release.ledger import State
from ml_lifecycle_tests.small_shop import Story


@dataclass
class _Package:
    """As much of a package as is asked here; it is its own predictor."""

    target: Target
    answers: np.ndarray

    @property
    def predictor(self) -> "_Package":
        return self

    def coerce(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        return self.answers[: len(rows)]


def _champion(project: ProjectConfig, target: Target, answers: Any) -> Champion:
    champion = Champion(Workspace(project), "3")
    champion.__dict__["package"] = _Package(target, np.array(answers))
    return champion


def test_without_a_champion_it_is_said_how_to_get_one(project: ProjectConfig) -> None:
    """Monitoring before the first run."""
    assert Champion.find(Workspace(project)) is None
    with pytest.raises(StateError, match="run `ml-lifecycle run tiny`"):
        Champion.require(Workspace(project))


@pytest.mark.parametrize(
    ("versions", "judged"),
    [({"1": 9}, "1"), ({"1": 9, "2": 1}, "2"), ({}, "2"), ({"0": 5, "1": 4}, "0")],
    ids=["before it", "some of its own", "an empty window", "of two before it"],
)
def test_a_window_before_the_champion_says_of_the_version_of_then(
    project: ProjectConfig, versions: dict[str, int], judged: str
) -> None:
    """Its outcomes may come after another version went into production."""

    @dataclass
    class _Window:
        versions: dict[str, int]

    Workspace(project).ledger.append("tiny", "2", State.CHAMPION, by="anna", evidence={"why": "better"})
    assert judged_version(project, _Window(versions)).version == judged


def test_its_probabilities_are_put_into_the_candidates_classes(project: ProjectConfig) -> None:
    """The candidate knows a new class, to which the champion gives no probability, and another order."""
    own, target = (Target(Kind.MULTICLASS, "y", names) for names in (("a", "b", "c"), ("d", "c", "a", "b")))
    champion = _champion(project, own, [[0.5, 0.3, 0.2]])
    assert champion.predict_for(pd.DataFrame({"x": [1]}), target).tolist() == [[0, 0.2, 0.5, 0.3]]
    assert champion.class_names == ("a", "b", "c")


def test_the_same_classes_are_left_as_they_are(project: ProjectConfig) -> None:
    """Binary: one probability per row."""
    target = Target(Kind.BINARY, "y", ("no", "yes"))
    champion = _champion(project, target, [0.1, 0.9])
    assert champion.predict_for(pd.DataFrame({"x": [1, 2]}), target).tolist() == [0.1, 0.9]
    assert champion.class_names == ()


@pytest.mark.parametrize("target", [Target(Kind.BINARY, "y", ("yes", "no")), Target(Kind.REGRESSION, "y")])
def test_another_problem_cannot_be_compared(project: ProjectConfig, target: Target) -> None:
    """The positive class was changed, or the task."""
    champion = _champion(project, Target(Kind.BINARY, "y", ("no", "yes")), [0.1])
    with pytest.raises(StateError, match="predicts something else than the candidate"):
        champion.predict_for(pd.DataFrame({"x": [1]}), target)


def test_outcomes_that_are_not_known_are_not_made_up(project: ProjectConfig) -> None:
    """They stay missing; the known ones are encoded as at training."""
    champion = _champion(project, Target(Kind.BINARY, "y", ("no", "yes")), [])
    encoded = champion.outcomes_of(pd.DataFrame({"outcome": ["yes", None, "no"]}))
    np.testing.assert_array_equal(encoded, [1, np.nan, 0])


def test_a_champion_is_not_compared_with_itself(story: Story) -> None:
    """Made again, the comparison depends on what the champion was compared with, so it is not made again."""
    champion = Champion.require(Workspace(story.project))
    assert champion.compared_against(champion.package.manifest.lineage) == "None"
    assert champion.compared_against({"tuned_model": "another"}) == "1"

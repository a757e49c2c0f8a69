"""The recommendation of the study on worlds whose answer is known, and its record and gate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.discovery.feasibility.recommendation import Advice
from ml_lifecycle.discovery.feasibility.study import FeasibilityStudy, judge_feasible
from ml_lifecycle.errors import DataError
from ml_lifecycle_tests.discovery.feasibility.worlds import project, study, world

REACHABLE = {"roc_auc": ">= 0.85"}


def _leaking(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(code=np.where(frame["y"] == "yes", 3, 1))


def _timed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(at=pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(len(frame)), unit="h"))


@pytest.fixture(scope="module")
def clean() -> FeasibilityStudy:
    """A clean signal, a criterion that it meets."""
    return study(world(), project(criteria=REACHABLE))


def test_a_clear_signal_proceeds(clean: FeasibilityStudy) -> None:
    """No term speaks against it, and what would is named."""
    assert clean.advice is Advice.PROCEED
    assert min(clean.technical, clean.readiness) > 0.9
    assert clean.facts["recommendation"]["changes"]


@pytest.mark.parametrize("criteria", [None, REACHABLE])
def test_pure_noise_stops(criteria: dict[str, str] | None) -> None:
    """With a criterion and without one."""
    found = study(world(strength=0.0), project(criteria=criteria))
    assert (found.advice, found.main_term) == (Advice.STOP, "signal")


def test_a_criterion_out_of_reach_stops() -> None:
    """There is signal, but not so much; the advice says how much one may hope for."""
    found = study(world(strength=1.0), project(criteria={"roc_auc": ">= 0.99"}))
    assert (found.advice, found.main_term) == (Advice.STOP, "criteria")
    assert "out of reach" in found.summary


def test_few_rows_are_a_condition() -> None:
    """What few rows show is no reason to stop."""
    found = study(world(rows=60), project(criteria=REACHABLE))
    assert (found.advice, found.main_term) == (Advice.CONDITIONS, "volume")


def test_a_leak_is_a_condition_and_the_prototype_is_blind_to_it() -> None:
    """The estimate is the one that holds without the column."""
    config = project(criteria=REACHABLE)
    found = study(_leaking(world()), config, risks=True)
    assert (found.advice, found.main_term) == (Advice.CONDITIONS, "leaks")
    assert found.facts["evidence"]["blind_to"] == ["code"]
    assert found.facts["evidence"]["estimate"]["value"] < 0.995


def test_noise_with_a_leak_stops() -> None:
    """The leak must not make a project of nothing."""
    found = study(_leaking(world(strength=0.0)), project(), risks=True)
    assert found.advice is Advice.STOP


def test_drift_in_the_history_is_a_condition() -> None:
    """Columns that moved half-way through; without a move there is none."""
    frame, config = _timed(world()), project(criteria=REACHABLE, event_time="at")
    moved = frame.assign(c=np.where(frame["_row_id"] < 480, frame["c"], frame["c"] + 3))
    drifted, steady = study(moved, config), study(frame, config)
    assert (drifted.advice, drifted.main_term) == (Advice.CONDITIONS, "stability")
    assert steady.advice is Advice.PROCEED


def test_noisy_labels_are_a_condition() -> None:
    """One label in five turned round."""
    found = study(world(flipped=0.2), project(criteria={"roc_auc": ">= 0.7"}))
    assert (found.advice, found.main_term) == (Advice.CONDITIONS, "labels")
    assert found.facts["evidence"]["labels"]["contradicted"] > 0.12


def test_the_test_split_is_never_read(clean: FeasibilityStudy) -> None:
    """Nonsense in the test rows changes no figure."""
    frame = world()
    frame.loc[frame.index >= 960, ["a", "b", "c", "d"]] = 1e6
    again = study(frame, project(criteria=REACHABLE))
    for measured in ("estimate", "gain", "labels", "doubled"):
        assert again.facts["evidence"][measured] == clean.facts["evidence"][measured]


def test_a_regression_is_studied() -> None:
    """Numbers have no rarest class and no shares; terms that do not apply count nothing."""
    frame = world()
    frame = frame.assign(y=frame["a"] * 2 + frame["b"])
    assert study(frame, project(task="regression", criteria={"r2": ">= 0.8"})).advice is Advice.PROCEED


def test_late_outcomes_are_taken_as_known_and_said_so() -> None:
    """No fold in time could learn; the study says what it did instead."""
    frame = _timed(world(rows=300))
    frame = frame.assign(known=frame["at"] + pd.Timedelta(days=90))
    found = study(frame, project(event_time="at", outcome_time="known"))
    assert "too late" in found.facts["evidence"]["note"]
    assert "too late" in found.markdown


def test_too_few_rows_for_folds_are_refused() -> None:
    """With the number of rows, and what to do."""
    frame = world(rows=2)
    with pytest.raises(DataError, match="fold"):
        study(frame.assign(y=frame["a"]), project(task="regression"))


def test_the_study_can_be_stored(clean: FeasibilityStudy) -> None:
    """Text and facts come back as they were."""
    assert FeasibilityStudy.from_parts(clean.to_parts()) == clean


@pytest.mark.parametrize(("strength", "passed"), [(6.0, True), (0.0, False)])
def test_the_gate_warns_where_the_study_stops(strength: float, passed: bool) -> None:  # noqa: FBT001 - a parameter
    """A person decides: it never blocks."""
    verdict = judge_feasible(study(world(strength=strength), project(criteria=REACHABLE)))
    assert (verdict.passed, verdict.blocks) == (passed, False)
    assert verdict.facts["recommendation"]


def test_weights_change_a_score() -> None:
    """A term of weight 0 is no condition."""
    config = project(criteria={"roc_auc": ">= 0.7"})
    changed: dict[str, Any] = config.discovery.feasibility.model_dump()
    changed["readiness"]["labels"] = 0.0
    settings = config.discovery.feasibility.model_validate(changed)
    blind = config.model_copy(update={"discovery": config.discovery.model_copy(update={"feasibility": settings})})
    assert study(world(flipped=0.2), blind).advice is Advice.PROCEED

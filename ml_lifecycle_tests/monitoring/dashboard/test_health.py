"""The state in one sentence: what weighs more than what, and what is to be done."""

import pandas as pd
import pytest

from ml_lifecycle.monitoring.dashboard import DashboardData, State, VersionRole, VersionShown, judge_health
from ml_lifecycle_tests.monitoring.dashboard.pages import NOW, WINDOWS, drift_frame, healthy, performance_frame

LOST = performance_frame(lost=True)
DRIFTED = drift_frame(drifted=2)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, State.HEALTHY),
        ({"drift": DRIFTED}, State.DRIFT),
        ({"performance": LOST}, State.LOST),
        ({"performance": LOST, "drift": DRIFTED}, State.LOST),
        ({"performance": performance_frame(measured=0)}, State.WAITING),
        ({"performance": None}, State.WAITING),
        ({"performance": None, "drift": None}, State.NO_DATA),
        ({"versions": []}, State.NO_DATA),
    ],
)
def test_the_worst_is_said(changes: dict[str, object], state: State) -> None:
    """Lost performance before drift, drift before outcomes that are late."""
    assert judge_health(healthy(**changes)).state is state


def test_an_estimate_does_not_undo_a_measured_loss() -> None:
    """Newer windows that are only estimated to be good say nothing against the newest measured one."""
    newest = LOST.iloc[-1]
    assert (newest["status"], bool(newest["lost"])) == ("estimated", False)
    assert "14 Mar 2026" in judge_health(healthy(performance=LOST)).sentence


def test_windows_of_an_earlier_version_no_longer_matter() -> None:
    """After a retraining the page does not go on complaining about the version before."""
    of = dict.fromkeys(WINDOWS, "2")
    assert judge_health(healthy(drift=DRIFTED, performance=LOST, version_of=of)).state is State.NO_DATA


def test_concept_drift_is_drift() -> None:
    """Losses that inputs do not foresee count, though no input has moved."""
    found = performance_frame().assign(concept_drift=True)
    assert judge_health(healthy(performance=found)).state is State.DRIFT


def test_the_farthest_feature_is_named_first() -> None:
    """With how many more there are."""
    said = judge_health(healthy(drift=drift_frame(9, drifted=6))).sentence
    assert "and 3 more drifted in the window of 20 Mar 2026" in said


def test_advice_knows_what_is_under_way_and_why_nothing_is() -> None:
    """A retraining that runs is waited for; else the last decision says why there is none."""
    assert "under way" in judge_health(healthy(drift=DRIFTED, retraining="under way")).advice
    decisions = pd.DataFrame({"window": WINDOWS[-1:], "reason": ["cooldown"]})
    assert "cooldown" in judge_health(healthy(drift=DRIFTED, decisions=decisions)).advice


def test_a_version_without_windows_is_no_data() -> None:
    """And it is said what makes the first one."""
    data = DashboardData("shop", "p", NOW, versions=[VersionShown("1", VersionRole.CHAMPION)])
    assert "ml-lifecycle monitor shop" in judge_health(data).advice

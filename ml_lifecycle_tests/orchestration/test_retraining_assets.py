"""Tests of `ml_lifecycle.orchestration.assets.retraining`, on the two windows that the small shop has judged."""

from typing import Any

import dagster as dg

from ml_lifecycle.monitoring.improvement import ImprovementReport
from ml_lifecycle.orchestration.assets.retraining import measured_of
from ml_lifecycle.orchestration.data_versions import read_latest
from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle_tests.small_shop import BROKEN, DRIFTED_DAYS, LOANS, Story


def _metadata(instance: dg.DagsterInstance, asset: str) -> dict[str, Any]:
    event = instance.get_latest_materialization_event(dg.AssetKey([LOANS, asset]))
    assert event is not None
    assert event.asset_materialization is not None
    return {name: item.value for name, item in event.asset_materialization.metadata.items()}


def test_the_decision_is_shown_with_every_condition(instance: dg.DagsterInstance) -> None:
    """What the sensor will do, before it does it."""
    shown = _metadata(instance, "retraining_decision")
    assert shown["action"] == "retrain"
    assert shown["trigger"] == "drift+performance"
    assert "drift+performance in 2 of the last 3 windows" in shown["reason"]
    assert "| one_at_a_time |" in shown["conditions"]


def test_decisions_are_kept_by_window(story: Story) -> None:
    """After the first window it waited for the second."""
    table = Lake(Workspace(story.project).home.lake).history((LOANS, "retraining_decision"), "decision")
    assert table is not None
    assert table["window"].tolist() == [str(day) for day in DRIFTED_DAYS]
    assert table["action"].tolist() == ["wait", "retrain"]


def test_the_improvement_report_tells_what_was_measured(story: Story, instance: dg.DagsterInstance) -> None:
    """The amounts have drifted, performance is lost; the report can be read back."""
    report = read_latest(instance, story.project, "improvement_report")
    assert isinstance(report, ImprovementReport)
    assert "loan_amount" in set(report.features["feature"])
    assert report.failures.iloc[0]["where"] == "production"
    assert "### What to try next" in _metadata(instance, "improvement_report")["report"]


def test_what_was_never_made_is_absent(story: Story, instance: dg.DagsterInstance) -> None:
    """A project whose first run has failed."""
    measured = measured_of(instance, story.site.project(BROKEN))
    assert measured.evaluation is None
    assert measured.comparison is None
    assert measured.drift is None

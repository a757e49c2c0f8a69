"""Tests of `ml_lifecycle.orchestration.simulation`: a day is played into a copy of the small shop."""

from datetime import date

import pytest

from ml_lifecycle.errors import ConfigError
from ml_lifecycle.orchestration.findings import decide_retraining
from ml_lifecycle.orchestration.naming import FINDING_TAG
from ml_lifecycle.orchestration.queued_runs import daemon_runs
from ml_lifecycle.orchestration.runs import outcome_of
from ml_lifecycle.orchestration.simulation import next_day, simulate
from ml_lifecycle_tests.small_shop import BROKEN, LOANS, Story, call


def test_playing_goes_on_where_the_inbox_ends(story: Story) -> None:
    """A project whose inbox is empty begins with the first monitoring day."""
    assert next_day(story.project) == date(2025, 10, 3)
    assert next_day(story.site.project(BROKEN)) == story.site.project(BROKEN).monitoring.start.date()


def test_a_project_of_ones_own_has_no_stream(story: Story) -> None:
    """Its rows come from the world."""
    done = call("simulate", BROKEN)
    assert done.code == 2
    assert "has no stream to play" in done.said
    del story


def test_without_a_model_nothing_can_be_played(another_shop: Story) -> None:
    """Nobody could score the rows that arrive."""
    (another_shop.shop.home / "service.db").unlink()
    project = another_shop.project
    with another_shop.site.instance() as instance, pytest.raises(ConfigError, match="no model in production"):
        simulate(another_shop.site, instance, project, days=1, drift="none", told=lambda _day: None)


def test_a_day_is_delivered_judged_and_acted_upon(another_shop: Story) -> None:
    """No daemon runs here, so what the drift sensor would request is run at once, and never twice for one finding.

    What arrived on the two days before contradicts the training data, so no model that learns from both can be good.
    """
    done = call("simulate", LOANS, "--days", "1", "--drift", "covariate")
    assert done.code == 0, done.said[-3000:]
    assert "2025-10-03" in done.said
    assert "drift+performance in 3 of the last 3 windows of version 1" in done.said
    assert "retrained, not promoted" in done.said
    with another_shop.site.instance() as instance:
        assert not daemon_runs(instance)
        runs = {run.job_name.removeprefix("loans_"): run for run in instance.get_runs(limit=2)}
        assert runs["monitor"].tags["dagster/partition"] == "2025-10-03"
        assert runs["retrain"].tags[FINDING_TAG] == "1:2025-10-03"
        computed = outcome_of(instance, runs["retrain"].run_id, seconds=0).computed
        assert {"raw_data", "tuned_model"} <= set(computed)
        assert not decide_retraining(instance, another_shop.project).retrain

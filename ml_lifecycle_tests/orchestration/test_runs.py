"""Tests of `ml_lifecycle.orchestration.runs`, on the story of the small shop."""

import os
import socket
import subprocess
import sys

import dagster as dg
import pytest

from ml_lifecycle.errors import BusyError
from ml_lifecycle.orchestration.naming import PROCESS_TAG
from ml_lifecycle.orchestration.runs import close_dead_runs, holding, outcome_of, steps_of
from ml_lifecycle_tests.small_shop import LOANS, RecordRun, Story


def test_two_runs_at_once_are_refused(story: Story, instance: dg.DagsterInstance) -> None:
    """Who comes second is told that a run is under way, and monitoring does not wait for training."""
    with holding(story.site, instance, story.project, "lifecycle"):
        with (
            pytest.raises(BusyError, match="another ml-lifecycle process"),
            holding(story.site, instance, story.project, "retrain"),
        ):
            pass
        with holding(story.site, instance, story.project, "monitor"):
            pass


def test_a_project_is_free_again_when_its_run_has_ended_badly(story: Story, instance: dg.DagsterInstance) -> None:
    """Even while somebody still holds the error in hand."""
    with pytest.raises(RuntimeError) as caught, holding(story.site, instance, story.project, "lifecycle"):
        raise RuntimeError
    with holding(story.site, instance, story.project, "lifecycle"):
        assert caught.value is not None


def test_a_run_of_the_ui_holds_the_project_too(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun
) -> None:
    """The message names it, so that it can be found and ended."""
    run = record_run("retrain", dg.DagsterRunStatus.QUEUED)
    with (
        pytest.raises(BusyError, match=f"run {run.run_id} \\(queued\\)"),
        holding(story.site, instance, story.project, "lifecycle"),
    ):
        pass
    with holding(story.site, instance, story.project, "monitor"):
        pass


def test_a_run_whose_process_is_gone_is_closed(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun
) -> None:
    """And one whose process lives, or that another machine executes, is left alone."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead = record_run("lifecycle", dg.DagsterRunStatus.STARTED, {PROCESS_TAG: f"{socket.gethostname()}:{gone.pid}"})
    alive = record_run("monitor", dg.DagsterRunStatus.STARTED, {PROCESS_TAG: f"{socket.gethostname()}:{os.getpid()}"})
    afar = record_run("monitor", dg.DagsterRunStatus.STARTED, {PROCESS_TAG: f"elsewhere.example:{gone.pid}"})
    assert close_dead_runs(instance, story.project) == [dead.run_id]
    now = [instance.get_run_by_id(run.run_id) for run in (dead, alive, afar)]
    assert [run.status.value for run in now if run] == ["FAILURE", "STARTED", "STARTED"]
    assert "is gone" in outcome_of(instance, dead.run_id, seconds=0).failure


def test_a_run_that_nobody_knows_has_failed(instance: dg.DagsterInstance) -> None:
    """Records that were wiped while a run was under way must not look like success."""
    outcome = outcome_of(instance, "0" * 8, seconds=1)
    assert not outcome.succeeded
    assert outcome.failure == "the run ended without saying why"


def test_a_job_knows_how_many_steps_it_has(story: Story) -> None:
    """The progress bar counts to it; validated and quarantined rows are one step."""
    assert steps_of(story.site, story.project, "monitor") == 8
    assert steps_of(story.site, story.project, "lifecycle") == 19


def test_runs_stand_where_the_ui_looks_for_them(story: Story, instance: dg.DagsterInstance) -> None:
    """With the project, the trigger and the code location that its job belongs to."""
    run = instance.get_run_by_id(story.first.json["run"]["run_id"])
    assert run is not None
    assert run.tags["ml_lifecycle/project"] == LOANS
    assert run.tags["ml_lifecycle/trigger"] == "command"
    assert run.remote_job_origin is not None
    assert run.remote_job_origin.location_name == "shop"

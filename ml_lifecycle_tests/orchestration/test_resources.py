"""Tests of `ml_lifecycle.orchestration.resources`, on MLflow's real store in the small shop."""

import os
from pathlib import Path

import pytest
from mlflow import MlflowClient

from ml_lifecycle.config.home import Home
from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.resources import end_abandoned_run, prepare_mlflow
from ml_lifecycle_tests.small_shop import LOANS, Story


def test_the_run_of_a_dead_process_is_ended_and_no_other(story: Story) -> None:
    """A run that nobody ends would stand as running for ever."""
    home = story.site.home
    client = MlflowClient(home.mlflow_uri)
    experiment = client.get_experiment_by_name(LOANS).experiment_id
    dead, alive = (client.create_run(experiment, tags={"dagster_run_id": name}).info.run_id for name in ("d", "a"))
    end_abandoned_run(home, LOANS, "d")
    statuses = [client.get_run(run).info.status for run in (dead, alive)]
    for run in (dead, alive):
        client.delete_run(run)
    assert statuses == ["KILLED", "RUNNING"]


def test_a_project_that_mlflow_does_not_know_has_nothing_to_end(story: Story) -> None:
    """Its process died before it came to MLflow."""
    end_abandoned_run(story.site.home, "unheard_of", "d")


@pytest.mark.usefixtures("story")  # undoes what is set in the environment
def test_a_store_that_is_no_database_is_named_without_its_statements(tmp_path: Path) -> None:
    """The message is for a person: one line, the address, what to do."""
    home = Home(tmp_path)
    home.mlflow.mkdir()
    (home.mlflow / "mlflow.db").write_text("no database " * 100, encoding="utf-8")
    with pytest.raises(
        StateError, match=r"expected a usable MLflow at sqlite:.*mlflow\.db, got DatabaseError: file is not"
    ):
        end_abandoned_run(home, LOANS, "d")


def test_patience_with_a_server_is_a_default(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has set another number of attempts keeps it."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "9")
    prepare_mlflow(story.site.home)
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "9"
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES")
    prepare_mlflow(story.site.home)
    assert int(os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"]) < 5

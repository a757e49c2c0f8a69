"""Tests of `ml_lifecycle.orchestration.assets.monitoring`: what the judged windows of the small shop left behind."""

import dagster as dg
import mlflow
import pytest

from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.storage import record_of
from ml_lifecycle_tests.small_shop import DRIFTED_DAYS, LOANS, Story

_WINDOW = str(DRIFTED_DAYS[1])


def _last(instance: dg.DagsterInstance, asset: str, window: str = _WINDOW) -> dg.AssetMaterialization:
    key = dg.AssetKey([LOANS, asset])
    query = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[window])
    materialization = instance.fetch_materializations(query, limit=1).records[0].asset_materialization
    assert materialization is not None
    return materialization


def test_rows_that_arrived_are_scored_once_by_the_version_in_production(instance: dg.DagsterInstance) -> None:
    """Every day's own rows, less the few that break the schema."""
    for day in DRIFTED_DAYS:
        metadata = _last(instance, "batch_predictions", str(day)).metadata
        assert metadata["version"].value == "1"
        assert 145 <= int(str(metadata["dagster/row_count"].value)) <= 150


def test_the_window_is_joined_with_the_outcomes_that_are_known(instance: dg.DagsterInstance) -> None:
    """Files of both days had arrived by the first; none is taken in twice."""
    first, second = (_last(instance, "prediction_window", str(day)).metadata for day in DRIFTED_DAYS)
    assert first["labelled"].value == first["dagster/row_count"].value
    assert (first["new_outcomes"].value, second["new_outcomes"].value) == (300, 0)


def test_the_reports_of_all_windows_make_one_history(story: Story, instance: dg.DagsterInstance) -> None:
    """Judging a window adds to it; each is read back by its partition alone."""
    lake = Lake(story.shop.home / "lake")
    history = lake.history((LOANS, "drift_report"), "drift")
    assert history is not None
    assert history["window"].unique().tolist() == [str(day) for day in DRIFTED_DAYS]
    record = record_of(_last(instance, "drift_report"))
    assert record is not None
    report = lake.read((LOANS, "drift_report"), record)
    assert report.drifted
    assert "loan_amount" in set(report.table.loc[report.table["drifted"], "feature"])


def test_performance_says_what_retraining_needs_to_know(story: Story, instance: dg.DagsterInstance) -> None:
    """The finding names version, concept drift and severity; slices, what moved and the estimate stand beside it."""
    metadata = _last(instance, "performance_report").metadata
    finding = metadata["finding"].value
    assert isinstance(finding, dict)
    assert finding["model_version"] == "1"
    assert finding["performance_lost"] is True
    assert finding["estimated"] is False
    assert isinstance(finding["concept_drift"], bool)
    assert float(str(finding["severity"])) > 1
    assert finding["rows"] == finding["labelled"] > 0
    assert {"estimates", "estimates_held", "attribution"} <= set(metadata)
    history = Lake(story.shop.home / "lake").history((LOANS, "performance_report"), "performance")
    assert history is not None
    assert history["blocks"].str.len().min() > 0
    assert history["model_version"].unique().tolist() == ["1"]


def test_drift_is_drawn_by_evidently_into_mlflow(story: Story, instance: dg.DagsterInstance) -> None:
    """In the run of MLflow that belongs to this run of Dagster, and no other."""
    materialization = _last(instance, "drift_report")
    run_id = str(materialization.metadata["mlflow_run"].value)
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{story.shop.home / 'mlflow' / 'mlflow.db'}")
    assert [item.path for item in client.list_artifacts(run_id, "drift")] == [f"drift/{_WINDOW}.html"]
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED"
    dagster_run = next(run for run in instance.get_runs() if run.tags.get("dagster/partition") == _WINDOW)
    assert run.data.tags["dagster_run_id"] == dagster_run.run_id


@pytest.mark.parametrize("asset", ["drift_report", "performance_report"])
def test_reports_are_shown_with_a_picture_of_their_history(instance: dg.DagsterInstance, asset: str) -> None:
    """The UI alone tells the story."""
    metadata = _last(instance, asset).metadata
    assert "data:image/png;base64" in str(metadata["history"].value)
    assert "report" in metadata


def test_each_lifecycle_run_has_one_run_in_mlflow(story: Story) -> None:
    """With parameters, metrics and pictures; the version stands in the registry under its alias."""
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{story.shop.home / 'mlflow' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name(LOANS)
    assert experiment is not None
    wanted = f"tags.dagster_run_id = '{story.first.json['run']['run_id']}'"
    (run,) = client.search_runs([experiment.experiment_id], wanted)
    assert run.info.status == "FINISHED"
    assert "test.roc_auc" in run.data.metrics
    assert "model.learning_rate" in run.data.params
    assert "model_card.md" in {item.path for item in client.list_artifacts(run.info.run_id)}
    assert str(client.get_model_version_by_alias(LOANS, "champion").version) == "1"

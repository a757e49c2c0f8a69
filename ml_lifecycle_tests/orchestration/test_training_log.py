"""What a training leaves in MLflow, on the story of the small shop: all that says how a model came about."""

import mlflow
import pytest

from ml_lifecycle.orchestration.data_versions import read_latest
from ml_lifecycle_tests.small_shop import LOANS, Story

#: What every training logs, by what it is for.
PARAMETERS = ("model.family", "model.learning_rate", "model.num_leaves", "modeling.search.trials", "modeling.max_trees")
SEEDS = ("model.seed", "modeling.seed")
ENVIRONMENT = ("env.python", "env.platform", "env.cores", "env.library.lightgbm", "env.library.scikit-learn")
CODE = ("env.code",)
DATA = ("data.raw_data", "data.validated_data", "data.data_splits", "data.selected_features")
RESOURCES = ("training.cpu_seconds", "training.peak_memory_mib")
TIME_AND_COST = ("training.wall_seconds", "training.cost", "tuning.seconds")
#: Metrics by iteration: the search's best trial, and the final model on training and on validation rows.
CURVES = ("curve.roc_auc", "train_roc_auc", "valid_roc_auc")
ARTIFACTS = ("search/trials.csv", "search/search_history.png", "search/learning_by_rounds.png")


@pytest.fixture
def client(story: Story) -> mlflow.MlflowClient:
    """MLflow of the shop."""
    return mlflow.MlflowClient(tracking_uri=f"sqlite:///{story.shop.home / 'mlflow' / 'mlflow.db'}")


@pytest.fixture
def run(story: Story, client: mlflow.MlflowClient) -> mlflow.entities.Run:
    """The run that belongs to the first run of the story."""
    experiment = client.get_experiment_by_name(LOANS)
    (found,) = client.search_runs(
        [experiment.experiment_id], f"tags.dagster_run_id = '{story.first.json['run']['run_id']}'"
    )
    return found


def test_parameters_seeds_environment_code_and_data_are_logged(run: mlflow.entities.Run) -> None:
    """Each with a value."""
    missing = [name for name in (*PARAMETERS, *SEEDS) if not run.data.params.get(name)]
    missing += [name for name in (*ENVIRONMENT, *CODE, *DATA) if not run.data.tags.get(name)]
    assert missing == []


def test_time_resources_and_cost_are_logged(run: mlflow.entities.Run) -> None:
    """Above nothing: a figure that was not measured would be 0."""
    found = {name: run.data.metrics.get(name, 0.0) for name in (*RESOURCES, *TIME_AND_COST)}
    assert min(found.values()) > 0, found
    assert run.data.metrics["training.cost"] == pytest.approx(run.data.metrics["training.cpu_seconds"] / 3600 * 0.04)


@pytest.mark.parametrize("curve", CURVES)
def test_metrics_by_iteration_are_logged(client: mlflow.MlflowClient, run: mlflow.entities.Run, curve: str) -> None:
    """At rounds that rise, several of them."""
    rounds = [point.step for point in client.get_metric_history(run.info.run_id, curve)]
    assert len(rounds) > 1
    assert rounds == sorted(set(rounds))


def test_scores_by_rounds_end_with_the_model(
    story: Story, client: mlflow.MlflowClient, run: mlflow.entities.Run
) -> None:
    """The last round is that of the stored model; on the rows it has learnt from it is no worse than elsewhere."""
    with story.site.instance() as instance:
        model = read_latest(instance, story.project, "tuned_model").model
    last = {name: client.get_metric_history(run.info.run_id, f"{name}_roc_auc")[-1] for name in ("train", "valid")}
    assert last["train"].step == last["valid"].step == model.iterations
    assert last["train"].value >= last["valid"].value


def test_pictures_and_tables_lie_beside_the_run(client: mlflow.MlflowClient, run: mlflow.entities.Run) -> None:
    """Of the search and of the approaches."""
    found = {
        item.path for folder in ("search", "approaches") for item in client.list_artifacts(run.info.run_id, folder)
    }
    assert {*ARTIFACTS, "approaches/approaches.csv", "approaches/approaches.md"} <= found


def test_the_approaches_are_logged_side_by_side(run: mlflow.entities.Run) -> None:
    """Quality, time, latency and size of each, what they are, and what is recommended."""
    for approach in ("baseline", "pragmatic", "best"):
        figures = ("score", "training_seconds", "latency_p95_ms", "size_bytes")
        assert all(f"approach.{approach}.{name}" in run.data.metrics for name in figures)
        assert run.data.params[f"approach.{approach}"]
    assert run.data.tags["approach.recommended"] in {"baseline", "pragmatic", "best", "none"}
    assert run.data.tags["approach.reasons"]

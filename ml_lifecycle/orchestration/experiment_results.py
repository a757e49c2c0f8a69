"""What experiments found, read back from the lake, and several of them side by side.

What an experiment is to find out is `experiments`; its asset is `assets/experiments`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_lifecycle.config.home import Home
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.assets.samples import SplitSamples, primary_metric
from ml_lifecycle.orchestration.data_versions import read_latest
from ml_lifecycle.orchestration.experiments import ASSET, ExperimentFolder
from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.storage import record_of

if TYPE_CHECKING:
    from ml_lifecycle.evaluation.experiment_comparison import ExperimentComparison
    from ml_lifecycle.evaluation.experiments import ExperimentResult

#: The name of the project's own model among experiments.
TUNED = "tuned_model"


def read_result(instance: dg.DagsterInstance, project: ProjectConfig, name: str) -> "ExperimentResult":
    """What an experiment found, when it was trained last.

    Raises:
        ConfigError: There is no such experiment.
        StateError: It was never trained to its end.
    """
    ExperimentFolder(project).get(name)
    key = dg.AssetKey([project.name, ASSET])
    query = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[name])
    for event in instance.fetch_materializations(query, limit=1).records:
        record = record_of(event.asset_materialization)
        if record is not None:
            found: ExperimentResult = Lake(Home.find(project.root).lake).read(key.path, record)
            return found
    raise StateError(
        f"the experiment {name!r} has no result",
        expected="an experiment that was trained",
        got="none",
        advice=f"train it: `ml-lifecycle train run --config FILE`, or materialise {key.to_user_string()} in the UI",
    )


def compare_named(
    instance: dg.DagsterInstance, project: ProjectConfig, names: Sequence[str], reference: str
) -> "ExperimentComparison":
    """Compare experiments with one of them on the validation rows that they share.

    Raises:
        ConfigError: One does not exist.
        StateError: One was never trained.
        DataError: They share no rows.
    """
    from ml_lifecycle.evaluation.experiment_comparison import compare_experiments

    results = {
        name: tuned_result(instance, project) if name == TUNED else read_result(instance, project, name)
        for name in dict.fromkeys([*names, reference])
    }
    return compare_experiments(results, reference, config=project.evaluation, seed=project.modeling.seed)


def tuned_result(instance: dg.DagsterInstance, project: ProjectConfig) -> "ExperimentResult":
    """The project's own model in the form of an experiment.

    Raises:
        StateError: It was not made yet.
    """
    rows, splits, features, selected, model = (
        read_latest(instance, project, name)
        for name in (
            "validated_data" if project.dataset.labeling is None else "labeled_data",
            *("data_splits", "features", "selected_features", TUNED),
        )
    )
    return as_result(project, model, SplitSamples(project, rows, splits, features, selected.names))


def as_result(project: ProjectConfig, tuned_model: Any, samples: SplitSamples) -> "ExperimentResult":
    """The tuned model's predictions of the validation rows, in the form of an experiment."""
    from ml_lifecycle.evaluation.experiments import gather_result

    valid, metric = samples.of("validation"), primary_metric(project, samples.target)
    size = sum(map(len, tuned_model.to_files().values()))
    from ml_lifecycle.evaluation.footprint import Footprint

    return gather_result(TUNED, tuned_model, valid, metric=metric, footprint=Footprint(size_bytes=size))

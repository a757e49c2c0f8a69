"""What experiments found, read back from the lake, and several of them side by side.

What an experiment is to find out is `experiments`; its asset is `assets/experiments`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_lifecycle.config.home import Home
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.data_versions import read_latest
from ml_lifecycle.orchestration.experiments import ASSET, ExperimentFolder
from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.storage import record_of

if TYPE_CHECKING:
    from ml_lifecycle.evaluation.experiment_comparison import ExperimentComparison
    from ml_lifecycle.evaluation.experiments import ExperimentResult
    from ml_lifecycle.orchestration.assets.samples import SplitSamples

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
    from ml_lifecycle.orchestration.assets.samples import costs_of

    results = {
        name: tuned_result(instance, project) if name == TUNED else read_result(instance, project, name)
        for name in dict.fromkeys([*names, reference])
    }
    costs = costs_of(project, read_latest(instance, project, TUNED).target)
    return compare_experiments(results, reference, config=project.evaluation, costs=costs, seed=project.modeling.seed)


def tuned_result(instance: dg.DagsterInstance, project: ProjectConfig) -> "ExperimentResult":
    """The project's own model in the form of an experiment.

    Raises:
        StateError: It was not made yet.
    """
    # What gathers samples lives beside the assets, which import this module.
    from ml_lifecycle.orchestration.assets.samples import SplitSamples

    rows, splits, features, selected, model = (
        read_latest(instance, project, name)
        for name in (
            "validated_data" if project.dataset.labeling is None else "labeled_data",
            *("data_splits", "features", "selected_features", TUNED),
        )
    )
    samples = SplitSamples(project, rows, splits, features, selected.names)
    return as_result(instance, project, model, samples)


def as_result(
    instance: dg.DagsterInstance, project: ProjectConfig, tuned_model: Any, samples: "SplitSamples"
) -> "ExperimentResult":
    """The tuned model's predictions of the validation rows, and its values on folds, in the form of an experiment."""
    from ml_lifecycle.evaluation.experiments import gather_result
    from ml_lifecycle.evaluation.footprint import Footprint
    from ml_lifecycle.orchestration.assets.samples import primary_metric

    valid = samples.of("validation")
    size = sum(map(len, tuned_model.to_files().values()))
    return gather_result(
        TUNED,
        tuned_model,
        valid,
        metric=primary_metric(project, samples.target),
        footprint=Footprint(size_bytes=size),
        groups=samples.groups_of(valid),
        folds=_folds(instance, project),
    )


def _folds(instance: dg.DagsterInstance, project: ProjectConfig) -> Any:
    """The cross-validation of the project's model, where it was asked for and made."""
    config = project.evaluation.cross_validation
    key = dg.AssetKey([project.name, "cross_validation"])
    if not config.enabled or config.nested or instance.get_latest_materialization_event(key) is None:
        return None
    return read_latest(instance, project, "cross_validation")

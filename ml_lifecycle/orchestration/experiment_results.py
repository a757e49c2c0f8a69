"""What experiments found, read back from the lake, and several of them side by side.

What an experiment is to find out is `experiments`; its asset is `assets/experiments`. The project's own model and the
champion, which experiments are compared with, are `reference_models`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

from ml_lifecycle.config.experiment import CHAMPION, TUNED
from ml_lifecycle.config.home import Home
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import ConfigError, StateError
from ml_lifecycle.orchestration.champion import Champion
from ml_lifecycle.orchestration.experiments import ASSET, ExperimentFolder
from ml_lifecycle.orchestration.lake import Lake, LakeRecord
from ml_lifecycle.orchestration.reference_models import ReferenceModels
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.storage import record_of

if TYPE_CHECKING:
    from ml_lifecycle.evaluation.experiments.comparison import ExperimentComparison
    from ml_lifecycle.evaluation.experiments.result import ExperimentResult


def read_result(instance: dg.DagsterInstance, project: ProjectConfig, name: str) -> "ExperimentResult":
    """What an experiment found, when it was trained last.

    Raises:
        ConfigError: There is no such experiment.
        StateError: It was never trained to its end.
    """
    found: ExperimentResult = Lake(Home.find(project.root).lake).read(
        [project.name, ASSET], _record(instance, project, name)
    )
    return found


def trained_experiments(instance: dg.DagsterInstance, project: ProjectConfig) -> list[str]:
    """The experiments that have a result."""
    return [name for name in ExperimentFolder(project).names() if _find_record(instance, project, name) is not None]


def check_named(instance: dg.DagsterInstance, project: ProjectConfig, names: Sequence[str], reference: str) -> None:
    """See that all that is to be compared is there, before anything is computed.

    Raises:
        ConfigError: Nothing is named but the reference, or there is no such experiment.
        StateError: One was never trained, or no model is in production.
    """
    if not set(names) - {reference}:
        raise ConfigError(
            "there is nothing to compare",
            expected=f"an experiment besides {reference}",
            got=", ".join(names) or "no names",
            advice="`ml-lifecycle experiments list` shows what was tried",
        )
    for name in dict.fromkeys([*names, reference]):
        if name == CHAMPION:
            Champion.require(Workspace(project))
        elif name != TUNED:
            _record(instance, project, name)


def compare_named(
    instance: dg.DagsterInstance, project: ProjectConfig, names: Sequence[str], reference: str
) -> "ExperimentComparison":
    """Compare experiments with one of them on the validation rows that they share.

    Args:
        instance: Where the results are on record.
        project: The project.
        names: Experiments; `tuned_model` and `champion` may be among them.
        reference: What they are compared with, likewise.

    Raises:
        ConfigError: One does not exist.
        StateError: One was never trained, or no model is in production.
        DataError: They share no rows.
    """
    from ml_lifecycle.evaluation.experiments.comparison import compare_experiments
    from ml_lifecycle.orchestration.assets.samples import costs_of, primary_metric

    check_named(instance, project, names, reference)
    models, asked = ReferenceModels(instance, project), tuple(dict.fromkeys([*names, reference]))
    beside = {TUNED: models.tuned, CHAMPION: models.champion}
    results = {name: beside[name]() if name in beside else read_result(instance, project, name) for name in asked}
    target = models.samples.target
    return compare_experiments(
        results,
        reference,
        config=project.evaluation,
        metric=primary_metric(project, target),
        costs=costs_of(project, target),
        notes=[note for name in asked for note in models.notes(name)],
        seed=project.modeling.seed,
    )


def _record(instance: dg.DagsterInstance, project: ProjectConfig, name: str) -> LakeRecord:
    ExperimentFolder(project).get(name)
    found = _find_record(instance, project, name)
    if found is None:
        raise StateError(
            f"the experiment {name!r} has no result",
            expected="an experiment that was trained",
            got="none",
            advice=f"train it: `ml-lifecycle train run --config FILE`, or materialise {project.name}/{ASSET} in the UI",
        )
    return found


def _find_record(instance: dg.DagsterInstance, project: ProjectConfig, name: str) -> LakeRecord | None:
    query = dg.AssetRecordsFilter(asset_key=dg.AssetKey([project.name, ASSET]), asset_partitions=[name])
    records = (
        record_of(event.asset_materialization) for event in instance.fetch_materializations(query, limit=1).records
    )
    return next((record for record in records if record is not None), None)

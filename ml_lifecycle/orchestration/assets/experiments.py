"""The asset `experiment`: one partition for each experiment that was trained beside the project's model.

What an experiment is to find out lies in the state folder (`orchestration.experiments`).
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from ml_lifecycle.config.experiment import CHAMPION, TUNED
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.modeling import rows_of_training, search
from ml_lifecycle.orchestration.assets.samples import (
    SplitSamples,
    costs_of,
    labelled_rows,
    primary_metric,
    with_history,
)
from ml_lifecycle.orchestration.assets.training import finish_model
from ml_lifecycle.orchestration.assets.training_log import log_search
from ml_lifecycle.orchestration.experiment_results import read_result
from ml_lifecycle.orchestration.experiments import ExperimentFolder, experiment_partitions
from ml_lifecycle.orchestration.gate_records import lineage_of
from ml_lifecycle.orchestration.reference_models import ReferenceModels
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.step import Made, StepSpec, step
from ml_lifecycle.verdict import Severity, Verdict

_MADE_OF = ("validated_data", "data_splits")


def experiment_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """The asset."""
    folds = ("data_folds",) if project.uses_folds else ()
    spec = StepSpec(
        "experiment",
        "evaluation",
        kinds=("optuna", "mlflow"),
        needs=(*_MADE_OF, "features", "selected_features", "tuned_model", *folds),
        sections=(project.features, project.modeling, project.evaluation, project.brief),
        partitions=experiment_partitions(project),
        reusable=False,
    )

    @step(project, spec)
    def experiment(
        context: dg.AssetExecutionContext,
        validated_data: Any,
        data_splits: Any,
        features: Any,
        selected_features: Any,
        tuned_model: Any,
        data_folds: Any = None,
    ) -> Made:
        """A model made otherwise than the YAML says, on the same rows, and whether its hypothesis holds."""
        from ml_lifecycle.evaluation.experiments.training import train_experiment

        asked = ExperimentFolder(project).get(context.partition_key)
        samples = SplitSamples(project, validated_data, data_splits, features, selected_features.names)
        versions = lineage_of(context.instance, project)
        storage = Workspace(project).home.studies
        run = context.resources.ml_lifecycle_tracking.open(project.name)
        _, result = train_experiment(
            project,
            asked,
            validated_data,
            data_splits,
            storage=storage,
            folds=_folds(project, asked, validated_data, data_splits) if data_folds is None else data_folds,
            metric=primary_metric(project, samples.target),
            data_versions={name: versions[name] for name in _MADE_OF if name in versions},
            make=lambda task: _make(context, task, validated_data, data_splits, storage),
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        beside = ReferenceModels(context.instance, project, validated_data, data_splits, samples)
        reference = _reference(context, project, asked.reference, tuned_model, beside)
        verdict = _judge(project, result, reference, samples)
        run.log_metrics({f"experiment.{asked.name}.{result.metric.replace('@', '_at_')}": result.value})
        context.log.info(verdict.summary)
        return Made(
            result,
            verdicts=[verdict],
            metadata={
                "hypothesis": asked.hypothesis.statement,
                "outcome": verdict.summary,
                "verdict": dg.MetadataValue.json(dict(verdict.facts)),
                "experiment": dg.MetadataValue.md(result.markdown()),
            },
        )

    return [experiment]


def _folds(project: ProjectConfig, asked: Any, rows: Any, splits: Any) -> Any:
    """Folds for an experiment that needs some where the project has none."""
    from ml_lifecycle.dataset.folds import make_folds
    from ml_lifecycle.evaluation.experiments.task import apply_changes

    if not apply_changes(project, asked).uses_folds:
        return None
    return make_folds(rows, splits, project.dataset, target=project.brief.target, task=project.brief.task)


def _make(
    context: dg.AssetExecutionContext, task: Any, rows: Any, splits: Any, storage: Path
) -> tuple[Any, dict[str, Any]]:
    """The way of the project's own model, so that nothing differs but what the experiment changes."""
    from ml_lifecycle.modeling.effort import measure_effort

    raw = labelled_rows(task.project, with_history(task.project, rows), splits, "validation", task.target)
    training = rows_of_training(task.project, task.train, task.valid, task.target, raw, task.folds)
    with measure_effort(task.project.modeling.price_per_core_hour) as meter:
        result = search(task.project, task.target, training, storage=storage, study=f"experiment_{task.name}")
        keep = storage / f"{task.project.name}.{task.name}.fits"
        finished = finish_model(task.project, task.extractor, task.target, result, training, keep=keep)
    log_search(context, task.project, result, meter.read(), training, task.metric)
    return finished.predictor, {"trials": len(result.trials), "search_seconds": result.seconds}


def _reference(
    context: dg.AssetExecutionContext, project: ProjectConfig, name: str, tuned_model: Any, beside: ReferenceModels
) -> Any:
    """What the experiment is compared with: another experiment, the project's model, or the one in production."""
    if name == CHAMPION:
        return beside.champion()
    return beside.tuned(tuned_model) if name == TUNED else read_result(context.instance, project, name)


def _judge(project: ProjectConfig, result: Any, reference: Any, samples: SplitSamples) -> Verdict:
    from ml_lifecycle.evaluation.experiments.hypotheses import judge_hypothesis

    metric, costs = primary_metric(project, samples.target), costs_of(project, samples.target)
    config, seed = project.evaluation, project.modeling.seed
    found = judge_hypothesis(result, reference, config=config, metric=metric, costs=costs, seed=seed)
    return Verdict(
        gate="hypothesis_holds",
        passed=found.outcome == "holds",
        summary=found.summary,
        severity=Severity.WARN,
        facts=found.to_dict(),
        advice="an experiment that does not hold is an answer too; write the next hypothesis from its figures",
    )

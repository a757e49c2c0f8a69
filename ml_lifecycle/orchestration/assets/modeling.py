"""Assets of the room modeling: the baselines, the tuned model, and the approaches side by side.

What becomes of a searched model before it is stored lives in `training`, what MLflow is told of it in `training_log`.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.samples import SplitSamples, labelled_rows, primary_metric, with_history
from ml_lifecycle.orchestration.assets.training import TrainingRows, finish_model, judge_tuned
from ml_lifecycle.orchestration.assets.training_log import log_approaches, log_search
from ml_lifecycle.orchestration.champion import Champion
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.settings import settings_in, settle
from ml_lifecycle.orchestration.show import as_pictures, as_table
from ml_lifecycle.orchestration.step import Made, StepSpec, step

_INPUTS = ("validated_data", "data_splits", "features", "selected_features")
#: Metadata key under which the tuned model names the seconds of its search and fit.
SECONDS_KEY = "training_seconds"


def modeling_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """Baselines, tuned model, and, where they are asked for, the approaches."""
    approaches = [_approaches(project)] if project.modeling.approaches.enabled else []
    return [_baselines(project), _tuned_model(project), *approaches]


def _baselines(project: ProjectConfig) -> dg.AssetsDefinition:
    brief, data = project.brief, project.dataset
    sections = (
        *(project.modeling.seed, brief.metric, brief.costs, brief.task, brief.positive_class),
        *(data.split.gap_days, data.entity, project.evaluation.threshold),
    )
    spec = StepSpec("baselines", "modeling", kinds=("scikitlearn", "mlflow"), needs=_INPUTS, sections=sections)

    @step(project, spec)
    def baselines(
        context: dg.AssetExecutionContext, validated_data: Any, data_splits: Any, features: Any, selected_features: Any
    ) -> Made:
        """What one would do without a model, or with a simple one; the best is the floor for the tuned model."""
        from ml_lifecycle.evaluation.inference.quick_intervals import quick_ends
        from ml_lifecycle.evaluation.model_gates import judge_logged
        from ml_lifecycle.modeling.baselines import fit_baselines
        from ml_lifecycle.modeling.training import count_threads

        samples = SplitSamples(project, validated_data, data_splits, features, selected_features.names)
        metric = primary_metric(project, samples.target)
        fitted = fit_baselines(
            samples.of("train"),
            samples.of("validation"),
            kind=samples.target.kind,
            target=samples.target,
            score=metric,
            seed=project.modeling.seed,
            threads=count_threads(project.modeling.threads),
            label_delay=timedelta(days=data.split.gap_days),
            entity=entities_of(project, validated_data),
            interval=quick_ends(metric),
        )
        scores = fitted.table.set_index("baseline")["score"].astype(float)
        logged = {f"baseline.{name}": score for name, score in scores.to_dict().items()}
        run = context.resources.ml_lifecycle_tracking.open(project.name)
        run.log_metrics(logged)
        return Made(
            fitted,
            verdicts=[judge_logged(logged, run.get_run(run.active_run().info.run_id).data.metrics)],
            metadata={"best": fitted.best, "metric": metric.name, "scores": as_table(fitted.table, rows=30)},
        )

    return baselines


def _tuned_model(project: ProjectConfig) -> dg.AssetsDefinition:
    modeling, brief = project.modeling, project.brief
    spec = StepSpec(
        "tuned_model",
        "modeling",
        kinds=(modeling.family.replace("_", "")[:20], "optuna", "mlflow"),
        needs=(*_INPUTS, "baselines", *(("data_folds",) if _needs_folds(project) else ())),
        sections=(
            modeling.model_dump(mode="json", exclude={"approaches", "optimize", "refit", "price_per_core_hour"}),
            *(brief.metric, brief.costs, brief.constraints, project.dataset.augmentation),
            *(project.evaluation.fairness, project.evaluation.threshold, project.evaluation.comparison),
            *(project.evaluation.bootstrap, project.evaluation.confidence),
        ),
        outer=lambda context: str(settings_in(context.run.tags, "modeling")),
    )

    @step(project, spec)
    def tuned_model(
        context: dg.AssetExecutionContext,
        validated_data: Any,
        data_splits: Any,
        features: Any,
        selected_features: Any,
        baselines: Any,
        data_folds: Any = None,
    ) -> Made:
        """The model: searched for on train and validation, fitted on train, stored with all that scoring needs."""
        from ml_lifecycle.modeling.effort import measure_effort

        chosen = settle(project, settings_in(context.run.tags, "modeling"))
        samples = SplitSamples(chosen, validated_data, data_splits, features, selected_features.names)
        raw = labelled_rows(chosen, with_history(chosen, validated_data), data_splits, "validation", samples.target)
        train, valid = samples.of("train"), samples.of("validation")
        rows = rows_of_training(chosen, train, valid, samples.target, raw, data_folds)
        with measure_effort(chosen.modeling.price_per_core_hour) as meter:
            storage = Workspace(chosen).home.studies
            result = search(chosen, samples.target, rows, storage=storage, study=project.name)
            keep = storage / f"{project.name}.fits"
            finished = finish_model(chosen, features.extractor, samples.target, result, rows, keep=keep)
        effort = meter.read()
        pictures = log_search(context, chosen, result, effort, rows, primary_metric(chosen, samples.target))
        context.log.info(f"{len(result.trials)} trials in {result.seconds:.1f} s, {result.metric} {result.score:.5g}")
        entity = entities_of(chosen, validated_data)
        return Made(
            finished.predictor,
            verdicts=judge_tuned(chosen, finished.predictor, baselines, rows, entity),
            metadata=_tell(result, len(rows.learnt_from), effort, {**as_pictures(pictures), **finished.metadata}),
        )

    return tuned_model


def _tell(result: Any, learnt_from: int, effort: Any, more: Mapping[str, Any]) -> dict[str, Any]:
    """What the UI shows of a tuned model."""
    return {
        "validation": result.score,
        "metric": result.metric,
        "parameters": dg.MetadataValue.json(json.loads(json.dumps(dict(result.params)))),
        "iterations": result.model.facts.iterations,
        "resumed_trials": result.resumed_from,
        "training_rows": learnt_from,
        "search_seconds": round(result.seconds, 1),
        SECONDS_KEY: round(effort.wall_seconds, 3),
        "effort": dg.MetadataValue.json(effort.as_metrics("training")),
        "trials": as_table(result.trials, rows=30),
        **({"families": as_table(result.families)} if len(result.families) else {}),
        **({"front": as_table(result.front, rows=30)} if len(result.front) else {}),
        **more,
    }


def _approaches(project: ProjectConfig) -> dg.AssetsDefinition:
    modeling, brief = project.modeling, project.brief
    spec = StepSpec(
        "approaches",
        "modeling",
        kinds=("table", "mlflow"),
        needs=(*_INPUTS, "baselines", "tuned_model"),
        sections=(
            *(modeling.approaches, modeling.seed, brief.metric, brief.costs, brief.constraints),
            *(project.evaluation.bootstrap, project.evaluation.confidence, project.evaluation.threshold),
        ),
    )

    @step(project, spec)
    def approaches(
        context: dg.AssetExecutionContext,
        validated_data: Any,
        data_splits: Any,
        features: Any,
        selected_features: Any,
        baselines: Any,
        tuned_model: Any,
    ) -> Made:
        """Baseline, pragmatic and best model side by side, and which of them to take by the rules of the YAML."""
        from ml_lifecycle.evaluation.approaches.contestants import Tuned, compare_approaches
        from ml_lifecycle.modeling.augmentation import augment

        samples = SplitSamples(project, validated_data, data_splits, features, selected_features.names)
        valid, target = samples.of("validation"), samples.target
        took = training_seconds(context.instance, project)
        found = compare_approaches(
            augment(samples.of("train"), project.dataset.augmentation, kind=target.kind, seed=modeling.seed),
            valid,
            baselines=baselines,
            tuned=Tuned(tuned_model.model, tuned_model.predict_samples(valid), took),
            target=target,
            metric=primary_metric(project, target),
            modeling=modeling,
            evaluation=project.evaluation,
            constraints=brief.constraints,
            groups=samples.groups_of(valid),
            entity=entities_of(project, validated_data),
        )
        log_approaches(context, project, found)
        return Made(
            found,
            metadata={
                "recommended": found.recommended or "none",
                "reasons": found.summary,
                "approaches": dg.MetadataValue.md(found.markdown()),
            },
        )

    return approaches


def entities_of(project: ProjectConfig, rows: Any) -> Any:
    """Whom each row is about, by `_row_id`; None where the project names no entity."""
    entity = project.dataset.entity
    return rows.set_index("_row_id")[entity] if entity in rows.columns else None


def _needs_folds(project: ProjectConfig) -> bool:
    modeling = project.modeling
    return "folds" in (modeling.search.validation, modeling.calibrate_on)


def rows_of_training(project: ProjectConfig, train: Any, valid: Any, target: Any, raw: Any, folds: Any) -> TrainingRows:
    """Gather what a model is made of; rare classes are augmented as the YAML says."""
    from ml_lifecycle.modeling.augmentation import augment

    augmentation = project.dataset.augmentation
    learnt_from = augment(train, augmentation, kind=target.kind, seed=project.modeling.seed)
    return TrainingRows(train, learnt_from, valid, raw, folds)


def search(project: ProjectConfig, target: Any, rows: TrainingRows, *, storage: Path, study: str) -> Any:
    """Search for hyperparameters as the YAML says, and fit the best."""
    from ml_lifecycle.modeling.tuning import tune

    return tune(
        rows.train,
        rows.valid,
        kind=target.kind,
        classes=len(target.classes),
        config=project.modeling,
        score=primary_metric(project, target),
        storage=storage,
        study_name=study,
        augmentation=project.dataset.augmentation,
        folds=rows.folds,
        known=_known(project, Workspace(project)),
    )


def _known(project: ProjectConfig, workspace: Workspace) -> list[Mapping[str, Any]]:
    """The champion's hyperparameters, where it is of the family that is searched."""
    champion = Champion.find(workspace) if project.modeling.search.warm_start else None
    facts = None if champion is None else champion.package.predictor.model.facts
    modeling = project.modeling
    families = modeling.search.families if modeling.family == "auto" else (modeling.family,)
    return [facts.parameters] if facts is not None and facts.family in families else []


def training_seconds(instance: dg.DagsterInstance, project: ProjectConfig) -> float:
    """How long search and fit of the tuned model took when it was made last; 0 where that is not on record."""
    event = instance.get_latest_materialization_event(dg.AssetKey([project.name, "tuned_model"]))
    materialization = event.asset_materialization if event else None
    found = materialization.metadata.get(SECONDS_KEY) if materialization else None
    return float(found.value) if isinstance(found, dg.FloatMetadataValue) and found.value is not None else 0.0

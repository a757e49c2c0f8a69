"""Assets of the room modeling: the baselines and the tuned model."""

import json
from dataclasses import replace
from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.samples import SplitSamples, primary_metric
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.show import as_table
from ml_lifecycle.orchestration.step import Made, StepSpec, step

_INPUTS = ("validated_data", "data_splits", "features", "selected_features")
#: Shuffles behind the sanity check: one alone may agree with the target by luck.
_SHUFFLES = 3


def modeling_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """Baselines and tuned model."""
    return [_baselines(project), _tuned_model(project)]


def _baselines(project: ProjectConfig) -> dg.AssetsDefinition:
    brief = project.brief
    sections = (project.modeling.seed, brief.metric, brief.task, brief.positive_class)
    spec = StepSpec("baselines", "modeling", kinds=("scikitlearn", "mlflow"), needs=_INPUTS, sections=sections)

    @step(project, spec)
    def baselines(
        context: dg.AssetExecutionContext, validated_data: Any, data_splits: Any, features: Any, selected_features: Any
    ) -> Made:
        """What one would do without a model, or with a simple one; the best is the floor for the tuned model."""
        from ml_lifecycle.evaluation.model_gates import judge_logged
        from ml_lifecycle.modeling.baselines import fit_baselines
        from ml_lifecycle.modeling.training import count_threads

        samples = SplitSamples(project, validated_data, data_splits, features, selected_features.names)
        kind = samples.target.kind
        metric = primary_metric(project, kind)
        fitted = fit_baselines(
            samples.of("train"),
            samples.of("validation"),
            kind=kind,
            target=samples.target,
            score=metric,
            seed=project.modeling.seed,
            threads=count_threads(project.modeling.threads),
        )
        scores = fitted.table.set_index("baseline")["score"].astype(float)
        logged = {f"baseline.{name}": score for name, score in scores.to_dict().items()}
        run = context.resources.ml_lifecycle_tracking.open(project.name)
        run.log_metrics(logged)
        return Made(
            fitted,
            verdicts=[judge_logged(logged, run.get_run(run.active_run().info.run_id).data.metrics)],
            metadata={"best": fitted.best, "metric": metric.name, "scores": as_table(fitted.table)},
        )

    return baselines


def _tuned_model(project: ProjectConfig) -> dg.AssetsDefinition:
    modeling, augmentation = project.modeling, project.dataset.augmentation
    spec = StepSpec(
        "tuned_model",
        "modeling",
        kinds=(modeling.family.replace("_", "")[:20], "optuna", "mlflow"),
        needs=(*_INPUTS, "baselines"),
        sections=(modeling, project.brief.metric, project.dataset.augmentation),
    )

    @step(project, spec)
    def tuned_model(
        context: dg.AssetExecutionContext,
        validated_data: Any,
        data_splits: Any,
        features: Any,
        selected_features: Any,
        baselines: Any,
    ) -> Made:
        """The model: searched for on train and validation, fitted on train, stored with all that scoring needs."""
        from ml_lifecycle.modeling.augmentation import augment
        from ml_lifecycle.modeling.predictor import Predictor
        from ml_lifecycle.modeling.tuning import tune

        samples = SplitSamples(project, validated_data, data_splits, features, selected_features.names)
        train, valid, target = samples.of("train"), samples.of("validation"), samples.target
        result = tune(
            train,
            valid,
            kind=target.kind,
            classes=len(target.classes),
            config=modeling,
            score=primary_metric(project, target.kind),
            storage=Workspace(project).home.studies,
            study_name=project.name,
            augmentation=augmentation,
        )
        learnt_from = augment(train, augmentation, kind=target.kind, seed=modeling.seed)
        context.log.info(f"{len(result.trials)} trials in {result.seconds:.1f} s, {result.metric} {result.score:.5g}")
        run = context.resources.ml_lifecycle_tracking.open(project.name)
        run.log_params({f"model.{name}": value for name, value in result.params.items()})
        run.log_metrics({"tuning.validation": result.score, "tuning.seconds": result.seconds})
        predictor = Predictor.build(
            features.extractor, result.model, target, valid=valid, calibration=modeling.calibration
        )
        return Made(
            predictor,
            verdicts=judge_tuned(project, predictor, baselines, learnt_from, valid),
            metadata={
                "validation": result.score,
                "metric": result.metric,
                "parameters": dg.MetadataValue.json(json.loads(json.dumps(dict(result.params)))),
                "iterations": result.model.facts.iterations,
                "trials": as_table(result.trials.sort_values("number"), rows=30),
                "resumed_trials": result.resumed_from,
                "training_rows": len(learnt_from),
                "search_seconds": round(result.seconds, 1),
            },
        )

    return tuned_model


def judge_tuned(project: ProjectConfig, predictor: Any, baselines: Any, train: Any, valid: Any) -> list[Any]:
    """The three gates of the tuned model: better than the floor, the same twice, nothing from nothing."""
    from ml_lifecycle.evaluation.model_gates import judge_beats_baseline, judge_reproducible, judge_sanity
    from ml_lifecycle.modeling.estimators import get_family
    from ml_lifecycle.modeling.training import fit_on_shuffled_labels, fit_twice

    metric = primary_metric(project, predictor.target.kind)
    facts = predictor.model.facts
    twice = fit_twice(predictor.model, train)
    family = get_family(facts.family)
    shuffled = [
        fit_on_shuffled_labels(
            train, valid, family, facts.parameters, goal=replace(facts.goal, seed=facts.goal.seed + n)
        )
        for n in range(_SHUFFLES)
    ]
    predictions = predictor.predict_samples(valid)
    return [
        judge_beats_baseline(
            metric,
            valid.y,
            predictions,
            baselines.predict_best(valid),
            config=project.evaluation,
            margin=project.modeling.baseline_margin,
            query=valid.query,
        ),
        judge_reproducible(twice.first, twice.second),
        judge_sanity(metric, valid.y, shuffled, config=project.evaluation, p_model=predictions, query=valid.query),
    ]

"""The asset `cross_validation`: the chosen configuration, or the whole search, judged on folds of the training rows."""

from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.samples import SplitSamples, metrics_at_hand, primary_metric
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.show import as_table
from ml_lifecycle.orchestration.step import Made, StepSpec, step

_INPUTS = ("validated_data", "data_splits", "data_folds", "features", "selected_features", "tuned_model")


def cross_validation_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """The asset, where evaluation.cross_validation asks for it."""
    config = project.evaluation.cross_validation
    return [_cross_validation(project)] if config.enabled or config.nested else []


def _cross_validation(project: ProjectConfig) -> dg.AssetsDefinition:
    config, augmentation = project.evaluation.cross_validation, project.dataset.augmentation
    spec = StepSpec(
        "cross_validation",
        "evaluation",
        kinds=("scikitlearn", "mlflow"),
        needs=_INPUTS,
        sections=(
            project.modeling.model_dump(mode="json", exclude={"optimize"}),
            *(config, augmentation, project.brief.metric, project.brief.costs),
            *(project.evaluation.confidence, project.evaluation.threshold),
        ),
    )

    @step(project, spec)
    def cross_validation(
        context: dg.AssetExecutionContext,
        validated_data: Any,
        data_splits: Any,
        data_folds: Any,
        features: Any,
        selected_features: Any,
        tuned_model: Any,
    ) -> Made:
        """How good the way of making the model is, fold by fold, on training rows that each fold left out."""
        from ml_lifecycle.evaluation.validation.cross_validation import cross_validate
        from ml_lifecycle.evaluation.validation.nested import cross_validate_search
        from ml_lifecycle.modeling.kept_fits import KeptFits

        samples = SplitSamples(project, validated_data, data_splits, features, selected_features.names)
        train, metric = samples.of("train"), primary_metric(project, samples.target)
        common: dict[str, Any] = {
            "metric": metric,
            "metrics": metrics_at_hand(project, samples.target),
            "confidence": project.evaluation.confidence,
            "augmentation": augmentation,
        }
        storage = Workspace(project).home.studies / f"{project.name}.cross_validation"
        if config.nested:
            goal = tuned_model.model.facts.goal
            options = {"goal": goal, "config": project.modeling, "seconds": config.seconds}
            options |= {"groups": samples.groups_of(train), "storage": storage}
            found = cross_validate_search(train, data_folds, **options, **common)
        else:
            found = cross_validate(train, data_folds, tuned_model.model, kept=KeptFits(storage), **common)
        run = context.resources.ml_lifecycle_tracking.open(project.name)
        summary = found.summarize()
        means = summary.set_index("metric")["mean"].dropna()
        run.log_metrics({f"folds.{str(name).replace('@', '_at_')}": float(value) for name, value in means.items()})
        return Made(
            found,
            metadata={
                "summary": dg.MetadataValue.md(found.markdown()),
                "folds": as_table(found.folds, rows=100),
                **({} if found.optimism is None else {"optimism": found.optimism}),
            },
        )

    return cross_validation

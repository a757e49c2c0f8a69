"""Assets of the room features: the features and their selection."""

from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.samples import SplitSamples
from ml_lifecycle.orchestration.settings import settings_in, settle
from ml_lifecycle.orchestration.show import as_table
from ml_lifecycle.orchestration.step import Made, StepSpec, step
from ml_lifecycle.verdict import Verdict


def features_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """Features and selected features."""
    return [_features(project), _selected_features(project)]


def _features(project: ProjectConfig) -> dg.AssetsDefinition:
    roles = sorted(project.non_features)
    spec = StepSpec(
        "features",
        "features",
        kinds=("table", "deltalake", "numpy"),
        needs=("validated_data", "data_splits"),
        gated_by=("risk_assessment",),
        sections=(
            project.features.model_dump(mode="json", exclude={"selection", "store"}),
            roles,
            project.dataset.event_time,
        ),
    )

    @step(project, spec)
    def features(context: dg.AssetExecutionContext, validated_data: Any, data_splits: Any) -> Made:
        """Columns as numbers; fitted on the training rows only, and the same object at serving."""
        from ml_lifecycle.features.costs import measure_costs
        from ml_lifecycle.features.matrix import build_features, judge_constant, judge_train_serve

        made = build_features(validated_data, data_splits, project)
        extractor = made.extractor
        context.log.info(f"{len(extractor.names)} features; not used: {dict(extractor.skipped)}")
        return Made(
            made,
            verdicts=[
                judge_constant(made, data_splits),
                judge_train_serve(extractor, validated_data, project=project),
                _judge_history(made, validated_data),
            ],
            metadata={
                "dagster/row_count": len(made.table),
                "features": len(extractor.names),
                "not_used": dg.MetadataValue.json(dict(extractor.skipped)),
                "dagster/column_lineage": _lineage(project, extractor),
                "serving_cost": as_table(measure_costs(extractor, validated_data), rows=100),
                "preview": as_table(made.table),
            },
        )

    return features


def _augmentation(project: ProjectConfig, train: Any, target: Any) -> dict[str, Any]:
    """What becomes of the classes when the model is trained; nothing is kept of the rows that are made here."""
    from ml_lifecycle.modeling.augmentation import augment, describe_augmentation

    config = project.dataset.augmentation
    if config.method == "none":
        return {}
    after = augment(train, config, kind=target.kind, seed=project.modeling.seed)
    table = describe_augmentation(train, after)
    table["class"] = [str(target.classes[int(code)]) for code in table["class"]]
    return {"augmentation": dg.MetadataValue.json(table.to_dict("records"))}


def _judge_history(made: Any, rows: Any) -> Verdict:
    from ml_lifecycle.features.history.state import judge_history

    if made.history is None:
        return Verdict("history_equal", passed=True, summary="Not applicable: features.history is not given.")
    return judge_history(made.history, rows)


def _lineage(project: ProjectConfig, extractor: Any) -> dg.TableColumnLineage:
    source = dg.AssetKey([project.name, "validated_data"])
    return dg.TableColumnLineage(
        {name: [dg.TableColumnDep(source, column) for column in extractor.sources_of(name)] for name in extractor.names}
    )


def _selected_features(project: ProjectConfig) -> dg.AssetsDefinition:
    stability = ("data_folds",) if project.features.selection.stability else ()
    spec = StepSpec(
        "selected_features",
        "features",
        kinds=("table", "lightgbm"),
        needs=("validated_data", "data_splits", "features", *stability),
        sections=(project.features.selection, project.modeling.seed, project.brief, project.dataset.augmentation),
        outer=lambda context: str(settings_in(context.run.tags, "features.selection")),
    )

    @step(project, spec)
    def selected_features(
        context: dg.AssetExecutionContext,
        validated_data: Any,
        data_splits: Any,
        features: Any,
        data_folds: Any = None,
    ) -> Made:
        """The features that the model sees, with the score of each and the reason why one was dropped."""
        import numpy as np

        from ml_lifecycle.features.selection import judge_signal, select_features

        samples = SplitSamples(project, validated_data, data_splits, features)
        train = samples.of("train")
        chosen = settle(project, settings_in(context.run.tags, "features.selection"))
        selection = select_features(
            train.matrix,
            train.y,
            samples.target.kind,
            chosen.features.selection,
            seed=project.modeling.seed,
            groups=train.query,
            sources={name: features.extractor.source_of(name) for name in features.extractor.names},
            repeat_on=[] if data_folds is None else [np.isin(train.row_ids, ids) for ids, _ in data_folds],
        )
        context.log.info(f"{len(selection.names)} of {len(features.extractor.names)} features are kept")
        return Made(
            selection,
            verdicts=[judge_signal(selection)],
            metadata={
                "kept": len(selection.names),
                "scores": as_table(selection.scores, rows=50),
                **_augmentation(project, train.select(selection.names), samples.target),
            },
        )

    return selected_features

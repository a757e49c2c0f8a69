"""Assets of the room dataset: labelled rows, splits and folds; collection and validation have a module each."""

from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.collection import collection_assets
from ml_lifecycle.orchestration.assets.validation import validation_assets
from ml_lifecycle.orchestration.show import as_table, rows_of
from ml_lifecycle.orchestration.step import Made, StepSpec, step
from ml_lifecycle.orchestration.storage import record_of


def dataset_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """Raw, validated and quarantined rows, splits; labels where rules guess them, folds where something needs them."""
    return [
        *collection_assets(project),
        *validation_assets(project),
        *_labeled_data(project),
        _data_splits(project),
        *_data_folds(project),
    ]


def _labeled_data(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    labeling = project.dataset.labeling
    if labeling is None:
        return []
    spec = StepSpec(
        "labeled_data",
        "dataset",
        kinds=("table", "deltalake"),
        needs=("validated_data",),
        sections=(labeling, project.dataset.split, project.brief.target, project.brief.task),
    )

    @step(project, spec)
    def labeled_data(context: dg.AssetExecutionContext, validated_data: Any) -> Made:
        """Rows with labels that rules have guessed where none is known, each with how far it is to be believed."""
        from ml_lifecycle.dataset.labeling import judge_coverage, label_dataset

        brief = project.brief
        labeled = label_dataset(validated_data, project.dataset, target=brief.target, task=brief.task)
        context.log.info(f"{labeled.counts['guessed']:,} labels are guessed")
        return Made(
            labeled.frame,
            verdicts=[judge_coverage(labeled, labeling)],
            metadata={
                **rows_of(labeled.frame),
                "counts": dg.MetadataValue.json(dict(labeled.counts)),
                "rules": as_table(labeled.functions, rows=100),
                "guesses": as_table(labeled.probabilities),
            },
        )

    return [labeled_data]


def _data_splits(project: ProjectConfig) -> dg.AssetsDefinition:
    spec = StepSpec(
        "data_splits",
        "dataset",
        kinds=("table", "deltalake"),
        needs=("validated_data",),
        sections=(
            project.dataset.split,
            project.dataset.group,
            project.dataset.event_time,
            project.dataset.outcome_time,
            project.dataset.labeling,
            project.brief.task,
        ),
    )

    @step(project, spec)
    def data_splits(context: dg.AssetExecutionContext, validated_data: Any) -> Made:
        """Which row is for training, for validation and for the test; rows without an outcome are in none of them."""
        from ml_lifecycle.dataset.splits import judge_splits, split_rows
        from ml_lifecycle.dataset.versions import describe

        brief = project.brief
        splits = split_rows(validated_data, project.dataset, target=brief.target, task=brief.task)
        counts = splits.assignment["_split"].value_counts()
        context.log.info(f"{splits.method}: {counts.to_dict()}")
        version = describe(validated_data, splits, table_version=_table_version(context, project))
        return Made(
            splits.assignment,
            verdicts=judge_splits(validated_data, splits, project.dataset, target=brief.target, task=brief.task),
            metadata={
                **rows_of(splits.assignment),
                "method": splits.method,
                "rows": as_table(counts.rename_axis("split").rename("rows").reset_index()),
                "dataset_version": dg.MetadataValue.json(version.to_dict()),
            },
        )

    return data_splits


def _table_version(context: dg.AssetExecutionContext, project: ProjectConfig) -> int | None:
    """The version of the Delta table that the validated rows were written to."""
    event = context.instance.get_latest_materialization_event(dg.AssetKey([project.name, "validated_data"]))
    record = record_of(event.asset_materialization) if event else None
    return record.tables.get("frame") if record else None


def _data_folds(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    if not project.uses_folds:
        return []
    data, brief = project.dataset, project.brief
    spec = StepSpec(
        "data_folds",
        "dataset",
        kinds=("table", "deltalake"),
        needs=("validated_data", "data_splits"),
        sections=(data.split, data.group, data.event_time, data.outcome_time, data.labeling, brief.target, brief.task),
    )

    @step(project, spec)
    def data_folds(context: dg.AssetExecutionContext, validated_data: Any, data_splits: Any) -> Made:
        """The training rows divided again and again, where something is judged by cross-validation."""
        from ml_lifecycle.dataset.folds import judge_folds, make_folds

        folds = make_folds(validated_data, data_splits, data, target=brief.target, task=brief.task)
        context.log.info(f"{len(folds)} {folds.method} folds")
        return Made(
            folds,
            verdicts=[judge_folds(validated_data, folds, data, target=brief.target, task=brief.task)],
            metadata={"method": folds.method, "folds": as_table(folds.describe(), rows=100)},
        )

    return [data_folds]

"""The asset that moves old windows of the prediction log to the lake; only projects that archive have it."""

from datetime import timedelta

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.lake_archive import ARCHIVE
from ml_lifecycle.orchestration.partitions import partitions_of, stretch_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.step import Made, StepSpec, step


def prediction_log_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """The archive, where `serving.archive_after_days` is set."""
    days = project.serving.archive_after_days
    return [] if days is None else [_prediction_archive(project, timedelta(days=days))]


def _prediction_archive(project: ProjectConfig, kept: timedelta) -> dg.AssetsDefinition:
    spec = StepSpec(
        ARCHIVE,
        "monitoring",
        kinds=("table", "deltalake"),
        after=("prediction_window",),
        partitions=partitions_of(project),
    )

    @step(project, spec)
    def prediction_archive(context: dg.AssetExecutionContext) -> Made:
        """Days of the prediction log that lie `serving.archive_after_days` before this window: moved to the lake."""
        import pandas as pd

        from ml_lifecycle.serving.compaction import move_to_archive

        workspace, stretch = Workspace(project), stretch_of(project, context.partition_key)
        moved = move_to_archive(workspace.log, workspace.archive, project.name, stretch.end - kept)
        context.log.info(f"{moved.lines:,} lines of the prediction log moved to the lake")
        return Made(pd.DataFrame([moved.facts()]), metadata={**moved.facts(), "dagster/row_count": moved.lines})

    return prediction_archive

"""Assets of one window before it is judged: scoring what arrived, and the predictions with their outcomes."""

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.champion import champion_of_run
from ml_lifecycle.orchestration.partitions import last_end, partitions_of, stretch_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.show import as_table, rows_of
from ml_lifecycle.orchestration.step import Made, StepSpec, step
from ml_lifecycle.orchestration.window_runs import once


def batch_predictions_asset(project: ProjectConfig) -> dg.AssetsDefinition:
    """`batch_predictions`: what arrived in a window, scored."""
    spec = StepSpec(
        "batch_predictions",
        "monitoring",
        kinds=("table", "deltalake"),
        after=("deployed_model",),
        partitions=partitions_of(project),
    )

    @step(project, spec)
    def batch_predictions(context: dg.AssetExecutionContext) -> Made:
        """The rows that arrived in this window, scored by the version in production, each once, and logged."""
        from ml_lifecycle.serving.batch import read_batch, rows_between, score_window

        workspace = once("workspace", lambda: Workspace(project))
        stretch, champion = stretch_of(project, context.partition_key), champion_of_run(project)
        arrived = once("arrived", lambda: read_batch(project, workspace.home.path))
        rows = rows_between(arrived, project, stretch.start, stretch.end)
        scored = score_window(rows, champion.package, log=workspace.log, project=project, version=champion.version)
        context.log.info(f"{len(scored.predictions):,} rows scored, {scored.new:,} of them new")
        return Made(
            scored.predictions,
            verdicts=[scored.verdict],
            metadata={
                **rows_of(scored.predictions),
                "version": champion.version,
                "preview": as_table(scored.predictions),
            },
        )

    return batch_predictions


def prediction_window_asset(project: ProjectConfig) -> dg.AssetsDefinition:
    """`prediction_window`: the predictions of a window with their outcomes."""
    spec = StepSpec(
        "prediction_window",
        "monitoring",
        kinds=("table", "deltalake"),
        after=("batch_predictions",),
        partitions=partitions_of(project),
    )

    @step(project, spec)
    def prediction_window(context: dg.AssetExecutionContext) -> Made:
        """Predictions of the rolling window that ends here, joined with the outcomes that are known by now."""
        from ml_lifecycle.monitoring.windows import judge_enough_rows, window_of
        from ml_lifecycle.serving.logged_windows import Bounds, LoggedWindows
        from ml_lifecycle.serving.outcomes import collect_outcomes

        log, stretch = once("log", lambda: Workspace(project).log), stretch_of(project, context.partition_key)
        collected = once("outcomes", lambda: collect_outcomes(project, Workspace(project).home.path, log))
        logged = once("logged", lambda: LoggedWindows(log, project.name, last_end(project, context)))
        rows = logged.read(Bounds(stretch.window_start, stretch.end, stretch.rows))
        window = window_of(rows, stretch.window_start, stretch.end, stretch.partition)
        return Made(
            window,
            verdicts=[judge_enough_rows(window, project.monitoring.drift)],
            metadata={
                "dagster/row_count": len(window),
                "labelled": window.labelled,
                "new_outcomes": collected,
                "window": dg.MetadataValue.md(window.markdown()),
            },
        )

    return prediction_window

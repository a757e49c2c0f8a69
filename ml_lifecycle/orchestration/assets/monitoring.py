"""Assets of the room monitoring, partitioned by window: scoring, the window, drift, performance."""

from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.champion import Champion
from ml_lifecycle.orchestration.findings import FINDING_KEY
from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.partitions import partitions_of, stretch_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.show import as_picture, as_table, rows_of
from ml_lifecycle.orchestration.step import Made, StepSpec, step


def monitoring_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """Batch predictions, window, drift, performance."""
    return [_batch_predictions(project), _prediction_window(project), _drift_report(project), _performance(project)]


def _batch_predictions(project: ProjectConfig) -> dg.AssetsDefinition:
    spec = StepSpec("batch_predictions", "monitoring", kinds=("table", "deltalake"), partitions=partitions_of(project))

    @step(project, spec)
    def batch_predictions(context: dg.AssetExecutionContext) -> Made:
        """The rows that arrived in this window, scored by the version in production, each once, and logged."""
        from ml_lifecycle.serving.batch import read_window_rows, score_window

        workspace, stretch = Workspace(project), stretch_of(project, context.partition_key)
        champion = Champion(workspace).require()
        rows = read_window_rows(project, workspace.home.path, stretch.start, stretch.end)
        scored = score_window(rows, champion.package, log=workspace.log, project=project, version=champion.version)
        context.log.info(f"{len(scored.predictions):,} rows scored, {scored.new:,} of them new")
        return Made(
            scored.predictions,
            verdicts=[scored.verdict],
            metadata={**rows_of(scored.predictions), "version": champion.version, "preview": as_table(scored.predictions)},
        )

    return batch_predictions


def _prediction_window(project: ProjectConfig) -> dg.AssetsDefinition:
    spec = StepSpec(
        "prediction_window",
        "monitoring",
        kinds=("table", "sqlite"),
        after=("batch_predictions",),
        partitions=partitions_of(project),
    )

    @step(project, spec)
    def prediction_window(context: dg.AssetExecutionContext) -> Made:
        """Predictions of the rolling window that ends here, joined with the outcomes that are known by now."""
        from ml_lifecycle.monitoring.windows import describe_window, judge_enough_rows
        from ml_lifecycle.serving.outcomes import collect_outcomes

        workspace, stretch = Workspace(project), stretch_of(project, context.partition_key)
        collected = collect_outcomes(project, workspace.home.path, workspace.log)
        rows = workspace.log.window(project.name, stretch.window_start, stretch.end)
        window = describe_window(rows, name=stretch.partition, start=stretch.window_start, end=stretch.end)
        return Made(
            window,
            verdicts=[judge_enough_rows(window, project.monitoring.drift)],
            metadata={"dagster/row_count": window.rows, "labelled": window.labelled, "new_outcomes": collected},
        )

    return prediction_window


def _drift_report(project: ProjectConfig) -> dg.AssetsDefinition:
    key = (project.name, "drift_report")
    spec = StepSpec(
        "drift_report",
        "monitoring",
        kinds=("evidently", "numpy"),
        needs=("prediction_window",),
        partitions=partitions_of(project),
    )

    @step(project, spec)
    def drift_report(context: dg.AssetExecutionContext, prediction_window: Any) -> Made:
        """Inputs and predictions of the window against the profile that was stored with the model at training."""
        from ml_lifecycle.monitoring.drift import assess_drift, judge_drift, judge_prediction_drift
        from ml_lifecycle.monitoring.plots import drift_plot
        from ml_lifecycle.monitoring.profile import ReferenceProfile

        workspace = Workspace(project)
        champion = Champion(workspace).require()
        rows = workspace.log.window(project.name, prediction_window.start, prediction_window.end)
        profile = ReferenceProfile.from_bytes(champion.package.reference)
        report = assess_drift(profile, rows.inputs, rows.scores, project.monitoring.drift)
        finding = {"model_version": champion.version, "drifted": report.drifted or report.prediction_drifted}
        return Made(
            report,
            verdicts=[judge_drift(report), judge_prediction_drift(report)],
            metadata={
                FINDING_KEY: dg.MetadataValue.json(finding),
                "report": dg.MetadataValue.md(report.markdown()),
                **_history(Lake(workspace.home.lake).history(key, "drift"), drift_plot),
                **_html(context, project, report, profile, rows),
            },
        )

    return drift_report


def _performance(project: ProjectConfig) -> dg.AssetsDefinition:
    return None  # type: ignore[return-value]


def _history(frame: Any, plot: Any) -> dict[str, Any]:
    return {} if frame is None else {"history": as_picture(plot(frame), title="history")}


def _html(context: dg.AssetExecutionContext, project: ProjectConfig, report: Any, profile: Any, rows: Any) -> dict[str, Any]:
    del context, project, report, profile, rows
    return {}

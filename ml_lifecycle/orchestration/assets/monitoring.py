"""Assets of the room monitoring, partitioned by window: scoring, the window, drift, performance."""

from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.samples import primary_metric
from ml_lifecycle.orchestration.champion import TEST_ESTIMATE, Champion
from ml_lifecycle.orchestration.findings import FINDING_KEY
from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.partitions import partitions_of, stretch_of
from ml_lifecycle.orchestration.resources import Workspace, mlflow_link
from ml_lifecycle.orchestration.show import as_picture, as_table, rows_of
from ml_lifecycle.orchestration.status import MLFLOW_KEY
from ml_lifecycle.orchestration.step import Made, StepSpec, step


def monitoring_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """Batch predictions, window, drift, performance."""
    return [
        _batch_predictions(project),
        _prediction_window(project),
        _drift_report(project),
        _performance_report(project),
    ]


def _batch_predictions(project: ProjectConfig) -> dg.AssetsDefinition:
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
        from ml_lifecycle.serving.batch import read_window_rows, score_window

        workspace, stretch = Workspace(project), stretch_of(project, context.partition_key)
        champion = Champion.require(workspace)
        rows = read_window_rows(project, workspace.home.path, stretch.start, stretch.end)
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


def _prediction_window(project: ProjectConfig) -> dg.AssetsDefinition:
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
        from ml_lifecycle.monitoring.windows import Window, build_window, judge_enough_rows
        from ml_lifecycle.serving.outcomes import collect_outcomes

        workspace, stretch = Workspace(project), stretch_of(project, context.partition_key)
        collected = collect_outcomes(project, workspace.home.path, workspace.log)
        rows = workspace.log.window(project.name, stretch.window_start, stretch.end)
        window = build_window(rows, Window(stretch.window_start, stretch.end, stretch.partition))
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


def _drift_report(project: ProjectConfig) -> dg.AssetsDefinition:
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
        from ml_lifecycle.serving.log_frames import inputs_of, scores_of

        champion = Champion.require(Workspace(project))
        window = prediction_window.of_version(champion.version)
        profile = ReferenceProfile.from_bytes(champion.package.reference)
        package = champion.package
        # History is what the model was given then; looked up now it would be another.
        inputs = package.read(inputs_of(window.frame, package.inputs))[list(package.predictor.extractor.columns)]
        report = assess_drift(
            profile, inputs, scores_of(window.frame), project.monitoring.drift, classes=champion.class_names
        )
        finding = {
            "model_version": champion.version,
            "drifted": report.drifted or report.prediction_drifted,
            "summary": judge_drift(report).summary,
        }
        past = history_of(project, "drift_report", "drift", context.partition_key, report.table)
        return Made(
            report,
            verdicts=[judge_drift(report), judge_prediction_drift(report)],
            metadata={
                FINDING_KEY: dg.MetadataValue.json(finding),
                "report": dg.MetadataValue.md(report.markdown()),
                "history": as_picture(drift_plot(past), title="drift over time"),
                **_html(context, project, profile, inputs, drifted=report.drifted),
            },
        )

    return drift_report


def _html(
    context: dg.AssetExecutionContext, project: ProjectConfig, profile: Any, current: Any, *, drifted: bool
) -> dict[str, Any]:
    """Evidently's report as an MLflow artifact, where the YAML wants it."""
    drift = project.monitoring.drift
    if drift.html == "never" or (drift.html == "on_drift" and not drifted) or len(current) == 0:
        return {}
    from ml_lifecycle.monitoring.drift_html import render_html

    page = render_html(profile.sample, current, categorical=profile.categorical, max_rows=drift.html_rows)
    run = context.resources.ml_lifecycle_tracking.open(project.name)
    run_id = run.active_run().info.run_id
    path = f"drift/{context.partition_key}.html"
    workspace = Workspace(project)
    workspace.registry.log_artifact_bytes(run_id, path, page)
    return {MLFLOW_KEY: run_id, "evidently": f"artifact {path}", "mlflow": mlflow_link(workspace, run_id)}


def _performance_report(project: ProjectConfig) -> dg.AssetsDefinition:
    spec = StepSpec(
        "performance_report",
        "monitoring",
        kinds=("numpy",),
        needs=("prediction_window",),
        partitions=partitions_of(project),
    )

    @step(project, spec)
    def performance_report(context: dg.AssetExecutionContext, prediction_window: Any) -> Made:
        """How good the model is on the window's known outcomes, or estimated to be where they are late."""
        from ml_lifecycle.monitoring.performance import assess_performance, judge_performance
        from ml_lifecycle.monitoring.plots import performance_plot
        from ml_lifecycle.serving.log_frames import scores_of

        champion = Champion.require(Workspace(project))
        window = prediction_window.of_version(champion.version)
        predictor = champion.package.predictor
        threshold = predictor.threshold or project.evaluation.threshold
        metric = primary_metric(project, predictor.target).at(threshold)
        report = assess_performance(
            champion.outcomes_of(window.frame),
            scores_of(window.frame),
            metric,
            champion.test_value(metric.name),
            kind=champion.kind,
            config=project.monitoring.performance,
            query=champion.queries_of(window.frame),
            reference_estimate=champion.package.manifest.facts.get(TEST_ESTIMATE),
            confidence=project.evaluation.confidence,
            threshold=threshold,
        )
        finding = {
            "model_version": champion.version,
            "performance_lost": report.lost,
            "summary": judge_performance(report).summary,
        }
        table = report.to_parts().tables["performance"]
        past = history_of(project, "performance_report", "performance", context.partition_key, table)
        return Made(
            report,
            verdicts=[judge_performance(report)],
            metadata={
                FINDING_KEY: dg.MetadataValue.json(finding),
                "report": dg.MetadataValue.md(report.markdown()),
                "history": as_picture(
                    performance_plot(past.assign(estimated=past["status"] == "estimated")),
                    title="performance over time",
                ),
            },
        )

    return performance_report


def history_of(project: ProjectConfig, asset: str, table: str, partition: str, present: Any) -> Any:
    """All windows of a monitoring table up to this one, this one as it is now (it is not in the lake yet)."""
    import pandas as pd

    past = Lake(Workspace(project).home.lake).history((project.name, asset), table)
    now = present.assign(window=partition)
    return now if past is None else pd.concat([past[past["window"] < partition], now], ignore_index=True)

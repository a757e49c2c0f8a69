"""The asset that compares a window with the reference of the model in production, and Evidently's page."""

from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.monitoring_history import history_of
from ml_lifecycle.orchestration.champion import judged_version
from ml_lifecycle.orchestration.findings import FINDING_KEY
from ml_lifecycle.orchestration.partitions import partitions_of
from ml_lifecycle.orchestration.resources import Workspace, mlflow_link
from ml_lifecycle.orchestration.show import as_picture
from ml_lifecycle.orchestration.status import MLFLOW_KEY
from ml_lifecycle.orchestration.step import Made, StepSpec, step
from ml_lifecycle.orchestration.window_runs import drawn_last, is_last, once, told_at_length


def drift_report_asset(project: ProjectConfig) -> dg.AssetsDefinition:
    """`drift_report`: a window against what the model was trained on."""
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
        from ml_lifecycle.monitoring.column_profile import outcome_column
        from ml_lifecycle.monitoring.drift import assess_drift, judge_everything
        from ml_lifecycle.monitoring.profile import ReferenceProfile
        from ml_lifecycle.serving.log_frames import inputs_of, scores_of

        champion = judged_version(project, prediction_window)
        window = prediction_window.of_version(champion.version)
        profile = once(f"profile {champion.version}", lambda: ReferenceProfile.from_bytes(champion.package.reference))
        package = champion.package
        # History is what the model was given then; looked up now it would be another.
        inputs = package.read(inputs_of(window.frame, package.inputs))[list(package.predictor.extractor.columns)]
        report = assess_drift(
            profile,
            inputs,
            scores_of(window.frame),
            project.monitoring.drift,
            classes=champion.class_names,
            outcomes=outcome_column(window.frame["outcome"], classes=bool(package.predictor.target.classes)),
        )
        return Made(
            report,
            verdicts=judge_everything(report),
            metadata={
                FINDING_KEY: dg.MetadataValue.json({"model_version": champion.version, **report.finding()}),
                "report": told_at_length(context, report),
                **drawn_last(context, history=lambda: _picture(project, context.partition_key, report.table)),
                **(
                    _html(context, project, profile, inputs, drifted=report.anything_drifted)
                    if is_last(context.partition_key)
                    else {}
                ),
            },
        )

    return drift_report


def _picture(project: ProjectConfig, window: str, table: Any) -> Any:
    from ml_lifecycle.monitoring.plots import drift_plot

    return as_picture(drift_plot(history_of(project, "drift_report", "drift", window, table)), title="drift over time")


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

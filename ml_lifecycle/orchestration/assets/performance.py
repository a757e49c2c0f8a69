"""The asset that says how good the model in production is in a window."""

from collections.abc import Callable
from functools import partial
from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.monitoring_history import history_of
from ml_lifecycle.orchestration.assets.samples import primary_metric
from ml_lifecycle.orchestration.champion import TEST_ESTIMATE, Champion, judged_version
from ml_lifecycle.orchestration.findings import FINDING_KEY
from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.partitions import partitions_of, stretch_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.show import as_picture, as_table
from ml_lifecycle.orchestration.step import Made, StepSpec, step
from ml_lifecycle.orchestration.window_runs import drawn_last, is_last, once, told_at_length


def performance_report_asset(project: ProjectConfig) -> dg.AssetsDefinition:
    """`performance_report`: how good the model is in a window."""
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
        from ml_lifecycle.monitoring.performance import judge_concept, judge_performance, judge_slices

        champion = judged_version(project, prediction_window)
        report = _assess(project, champion, prediction_window.of_version(champion.version), context.partition_key)
        verdicts = [judge_performance(report), judge_concept(report), judge_slices(report)]
        finding = {
            "model_version": champion.version,
            "performance_lost": report.lost,
            "concept_drift": report.concept_drift,
            "estimated": report.estimated,
            "severity": report.severity,
            "rows": report.rows,
            "labelled": report.labelled,
            "summary": " ".join(item.summary for item in verdicts[:1] + [verdicts[1]] * report.concept_drift),
        }
        return Made(
            report,
            verdicts=verdicts,
            metadata={
                FINDING_KEY: dg.MetadataValue.json(finding),
                "report": told_at_length(context, report),
                **drawn_last(context, **_tables(report)),
                **_over_time(context, project, report),
            },
        )

    return performance_report


def _tables(report: Any) -> dict[str, Callable[[], Any]]:
    """The report's tables that hold anything."""
    found = {"attribution": report.attribution, "slices": report.slices}
    return {name: partial(as_table, frame) for name, frame in found.items() if len(frame)}


def _assess(project: ProjectConfig, champion: Champion, window: Any, partition: str) -> Any:
    """The report of the rows that the champion has predicted."""
    from ml_lifecycle.monitoring.performance import assess_performance
    from ml_lifecycle.serving.log_frames import scores_of

    predictor = champion.package.predictor
    threshold = predictor.threshold or project.evaluation.threshold
    metric = once(f"metric {champion.version}", lambda: primary_metric(project, predictor.target).at(threshold))
    past = once("performance losses", lambda: _past_losses(project))
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
        grounds=_grounds(project, champion, window, partition, past),
    )
    past.add(partition, champion.version, report.blocks)
    return report


def _grounds(project: ProjectConfig, champion: Champion, window: Any, partition: str, past: Any) -> Any:
    """What the package and earlier windows know: the loss at training, the inputs of the rows, the losses before."""
    import numpy as np

    from ml_lifecycle.monitoring.losses.reference import LossReference
    from ml_lifecycle.monitoring.performance import Grounds
    from ml_lifecycle.serving.log_frames import inputs_of

    package, frame = champion.package, window.frame
    losses = inputs = None
    if package.losses is not None and len(frame):
        losses = once(f"loss reference {champion.version}", lambda: LossReference.from_bytes(package.losses or b""))
        inputs = package.read(inputs_of(frame, package.inputs))[list(package.predictor.extractor.columns)]
    times = frame["event_time"].to_numpy()
    return Grounds(
        losses=losses,
        inputs=inputs,
        frame=frame,
        order=times,
        # A rolling window holds rows that earlier windows have summed up already.
        new=times >= np.datetime64(stretch_of(project, partition).start),
        past=past.before(partition, champion.version, project.monitoring.performance.detector_rows),
        evaluation=project.evaluation,
        version=champion.version,
    )


def _past_losses(project: ProjectConfig) -> Any:
    """What earlier windows have kept of their losses."""
    from ml_lifecycle.monitoring.detectors.past import PastLosses

    return PastLosses.of(
        Lake(Workspace(project).home.lake).history((project.name, "performance_report"), "performance")
    )


def _over_time(context: dg.AssetExecutionContext, project: ProjectConfig, report: Any) -> dict[str, Any]:
    """The picture of all windows, and their estimates against the truth that came later."""
    if not is_last(context.partition_key):
        return {}
    from ml_lifecycle.monitoring.estimate_check import check_estimates
    from ml_lifecycle.monitoring.plots import performance_plot

    table = report.to_parts().tables["performance"]
    past = history_of(project, "performance_report", "performance", context.partition_key, table)
    check = check_estimates(past)
    drawn = performance_plot(past.assign(estimated=past["status"] == "estimated"))
    return {
        "history": as_picture(drawn, title="performance over time"),
        "estimates": dg.MetadataValue.md(check.markdown()),
        **({"estimates_held": check.share} if len(check.table) else {}),
    }

"""The asset that says how good the model in production is in a window."""

from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.monitoring_history import history_of
from ml_lifecycle.orchestration.assets.samples import primary_metric
from ml_lifecycle.orchestration.champion import TEST_ESTIMATE, Champion
from ml_lifecycle.orchestration.findings import FINDING_KEY
from ml_lifecycle.orchestration.partitions import partitions_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.show import as_picture
from ml_lifecycle.orchestration.step import Made, StepSpec, step


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

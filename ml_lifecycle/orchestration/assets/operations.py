"""The asset that holds the project itself against its service levels."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.operations_records import OperationsRecords
from ml_lifecycle.orchestration.partitions import partitions_of, stretch_of
from ml_lifecycle.orchestration.step import Made, StepSpec, step
from ml_lifecycle.orchestration.window_runs import once


def operations_report_asset(project: ProjectConfig) -> dg.AssetsDefinition:
    """`operations_report`: service levels of the period that a window ends.

    It depends on nothing, so that it is made also where drift or performance could not be judged.
    """
    spec = StepSpec("operations_report", "monitoring", kinds=("table",), partitions=partitions_of(project))

    @step(project, spec)
    def operations_report(context: dg.AssetExecutionContext) -> Made:
        """Success of trainings and deployments, uptime, times to detection and deployment, latency and cost."""
        from ml_lifecycle.monitoring.levels import assess_operations
        from ml_lifecycle.monitoring.operations import judge_levels

        start, end = period_of(project, context.partition_key)
        found = once("operations", lambda: OperationsRecords(context.instance, project, start))
        levels, brief = project.monitoring.operations, project.brief
        report = assess_operations(found.between(start, end), levels, brief.constraints, start=start, end=end)
        return Made(report, verdicts=judge_levels(report), metadata={"report": dg.MetadataValue.md(report.markdown())})

    return operations_report


def period_of(project: ProjectConfig, partition: str) -> tuple[datetime, datetime]:
    """The days that a window's levels look at; naive UTC. The newest window looks until now, others until their end."""
    newest = partitions_of(project).get_last_partition_key() == partition
    end = datetime.now(UTC).replace(tzinfo=None) if newest else stretch_of(project, partition).end
    return end - timedelta(days=project.monitoring.operations.period_days), end

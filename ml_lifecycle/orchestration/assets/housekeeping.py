"""The asset that says what the last housekeeping has thrown away."""

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.jobs import HOUSEKEEPING
from ml_lifecycle.orchestration.naming import PROCESS_TAG
from ml_lifecycle.orchestration.step import Made, StepSpec, step


def housekeeping_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """`housekeeping_report`: old records deleted, as the YAML allows."""
    spec = StepSpec(HOUSEKEEPING[0], "monitoring", kinds=("table",), reusable=False)

    @step(project, spec)
    def housekeeping_report(context: dg.AssetExecutionContext) -> Made:
        """Old runs, versions of tables, files and predictions that nothing needs: what went, and how many bytes."""
        from ml_lifecycle.orchestration.housekeeping import keep_house

        commanded = PROCESS_TAG in context.run.tags  # then the command holds the project
        report = keep_house(context.instance, project, dry_run=False, own_run=context.run_id, holds=commanded)
        return Made(report, metadata={"bytes": report.bytes, "report": dg.MetadataValue.md(report.markdown())})

    return [housekeeping_report]

"""Assets of the room discovery: the problem brief, the audit of the data, the assessment of its risks."""

from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.resources import Workspace, mlflow_link
from ml_lifecycle.orchestration.show import as_table
from ml_lifecycle.orchestration.step import Made, StepSpec, step

#: Where the audit lies in its MLflow run, and the metadata key that names this run.
AUDIT_REPORT, AUDIT_RUN = "data_audit/report.html", "mlflow_run"
_MOST_FINDINGS = 50


def discovery_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """Brief, audit, risks."""
    return [_problem_brief(project), _data_audit(project), _risk_assessment(project)]


def _problem_brief(project: ProjectConfig) -> dg.AssetsDefinition:
    spec = StepSpec("problem_brief", "discovery", kinds=("markdown",), sections=(project.brief,))

    @step(project, spec)
    def problem_brief(context: dg.AssetExecutionContext) -> Made:
        """What is to be predicted, why, and when it is good enough; every later gate is held against it."""
        from ml_lifecycle.discovery.brief import judge_criteria_defined, write_brief
        from ml_lifecycle.evaluation.metrics import KNOWN

        brief = write_brief(project)
        context.log.info(f"{project.name}: {project.brief.problem}")
        return Made(
            brief,
            verdicts=[judge_criteria_defined(project, KNOWN)],
            metadata={"brief": dg.MetadataValue.md(brief.markdown)},
        )

    return problem_brief


def _data_audit(project: ProjectConfig) -> dg.AssetsDefinition:
    data = project.dataset
    spec = StepSpec(
        "data_audit",
        "discovery",
        kinds=("evidently", "html"),
        needs=("raw_data",),
        sections=(
            project.brief,
            data.model_dump(mode="json", exclude={"split", "labeling", "augmentation", "incremental"}),
            project.evaluation.fairness.sensitive,
        ),
    )

    @step(project, spec)
    def data_audit(context: dg.AssetExecutionContext, raw_data: Any) -> Made:
        """What a person should know of the data before anything is learnt from it; the whole report lies in MLflow."""
        from ml_lifecycle.discovery.audit.audit import audit_rows
        from ml_lifecycle.discovery.audit.html import render_audit
        from ml_lifecycle.discovery.audit.report import judge_audit

        audit = audit_rows(raw_data, project)
        run = context.resources.ml_lifecycle_tracking.open(project.name).active_run().info.run_id
        workspace = Workspace(project)
        html = render_audit(audit, raw_data, f"{project.name}: data audit")
        workspace.registry.log_artifact_bytes(run, AUDIT_REPORT, html)
        return Made(
            audit,
            verdicts=[judge_audit(audit)],
            metadata={
                "summary": audit.summary,
                "findings": len(audit.findings),
                "audit": dg.MetadataValue.md(audit.to_markdown(_MOST_FINDINGS)),
                "report": AUDIT_REPORT,
                AUDIT_RUN: run,
                "mlflow": mlflow_link(workspace, run),
            },
        )

    return data_audit


def _risk_assessment(project: ProjectConfig) -> dg.AssetsDefinition:
    data = project.dataset
    spec = StepSpec(
        "risk_assessment",
        "discovery",
        kinds=("table", "lightgbm"),
        needs=("validated_data", "data_splits"),
        sections=(data.risks, project.brief, sorted(project.non_features), data.event_time, data.group, data.entity),
    )

    @step(project, spec)
    def risk_assessment(context: dg.AssetExecutionContext, validated_data: Any, data_splits: Any) -> Made:
        """Columns that tell the target, times that lie ahead, rows that splits share: each with its evidence."""
        from ml_lifecycle.discovery.risks.assessment import assess_risks

        risks = assess_risks(validated_data, project, assignment=data_splits, seed=project.modeling.seed)
        context.log.info(f"{len(risks.reported)} findings")
        return Made(
            risks,
            verdicts=risks.verdicts,
            metadata={"findings": len(risks.reported), "found": as_table(risks.table, rows=_MOST_FINDINGS)},
        )

    return risk_assessment

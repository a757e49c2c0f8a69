"""The asset `feasibility_study`, of the room discovery. It is no part of the lifecycle: it costs a few fits."""

from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.step import Made, StepSpec, step

_INPUTS = ("validated_data", "quarantined_rows", "data_splits", "risk_assessment", "data_audit")


def feasibility_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """The study."""
    data, modeling = project.dataset, project.modeling
    spec = StepSpec(
        "feasibility_study",
        "discovery",
        kinds=("markdown", "lightgbm"),
        needs=_INPUTS,
        sections=(
            *(project.brief, project.discovery.feasibility, project.features, data.split, modeling.seed),
            *(sorted(project.non_features), data.event_time, data.group, data.entity, project.evaluation.threshold),
        ),
    )

    @step(project, spec)
    def feasibility_study(
        context: dg.AssetExecutionContext,
        validated_data: Any,
        quarantined_rows: Any,
        data_splits: Any,
        risk_assessment: Any,
        data_audit: Any,
    ) -> Made:
        """Whether the problem can be solved with the data at hand: a quick prototype, scored, and what to do."""
        from ml_lifecycle.discovery.feasibility.study import judge_feasible, study_feasibility

        study = study_feasibility(
            validated_data,
            data_splits,
            project,
            risks=risk_assessment,
            audit=data_audit,
            quarantined=len(quarantined_rows),
        )
        context.log.info(study.summary)
        return Made(
            study,
            verdicts=[judge_feasible(study)],
            metadata={
                "recommendation": study.advice.value,
                "summary": study.summary,
                "technical_feasibility": study.technical,
                "data_readiness": study.readiness,
                "what_would_change_it": "; ".join(study.facts["recommendation"]["changes"]),
                "study": dg.MetadataValue.md(study.markdown),
            },
        )

    return [feasibility_study]

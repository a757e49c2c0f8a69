"""Assets of the room discovery: the problem brief."""

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.step import Made, StepSpec, step


def discovery_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """The problem brief."""
    spec = StepSpec("problem_brief", "discovery", kinds=("markdown",), sections=(project.brief,))

    @step(project, spec)
    def problem_brief(context: dg.AssetExecutionContext) -> Made:
        """What is to be predicted, why, and when it is good enough; every later gate is held against it."""
        from ml_lifecycle.discovery.brief import judge_criteria_defined, write_brief
        from ml_lifecycle.evaluation.metrics import METRICS

        brief = write_brief(project)
        known = {name: metric.kinds for name, metric in METRICS.items()}
        context.log.info(f"{project.name}: {project.brief.problem}")
        return Made(
            brief,
            verdicts=[judge_criteria_defined(project, known)],
            metadata={"brief": dg.MetadataValue.md(brief.markdown)},
        )

    return [problem_brief]

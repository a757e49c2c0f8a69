"""The asset `experiment_comparison`: experiments side by side, with what to do with each, written down.

Which experiments, and against what, a run says by its tags; without them all that were trained stand beside the
project's own model. How they are compared lives in the room evaluation.
"""

import json
from typing import Any

import dagster as dg

from ml_lifecycle.config.experiment import TUNED
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.experiment_results import compare_named, trained_experiments
from ml_lifecycle.orchestration.experiments import AGAINST_TAG, ASSET, COMPARE_TAG, COMPARISON
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.show import as_table
from ml_lifecycle.orchestration.step import Made, StepSpec, step

_FOLDER = "experiment_comparison"


def experiment_comparison_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """The asset."""
    spec = StepSpec(
        COMPARISON,
        "evaluation",
        kinds=("table", "mlflow"),
        after=(TUNED, ASSET),
        sections=(project.evaluation, project.brief.metric, project.brief.costs),
        reusable=False,
    )

    @step(project, spec)
    def experiment_comparison(context: dg.AssetExecutionContext) -> Made:
        """Experiments and the models beside them on the same rows: effect, interval, p, costs, and what to do next."""
        tags = context.run.tags
        named = [name for name in tags.get(COMPARE_TAG, "").split(",") if name]
        against = tags.get(AGAINST_TAG, TUNED)
        found = compare_named(
            context.instance, project, named or trained_experiments(context.instance, project), against
        )
        _log(context, project, found)
        decided = {one.experiment: one.action for one in found.decisions}
        context.log.info(f"against {against}: {decided}")
        return Made(
            found,
            metadata={
                "against": against,
                "decisions": dg.MetadataValue.json(decided),
                "comparison": dg.MetadataValue.md(found.markdown()),
                "candidates": as_table(found.candidates.table, rows=50),
            },
        )

    return [experiment_comparison]


def _log(context: dg.AssetExecutionContext, project: ProjectConfig, found: Any) -> None:
    """The decisions and the whole comparison beside the MLflow run."""
    run = context.resources.ml_lifecycle_tracking.open(project.name)
    run.set_tags({f"decision.{one.experiment}": one.action for one in found.decisions})
    gains = found.candidates.table.set_index("name")["difference"].dropna()
    run.log_metrics({f"experiment.{name}.gain": float(gain) for name, gain in gains.items()})
    files = {"comparison.md": found.markdown(), "comparison.json": json.dumps(found.to_dict(), indent=1)}
    Workspace(project).registry.log_artifacts_bytes(
        run.active_run().info.run_id, {f"{_FOLDER}/{name}": text.encode() for name, text in files.items()}
    )

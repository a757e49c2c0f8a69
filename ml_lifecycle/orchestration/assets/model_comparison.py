"""The asset that compares a candidate with the model in production, on rows that neither has learnt from.

How both are put side by side lives in `duel`, and what guards a retraining in `evaluation.comparison.old_and_new`.
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.duel import Duel
from ml_lifecycle.orchestration.assets.samples import (
    blocks_in_time,
    decision_of,
    labelled_rows,
    primary_metric,
    with_history,
)
from ml_lifecycle.orchestration.champion import Champion
from ml_lifecycle.orchestration.champion_rows import splits_behind
from ml_lifecycle.orchestration.gate_records import lineage_of
from ml_lifecycle.orchestration.naming import job_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.step import Made, StepSpec, step

if TYPE_CHECKING:
    from ml_lifecycle.evaluation.comparison.champion import Comparison


def model_comparison_asset(project: ProjectConfig) -> dg.AssetsDefinition:
    """`model_comparison`: candidate and champion side by side."""

    def outer(context: dg.AssetExecutionContext) -> str:
        champion, level = Champion.find(Workspace(project)), level_of(context.run.job_name, project)
        against = str(None if champion is None else champion.compared_against(lineage_of(context.instance, project)))
        return against if level == project.evaluation else f"{against} at {level.comparison.alpha}"

    spec = StepSpec(
        "model_comparison",
        "evaluation",
        kinds=("mlflow",),
        needs=("validated_data", "data_splits", "optimized_model"),
        after=("evaluation",),
        sections=(project.evaluation, project.brief.metric, project.brief.costs),
        outer=outer,
    )

    @step(project, spec)
    def model_comparison(
        context: dg.AssetExecutionContext, validated_data: Any, data_splits: Any, optimized_model: Any
    ) -> Made:
        """Candidate and champion on rows new to both, the newest first; promoted only what is better beyond chance."""
        from ml_lifecycle.evaluation.comparison.champion import judge_beats_champion
        from ml_lifecycle.evaluation.comparison.held_out import divide_rows
        from ml_lifecycle.evaluation.comparison.old_and_new import judge_holds_on_old_test, judge_labels_plausible

        champion, table = Champion.find(Workspace(project)), with_history(project, validated_data)
        if champion is None:
            comparison, found = _first(project, table, data_splits, optimized_model), None
        else:
            held = divide_rows(data_splits, splits_behind(context.instance, project, champion))
            duel = Duel(project, champion, optimized_model, champion.with_history(table), held)
            comparison, found = duel.compare(level_of(context.run.job_name, project))
        context.log.info(comparison.summary)
        guards = [judge(found, project.evaluation) for judge in (judge_holds_on_old_test, judge_labels_plausible)]
        verdicts = [judge_beats_champion(comparison), *guards]
        return Made(comparison, verdicts=verdicts, metadata=_tell(comparison))

    return model_comparison


def level_of(job: str, project: ProjectConfig) -> EvaluationConfig:
    """How surely the candidate of a job must be better: that of a retraining as `monitoring.retrain.alpha` says."""
    retrains = job == job_of(project.name, "retrain")
    return project.evaluation.proving(project.monitoring.retrain.alpha if retrains else None)


def _first(project: ProjectConfig, table: Any, data_splits: Any, predictor: Any) -> "Comparison":
    """A candidate that nothing is compared with."""
    from ml_lifecycle.evaluation.comparison.champion import compare
    from ml_lifecycle.evaluation.decided import for_metric

    test = labelled_rows(project, table, data_splits, "test", predictor.target)
    metric = primary_metric(project, predictor.target)
    seen = for_metric(predictor.predict(test.rows), test.rows, metric, decision_of(predictor))
    groups = blocks_in_time(project, test, metric, [seen])
    return compare(test.y, seen, None, metric=metric, config=project.evaluation, query=test.query, groups=groups)


def _tell(comparison: "Comparison") -> dict[str, Any]:
    recommended = comparison.recommendation
    return {
        "decision": comparison.decision,
        "why": comparison.summary,
        "champion": comparison.champion or "none",
        "recommendation": recommended.summary if recommended is not None else "none",
        "comparison": dg.MetadataValue.md(comparison.markdown()),
    }

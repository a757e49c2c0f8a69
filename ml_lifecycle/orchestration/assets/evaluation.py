"""Assets of the room evaluation: the evaluation on the test split, and the comparison with the champion."""

from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.samples import labelled_rows, primary_metric, with_history
from ml_lifecycle.orchestration.champion import Champion
from ml_lifecycle.orchestration.findings import lineage_of
from ml_lifecycle.orchestration.resources import Workspace, mlflow_link
from ml_lifecycle.orchestration.show import as_pictures, as_table
from ml_lifecycle.orchestration.status import METRICS_KEY, MLFLOW_KEY
from ml_lifecycle.orchestration.step import Made, StepSpec, step


def evaluation_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """Evaluation and comparison."""
    return [_evaluation(project), _model_comparison(project)]


def _evaluation(project: ProjectConfig) -> dg.AssetsDefinition:
    spec = StepSpec(
        "evaluation",
        "evaluation",
        kinds=("scikitlearn", "mlflow"),
        needs=("validated_data", "data_splits", "tuned_model"),
        after=("problem_brief",),
        sections=(project.evaluation, project.brief.success_criteria, project.brief.metric),
    )

    @step(project, spec)
    def evaluation(context: dg.AssetExecutionContext, validated_data: Any, data_splits: Any, tuned_model: Any) -> Made:
        """How good the model is on rows that nothing before has seen, and how sure we are."""
        from ml_lifecycle.evaluation import gates
        from ml_lifecycle.evaluation.report import evaluate

        table = with_history(project, validated_data)
        rows, y, query, groups = labelled_rows(project, table, data_splits, "test", tuned_model.target)
        target = tuned_model.target
        report = evaluate(
            target.kind,
            rows,
            y,
            predict=tuned_model.predict,
            config=project.evaluation,
            metric=primary_metric(project, target.kind),
            query=query,
            groups=groups,
            columns=tuned_model.extractor.columns,
            importance=tuned_model.model.importance(),
            classes=tuple(map(str, target.classes)),
            seed=project.modeling.seed,
        )
        mlflow = context.resources.ml_lifecycle_tracking.open(project.name)
        mlflow.log_metrics({f"test.{name.replace('@', '_at_')}": item.value for name, item in report.metrics.items()})
        run_id, workspace = mlflow.active_run().info.run_id, Workspace(project)
        for name, png in report.figures.items():
            workspace.registry.log_artifact_bytes(run_id, f"evaluation/{name}.png", png)
        return Made(
            report,
            verdicts=[
                gates.judge_success_criteria(report, project.brief.criteria),
                gates.judge_calibrated(report, project.evaluation.calibration),
                gates.judge_fair(report, project.evaluation.fairness),
                gates.judge_robust(report, project.evaluation.robustness),
                gates.judge_slices(report, project.evaluation.slices),
            ],
            metadata={
                "summary": dg.MetadataValue.md(report.markdown()),
                METRICS_KEY: dg.MetadataValue.json(
                    {name: [item.value, item.low, item.high] for name, item in report.metrics.items()}
                ),
                MLFLOW_KEY: run_id,
                "mlflow": mlflow_link(workspace, run_id),
                "slices": as_table(report.slices),
                "robustness": as_table(report.robustness),
                **as_pictures(report.figures),
            },
        )

    return evaluation


def _model_comparison(project: ProjectConfig) -> dg.AssetsDefinition:
    def outer(context: dg.AssetExecutionContext) -> str:
        champion = Champion.find(Workspace(project))
        return str(None if champion is None else champion.compared_against(lineage_of(context.instance, project)))

    spec = StepSpec(
        "model_comparison",
        "evaluation",
        kinds=("mlflow",),
        needs=("validated_data", "data_splits", "tuned_model"),
        after=("evaluation",),
        sections=(project.evaluation.comparison, project.brief.metric),
        outer=outer,
    )

    @step(project, spec)
    def model_comparison(
        context: dg.AssetExecutionContext, validated_data: Any, data_splits: Any, tuned_model: Any
    ) -> Made:
        """Candidate and champion on the same rows; promoted only what is better beyond chance."""
        from ml_lifecycle.evaluation.comparison import compare, judge_beats_champion

        target = tuned_model.target
        champion = Champion.find(Workspace(project))
        table = with_history(project, validated_data)
        table = table if champion is None else champion.with_history(table)
        rows, y, query, groups = labelled_rows(project, table, data_splits, "test", target)
        comparison = compare(
            y,
            tuned_model.predict(rows),
            None if champion is None else champion.predict_for(rows, target),
            metric=primary_metric(project, target.kind),
            config=project.evaluation,
            champion=None if champion is None else champion.version,
            query=query,
            groups=groups,
            seed=project.modeling.seed,
        )
        context.log.info(comparison.summary)
        return Made(
            comparison,
            verdicts=[judge_beats_champion(comparison)],
            metadata={
                "decision": comparison.decision,
                "champion": comparison.champion or "none",
                "comparison": dg.MetadataValue.md(comparison.markdown()),
            },
        )

    return model_comparison

"""Assets of the room evaluation: the evaluation on the test split.

The comparison with the champion, judging on folds and experiments have a module each beside this one.
"""

from datetime import UTC, datetime
from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.cross_validation import cross_validation_assets
from ml_lifecycle.orchestration.assets.experiment_comparison import experiment_comparison_assets
from ml_lifecycle.orchestration.assets.experiments import experiment_assets
from ml_lifecycle.orchestration.assets.model_comparison import model_comparison_asset
from ml_lifecycle.orchestration.assets.samples import (
    LabelledRows,
    SplitSamples,
    blocks_in_time,
    costs_of,
    decision_of,
    labelled_rows,
    primary_metric,
    with_history,
)
from ml_lifecycle.orchestration.gate_records import lineage_of
from ml_lifecycle.orchestration.resources import Workspace, mlflow_link
from ml_lifecycle.orchestration.show import as_pictures, as_table
from ml_lifecycle.orchestration.status import METRICS_KEY, MLFLOW_KEY
from ml_lifecycle.orchestration.step import Made, StepSpec, step

#: Where the page of an evaluation lies beside its MLflow run.
REPORT_PAGE = "evaluation/report.html"


def evaluation_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """Evaluation and comparison; folds and experiments beside them."""
    return [
        _evaluation(project),
        *cross_validation_assets(project),
        model_comparison_asset(project),
        *experiment_assets(project),
        *experiment_comparison_assets(project),
    ]


def _evaluation(project: ProjectConfig) -> dg.AssetsDefinition:
    spec = StepSpec(
        "evaluation",
        "evaluation",
        kinds=("scikitlearn", "mlflow"),
        needs=("validated_data", "data_splits", "features", "selected_features", "optimized_model"),
        after=("problem_brief",),
        sections=(project.evaluation, project.brief.success_criteria, project.brief.metric, project.brief.costs),
    )

    @step(project, spec)
    def evaluation(
        context: dg.AssetExecutionContext,
        validated_data: Any,
        data_splits: Any,
        features: Any,
        selected_features: Any,
        optimized_model: Any,
    ) -> Made:
        """How good the model is on rows that nothing before has seen, and how sure we are."""
        from ml_lifecycle.evaluation import gates

        table = with_history(project, validated_data)
        test = labelled_rows(project, table, data_splits, "test", optimized_model.target)
        samples = SplitSamples(project, validated_data, data_splits, features, selected_features.names)
        report = _evaluate(project, optimized_model, test, samples)
        limits = project.evaluation
        verdicts = [
            gates.judge_success_criteria(report, project.brief.criteria),
            gates.judge_calibrated(report, limits.calibration),
            gates.judge_fair(report, limits.fairness),
            gates.judge_robust(report, limits.robustness),
            gates.judge_slices(report, limits.slices),
        ]
        return Made(report, verdicts=verdicts, metadata=_publish(context, project, report, verdicts))

    return evaluation


def _evaluate(project: ProjectConfig, predictor: Any, test: LabelledRows, samples: SplitSamples) -> Any:
    from ml_lifecycle.evaluation.decided import for_metric
    from ml_lifecycle.evaluation.learning_curve import trace_learning
    from ml_lifecycle.evaluation.report import evaluate

    target, time = predictor.target, project.dataset.event_time
    metric = primary_metric(project, target)
    predictions, decide = predictor.predict(test.rows), decision_of(predictor)
    seen = for_metric(predictions, test.rows, metric, decide)
    groups, valid = blocks_in_time(project, test, metric, [seen]), samples.of("validation")
    return evaluate(
        target.kind,
        test.rows,
        test.y,
        predict=predictor.predict,
        predictions=predictions,
        config=project.evaluation,
        metric=metric,
        query=test.query,
        groups=groups,
        columns=predictor.extractor.columns,
        importance=predictor.model.importance(),
        classes=tuple(map(str, target.classes)),
        seed=project.modeling.seed,
        costs=costs_of(project, target),
        extra=[criterion.metric for criterion in project.brief.criteria],
        decide=decide,
        times=test.rows[time].to_numpy(dtype="datetime64[ns]") if time else None,
        row_ids=test.rows["_row_id"].to_numpy(),
        model=predictor.model,
        extract=predictor.extractor.transform,
        learn=lambda: trace_learning(
            predictor.model.facts,
            samples.of("train"),
            valid,
            metric,
            confidence=project.evaluation.confidence,
            groups=samples.groups_of(valid),
        ),
    )


def _publish(
    context: dg.AssetExecutionContext, project: ProjectConfig, report: Any, verdicts: list[Any]
) -> dict[str, Any]:
    """Log an evaluation to MLflow, and say of it what the UI shows."""
    mlflow = context.resources.ml_lifecycle_tracking.open(project.name)
    mlflow.log_metrics({f"test.{name.replace('@', '_at_')}": item.value for name, item in report.metrics.items()})
    run_id, workspace = mlflow.active_run().info.run_id, Workspace(project)
    files = {f"evaluation/{name}.png": png for name, png in report.figures.items()}
    if project.evaluation.report.html:
        files[REPORT_PAGE] = _page(context, project, report, verdicts, run_id).encode()
    workspace.registry.log_artifacts_bytes(run_id, files)
    return {
        "summary": dg.MetadataValue.md(report.markdown()),
        METRICS_KEY: dg.MetadataValue.json(
            {name: [item.value, item.low, item.high] for name, item in report.metrics.items()}
        ),
        MLFLOW_KEY: run_id,
        "mlflow": mlflow_link(workspace, run_id),
        **({"report": REPORT_PAGE} if REPORT_PAGE in files else {}),
        "slices": as_table(report.slices),
        "robustness": as_table(report.robustness, rows=40),
        **{name: as_table(table) for name, table in report.tables.items()},
        **as_pictures(report.figures),
    }


def _page(context: dg.AssetExecutionContext, project: ProjectConfig, report: Any, verdicts: list[Any], run: str) -> str:
    from ml_lifecycle.evaluation.html_report import render_report
    from ml_lifecycle.modeling.environment import describe_environment

    versions = lineage_of(context.instance, project, without="evaluation")
    facts = {
        "problem": project.brief.problem,
        "MLflow run": run,
        "Dagster run": context.run.run_id,
        **{f"version of {name}": versions[name] for name in ("data_splits", "optimized_model") if name in versions},
        **describe_environment(project.folder),
    }
    made = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return render_report(report, title=f"{project.name}: evaluation", facts=facts, verdicts=verdicts, made=made)

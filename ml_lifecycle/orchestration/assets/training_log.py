"""What MLflow is told of a training: parameters, environment, versions, scores by rounds, effort, pictures; approaches.

How a model is made lives in `training` and `modeling`; the run that all of it goes to, in `resources`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.gate_records import lineage_of
from ml_lifecycle.orchestration.resources import Workspace

if TYPE_CHECKING:
    from ml_lifecycle.orchestration.assets.training import TrainingRows

_MOST_POINTS = 500
#: What is logged of an approach, as its table names it.
_FIGURES = ("score", "training_seconds", "latency_p50_ms", "latency_p95_ms", "size_bytes")


def log_search(
    context: dg.AssetExecutionContext,
    project: ProjectConfig,
    result: Any,
    effort: Any,
    rows: "TrainingRows",
    metric: Any,
) -> dict[str, bytes]:
    """Log everything that a person needs to know how a model came about.

    Args:
        context: The step, which names the run.
        project: The project with the settings of this run.
        result: The finished search.
        effort: What search and fit have cost.
        rows: What the model was made of.
        metric: The primary metric.

    Returns:
        Pictures of the search and of how its model learnt by rounds, which the UI shows too.
    """
    from ml_lifecycle.modeling.environment import describe_environment
    from ml_lifecycle.modeling.round_scores import trace_rounds

    run = context.resources.ml_lifecycle_tracking.open(project.name)
    run.log_params({f"model.{name}": value for name, value in result.params.items()})
    run.log_params({"model.family": result.model.family, "model.seed": project.modeling.seed})
    run.set_tags({f"env.{name}": value for name, value in describe_environment(project.folder).items()})
    run.set_tags({f"data.{name}": version for name, version in lineage_of(context.instance, project).items()})
    settings = project.modeling.model_dump(mode="json", exclude={"parameters", "monotone", "approaches"})
    run.log_params(_flat({"modeling": settings}))
    run.log_metrics({"tuning.validation": result.score, "tuning.seconds": result.seconds})
    run.log_metrics(effort.as_metrics("training"))
    run_id, registry = run.active_run().info.run_id, Workspace(project).registry
    scores = trace_rounds(result.model, rows.train, rows.valid, metric)
    _log_curves(registry, run_id, result, scores)
    pictures = _draw(result, metric, scores)
    files = {f"search/{name}.png": png for name, png in pictures.items()}
    registry.log_artifacts_bytes(run_id, {**files, "search/trials.csv": result.trials.to_csv(index=False).encode()})
    return pictures


def log_approaches(context: dg.AssetExecutionContext, project: ProjectConfig, found: Any) -> None:
    """Log the approaches side by side: figures, families, what is recommended and why, and the table itself."""
    run = context.resources.ml_lifecycle_tracking.open(project.name)
    rows = found.table.to_dict("records")
    run.log_metrics({f"approach.{row['approach']}.{name}": float(row[name]) for row in rows for name in _FIGURES})
    run.log_params({f"approach.{row['approach']}": row["name"] for row in rows})
    # Latencies differ from run to run: what follows from them is a tag, for a parameter may never change.
    run.set_tags({"approach.recommended": found.recommended or "none", "approach.reasons": found.summary})
    files = {"approaches.csv": found.table.to_csv(index=False), "approaches.md": found.markdown()}
    Workspace(project).registry.log_artifacts_bytes(
        run.active_run().info.run_id, {f"approaches/{name}": text.encode() for name, text in files.items()}
    )


def _draw(result: Any, metric: Any, scores: Any) -> dict[str, bytes]:
    from ml_lifecycle.evaluation.plots.rounds import draw_rounds
    from ml_lifecycle.evaluation.plots.searches import draw_search

    return draw_rounds(scores, metric.name) | draw_search(
        result.trials,
        greater_is_better=metric.greater_is_better,
        metric=metric.name,
        curve=result.curve,
        importance=result.importance,
    )


def _flat(settings: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested settings under dotted keys."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        key = f"{before}{name}"
        found |= _flat(value, f"{key}.") if isinstance(value, Mapping) else {key: value}
    return found


def _log_curves(registry: Any, run_id: str, result: Any, scores: Any) -> None:
    """The best trial's score by rounds, thinned out to what anybody sees; the final model's on both kinds of rows."""
    name, every = result.metric.replace("@", "_at_"), max(1, len(result.curve) // _MOST_POINTS)
    thin = result.curve.iloc[::-1].iloc[::every].iloc[::-1]
    registry.log_series(run_id, f"curve.{name}", [(int(row.round), float(row.value)) for row in thin.itertuples()])
    for side in ("train", "valid"):
        known = scores[["round", side]].dropna()
        registry.log_series(run_id, f"{side}_{name}", list(zip(known["round"], known[side].astype(float), strict=True)))

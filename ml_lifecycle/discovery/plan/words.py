"""What the YAML says of validation and monitoring, in words."""

from __future__ import annotations

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.splits import choose_method

_SPLITS = {
    "random": "at random, with the classes in the same shares",
    "time": "by time: the oldest rows train, the newest test",
    "group": "by group: no group is in two splits",
    "stratified_group": "by group, with the classes as evenly as can be",
}
_TESTS = {
    "bootstrap": "the paired bootstrap on the same test rows",
    "delong": "DeLong's test of two areas under the curve",
    "mcnemar": "McNemar's test of two error rates",
}


def describe_validation(project: ProjectConfig) -> list[str]:
    """How the model is chosen and judged, one sentence each."""
    split, search = project.dataset.split, project.modeling.search
    method = choose_method(project.dataset, project.brief.task)
    shares = " / ".join(f"{share:.0%}" for share in split.fractions)
    gap = f" {split.gap_days:g} days are left out between splits." if split.gap_days else ""
    judged = f"{split.folds.n} folds of the training rows" if search.validation == "folds" else "the validation split"
    return [
        f"Rows are divided {_SPLITS[method]}: {shares} for training, validation and test.{gap}",
        f"Up to {search.trials} trials within {search.seconds:g} seconds are judged on {judged}.",
        "The test split is read once, by the evaluation.",
    ]


def describe_test(project: ProjectConfig) -> str:
    """When a candidate replaces the model in production."""
    comparison = project.evaluation.comparison
    return (
        f"A candidate replaces the champion where {_TESTS[comparison.test]} shows a gain above {comparison.margin:g} "
        f"with an error of {comparison.alpha:.0%} at most."
    )


def describe_monitoring(project: ProjectConfig) -> list[str]:
    """What is watched in production, one sentence each."""
    config = project.monitoring
    outcomes = (
        "Outcomes arrive later: each window is judged again when they do."
        if config.outcomes
        else "No source of outcomes is named: performance is estimated from the predictions."
    )
    wanted = {
        "latency p95": project.brief.constraints.latency_p95_ms,
        "latency p99": project.brief.constraints.latency_p99_ms,
    }
    limits = [f"{name} under {limit:g} ms" for name, limit in wanted.items() if limit is not None]
    return [
        f"Windows are {config.cadence}, {config.window} judged together.",
        "Each is held against the training data for drift of inputs, predictions and outcomes.",
        outcomes,
        f"Service levels: {', '.join(limits) if limits else 'the brief sets none on latency'}.",
        f"Alerts reach {project.brief.owner or 'nobody by name: set brief.owner'}.",
    ]

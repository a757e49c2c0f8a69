"""Gates of the YAML whose limits let everything pass. What each gate judges lives in the room of its name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from ml_lifecycle.config.brief import Criterion, Task
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.discovery.review.finding import Finding, Rule
from ml_lifecycle.discovery.review.python_file import names_of
from ml_lifecycle.discovery.review.yaml_lines import YamlLines


class Border(NamedTuple):
    """The value of a key from which its gate cannot fail."""

    key: str
    value: float
    confidence: int
    why: str


#: Only what the gate's own arithmetic says: a share is at most 1, a loss of the whole value is all of it.
_BORDERS: Final = (
    Border("dataset.quarantine_share", 1.0, 95, "a share of broken rows is never above 1"),
    Border("dataset.risks.block_from", 100, 95, "findings have at most 99, so no leak stops a run"),
    Border("dataset.risks.report_from", 100, 60, "findings have at most 99; those from block_from are reported anyway"),
    Border("evaluation.calibration.max_error", 1.0, 95, "a calibration error is at most 1"),
    Border("evaluation.slices.max_gap", 1.0, 90, "a slice may lose all that the model can do"),
    Border("evaluation.robustness.max_drop", 1.0, 90, "a model may lose all that it can do"),
    Border("evaluation.comparison.old_test_tolerance", 1.0, 88, "a candidate may lose all that the champion can do"),
    Border("evaluation.comparison.alpha", 0.5, 90, "a candidate that is not better passes every second time"),
    Border("release.staging.max_error_share", 0.5, 90, "half of the good rows may fail in the dress rehearsal"),
    Border("release.rollout.max_score_shift", 1.0, 90, "two distributions are at most 1 apart"),
    Border("release.rollout.max_error_increase", 0.5, 90, "every second row of the new version may fail"),
    Border("release.rollout.max_latency_ratio", 100, 85, "the new version may take a hundred times as long"),
    Border("monitoring.performance.max_drop", 1.0, 90, "production may lose all that the model can do"),
    Border("monitoring.quality.max_failed_share", 1.0, 92, "a share of failed rows is never above 1"),
    Border("monitoring.drift.min_effect", 1.0, 85, "an index of 1 is another population altogether"),
)
#: What a model that guesses reaches, where that is not 0; r2 has no lowest value, below 0 it is worse than the mean.
_CHANCE: Final = {"roc_auc": 0.5, "mcc": -1.0, "r2": -1e-9}
_AT_LEAST: Final = names_of(
    "roc_auc pr_auc accuracy balanced_accuracy precision recall f1 f1_macro f1_weighted mcc r2 mrr map"
)
_AT_MOST: Final = frozenset({"brier", "ece"})


def find_gates_off(project: ProjectConfig, lines: YamlLines) -> Iterator[Finding]:
    """Find limits that nothing can miss."""
    for border in _BORDERS:
        value = _value(project, border.key)
        if lines.says(border.key) and value is not None and value >= border.value:
            said = f"{border.key}: {value:g} switches the gate off: {border.why}"
            yield _found(lines, border.key, border.confidence, _with_promotion(project, said))
    for criterion in project.brief.criteria:
        if _is_empty(criterion):
            said = f"a model that guesses reaches {criterion}"
            key = f"brief.success_criteria.{criterion.metric}"
            yield _found(lines, key, 90, _with_promotion(project, said))
    yield from _unwatched(project, lines)


def _found(lines: YamlLines, key: str, confidence: int, what: str) -> Finding:
    return Finding(Rule.GATE_OFF, lines.path, lines.line(key), confidence, what)


def _with_promotion(project: ProjectConfig, said: str) -> str:
    alone = project.release.promotion == "automatic" and not project.release.approval.required
    return f"{said}; and what passes goes into production with no person asked" if alone else said


def _value(project: ProjectConfig, key: str) -> float | None:
    found: object = project
    for part in key.split("."):
        found = getattr(found, part)
    return float(found) if isinstance(found, int | float) else None


def _is_empty(criterion: Criterion) -> bool:
    if criterion.operator.startswith(">"):
        chance = _CHANCE.get(criterion.metric, 0.0)
        reached = criterion.limit < chance or (criterion.operator == ">=" and criterion.limit == chance)
        return criterion.metric in _AT_LEAST and reached
    return criterion.metric in _AT_MOST and criterion.limit >= 1


def _unwatched(project: ProjectConfig, lines: YamlLines) -> Iterator[Finding]:
    """What a person may have switched off on purpose, and what only a classification has."""
    fair = project.evaluation.fairness
    of_classes = project.brief.task is Task.CLASSIFICATION
    if fair.sensitive and of_classes and fair.max_gap >= 1 and fair.min_ratio is None:
        said = f"evaluation.fairness.max_gap: {fair.max_gap:g} switches the gate off: two rates are at most 1 apart"
        yield _found(lines, "evaluation.fairness.max_gap", 93, said)
    if lines.says("evaluation.comparison.inversion") and project.evaluation.comparison.inversion is None:
        said = "evaluation.comparison.inversion: null no longer tells new outcomes that are inverted"
        yield _found(lines, "evaluation.comparison.inversion", 65, said)
    if not project.brief.success_criteria and project.release.promotion == "automatic":
        said = "no brief.success_criteria, so a model only has to beat the baselines to go into production by itself"
        yield _found(lines, "brief", 60, said)
    for place, item in enumerate(project.dataset.risks.accepted):
        key = f"dataset.risks.accepted[{place}]"
        yield _found(lines, key, 50, f"the finding {item.finding} no longer stops a run")
    if not project.serving.log:
        said = "serving.log: false keeps no prediction, so neither drift nor performance is ever judged"
        yield _found(lines, "serving.log", 88, said)

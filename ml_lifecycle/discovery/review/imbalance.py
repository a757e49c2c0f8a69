"""A metric that hides a rare class: in the YAML, judged by the classes' shares, and in a user's Python."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.discovery.audit.limits import AuditLimits
from ml_lifecycle.discovery.review.finding import Finding, Rule
from ml_lifecycle.discovery.review.python_file import PythonFile, constant, keyword, names_of
from ml_lifecycle.discovery.review.yaml_lines import YamlLines
from ml_lifecycle.discovery.risks.names import words_of

_HIDES: Final = frozenset({"accuracy"})
_RARE: Final = names_of(
    "fraud fraudulent anomaly anomalies default defaulted churn churned failure failed rare imbalanced intrusion "
    "chargeback outage defect"
)
_SAMPLERS: Final = ("SMOTE", "ADASYN", "RandomOverSampler", "RandomUnderSampler", "NearMiss", "BorderlineSMOTE")
_TELLS: Final = names_of(
    "f1_score recall_score precision_score precision_recall_fscore_support average_precision_score roc_auc_score "
    "balanced_accuracy_score matthews_corrcoef classification_report confusion_matrix "
    "precision_recall_curve fbeta_score "
    "cohen_kappa_score log_loss brier_score_loss RocCurveDisplay PrecisionRecallDisplay"
)
_UNKNOWN, _SIGNS = 65, 84


def find_imbalance_in_yaml(
    project: ProjectConfig, lines: YamlLines, shares: Mapping[str, float] | None
) -> Iterator[Finding]:
    """Find accuracy as what is optimised, or as the only criterion.

    Args:
        project: The project.
        lines: Where its keys stand.
        shares: The share of each class in the newest data; None where they are not known.
    """
    brief, threshold = project.brief, project.modeling.threshold
    if brief.task is not Task.CLASSIFICATION:
        return
    keys = [("brief.metric", "is what is optimised")] if brief.metric in _HIDES else []
    criteria = set(brief.success_criteria)
    if criteria and criteria <= _HIDES and brief.metric is None:
        keys.append(("brief.success_criteria", "is the only criterion"))
    if threshold.method == "metric" and threshold.metric in _HIDES:
        keys.append(("modeling.threshold.metric", "sets the threshold"))
    confidence, said = _judge(project, shares)
    for key, role in keys:
        yield Finding(Rule.HIDDEN_IMBALANCE, lines.path, lines.line(key), confidence, f"accuracy {role}, and {said}")


def _judge(project: ProjectConfig, shares: Mapping[str, float] | None) -> tuple[int, str]:
    if shares:
        rarest = min(shares, key=lambda name: shares[name])
        said = f"the class {rarest} has {100 * shares[rarest]:.1f} % of the rows"
        expected = min(AuditLimits().minority_note, 1 / (2 * len(shares)))
        return (93 if shares[rarest] < expected else 20), said
    if project.dataset.augmentation.method != "none":
        return _SIGNS, f"dataset.augmentation.method: {project.dataset.augmentation.method} says that a class is rare"
    return _UNKNOWN, "the shares of the classes are not known yet"


def find_imbalance_in_code(file: PythonFile) -> Iterator[Finding]:
    """Find accuracy alone in a file that treats a class as rare."""
    used = {file.last(call) for call in file.calls} | {
        node.attr for node in ast.walk(file.tree) if isinstance(node, ast.Attribute)
    }
    named = [_scoring(call) for call in file.calls]
    tells = bool(used & _TELLS) or any(name and name != "accuracy" for name in named)
    places = [
        call
        for call, name in zip(file.calls, named, strict=True)
        if file.last(call) == "accuracy_score" or name == "accuracy"
    ]
    if tells or not places:
        return
    sign = _sign(file)
    first = min(places, key=lambda call: call.lineno)
    what = f"accuracy is the only metric, {'and ' + sign if sign else 'the shares of the classes are not known'}"
    yield Finding(Rule.HIDDEN_IMBALANCE, file.path, first.lineno, _SIGNS + 2 if sign else 50, what)


def _scoring(call: ast.Call) -> str:
    """The name of the metric that a search or a cross-validation is told."""
    value = keyword(call, "scoring") or keyword(call, "eval_metric")
    if isinstance(value, ast.List | ast.Tuple | ast.Dict):
        return "several"
    text = constant(value)
    return text if isinstance(text, str) else ("other" if value is not None else "")


def _sign(file: PythonFile) -> str:
    """What in the code says that a class is rare."""
    for call in file.calls:
        weights = keyword(call, "class_weight")
        if constant(weights) in {"balanced", "balanced_subsample"} or isinstance(weights, ast.Dict):
            return "class_weight says that a class is rare"
        if keyword(call, "scale_pos_weight") is not None or constant(keyword(call, "is_unbalance")) is True:
            return "the weight of the positive class says that it is rare"
        if file.full(call).rpartition(".")[2] in _SAMPLERS:
            return f"{file.full(call).rpartition('.')[2]} says that a class is rare"
    texts = {
        node.value for node in ast.walk(file.tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    rare = sorted(text for text in texts if len(text) < 40 and words_of(text) & _RARE)  # noqa: PLR2004 - a name, no prose
    return f"the name {rare[0]} speaks of a rare class" if rare else ""

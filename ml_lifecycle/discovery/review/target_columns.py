"""The target among the features: in the Python that fits, in feature functions, and under another name in the YAML."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

import yaml

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.discovery.review.feature_functions import reads_of
from ml_lifecycle.discovery.review.finding import Finding, Rule
from ml_lifecycle.discovery.review.frame_columns import Frames
from ml_lifecycle.discovery.review.python_file import PythonFile, Scope, keyword, names_of
from ml_lifecycle.discovery.review.yaml_lines import YamlLines
from ml_lifecycle.discovery.risks.names import sounds_past, words_of

#: Words that make a name of the target a recoding of it.
_RECODED: Final = names_of(
    "is has flag label encoded enc num int bin binary copy code cat bool target y indicator ind numeric yn str raw "
    "orig original idx dummy 0 1"
)
_PAIRED: Final = {"fit": 0, "train_test_split": 0, "cross_val_score": 1, "cross_validate": 1, "cross_val_predict": 1}


def find_target_in_code(file: PythonFile, project: ProjectConfig) -> Iterator[Finding]:
    """Find features that hold the target in a user's Python."""
    for scope in file.scopes:
        yield from _paired(file, scope)
        yield from _read(file, scope, project)


def find_target_in_yaml(project: ProjectConfig, lines: YamlLines) -> Iterator[Finding]:
    """Find columns that are named as recodings of the target and are not taken out of the features."""
    features, seen = project.features, set()
    used = [(f"features.crosses[{place}]", name) for place, cross in enumerate(features.crosses) for name in cross]
    for place, ratio in enumerate(features.ratios):
        used += [(f"features.ratios[{place}].{key}", getattr(ratio, key)) for key in ("numerator", "denominator")]
    used += [(f"features.columns.{name}", name) for name in features.columns]
    for key, name in used:
        if is_recoding(name, project.brief.target):
            seen.add(name)
            what = f"{name} is the target {project.brief.target} under another name"
            yield Finding(Rule.TARGET_IN_FEATURES, lines.path, lines.line(key), 88, what)
    for name, line in _schema_columns(project).items():
        if name not in seen | project.non_features and is_recoding(name, project.brief.target):
            what = f"the column {name} is named as a copy of the target {project.brief.target}, and is a feature"
            yield Finding(Rule.TARGET_IN_FEATURES, project.schema_path, line, 84, what)


def is_recoding(name: str, target: str) -> bool:
    """Whether a name is that of the target in another coding.

    >>> is_recoding("churned_flag", "churned"), is_recoding("is_churned", "churned"), is_recoding("churn_rate", "churn")
    (True, True, False)
    """
    words, own = words_of(name), words_of(target)
    return name != target and bool(own - _RECODED) and own < words and words - own <= _RECODED and not sounds_past(name)


def _schema_columns(project: ProjectConfig) -> dict[str, int]:
    if not project.schema_path.is_file():
        return {}
    try:
        node = yaml.compose(project.schema_path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return {}  # a run says what is wrong with a schema
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value == "columns" and isinstance(value, yaml.MappingNode):
            return {str(name.value): name.start_mark.line + 1 for name, _ in value.value}
    return {}


def _paired(file: PythonFile, scope: Scope) -> Iterator[Finding]:
    frames, seen = Frames(file, scope), set()
    for call in scope.calls:
        first = _PAIRED.get(file.last(call))
        if first is None:
            continue
        given = call.args[first : first + 2]
        inputs = given[0] if given else keyword(call, "X")
        outcome = given[1] if len(given) > 1 else keyword(call, "y")
        columns = None if inputs is None else frames.columns(inputs, call.lineno)
        target = None if outcome is None else frames.column(outcome, call.lineno)
        if columns is None or target is None or columns.frame != target[0]:
            continue
        for column, confidence, what in _leaks(frames, target[1]):
            if columns.holds(column) and column not in seen:
                seen.add(column)
                yield Finding(Rule.TARGET_IN_FEATURES, file.path, call.lineno, confidence, what)


def _leaks(frames: Frames, target: str) -> Iterator[tuple[str, int, str]]:
    """Columns that must not be features: `(column, confidence, what is wrong)`."""
    yield target, 95, f"the target {target} is among the features"
    for made, source, line in frames.recoded():
        if source == target:
            yield made, 90, f"{made}, made of the target {target} on line {line}, is among the features"
        elif made == target:
            yield source, 88, f"{source}, which the target {target} is made of on line {line}, is among the features"


def _read(file: PythonFile, scope: Scope, project: ProjectConfig) -> Iterator[Finding]:
    if isinstance(scope.node, ast.Module):
        return
    data = project.dataset
    for name, line in reads_of(file, scope).items():
        if name == project.brief.target:
            what = f"the feature function {scope.name} reads the target {name}"
            yield Finding(Rule.TARGET_IN_FEATURES, file.path, line, 97, what)
        elif name == data.outcome_time or name in data.drop:
            what = f"the feature function {scope.name} reads {name}, which is kept from the model elsewhere"
            yield Finding(Rule.TARGET_IN_FEATURES, file.path, line, 90, what)
        elif is_recoding(name, project.brief.target):
            what = f"the feature function {scope.name} reads {name}, the target under another name"
            yield Finding(Rule.TARGET_IN_FEATURES, file.path, line, 85, what)

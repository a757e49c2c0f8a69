"""Rows of a time or a group that are divided by chance: in the YAML and in a user's Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from ml_lifecycle.config.consistency.rows import split_method
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.discovery.review.finding import Finding, Rule
from ml_lifecycle.discovery.review.python_file import PythonFile, Scope, constant, keyword, names_of, strings_in, tail
from ml_lifecycle.discovery.review.yaml_lines import YamlLines
from ml_lifecycle.discovery.risks.names import words_of

_SHUFFLES: Final = frozenset({"KFold", "StratifiedKFold"})
_ALWAYS: Final = names_of("ShuffleSplit StratifiedShuffleSplit RepeatedKFold RepeatedStratifiedKFold")
_TIME: Final = names_of("date datetime time timestamp day month week year ts hour period quarter at when")
_SUBJECTS: Final = names_of(
    "patient user customer subject group session household client store machine device player account person site"
)
_LOOKS_BACK: Final = re.compile(r"\.(shift|rolling|ewm|expanding|diff|pct_change)\(")
_SURE, _UNSURE = 88, 62


def find_splits_in_yaml(project: ProjectConfig, lines: YamlLines) -> Iterator[Finding]:
    """Find a split or folds by chance where the YAML itself names a time, a group or an entity."""
    data, method = project.dataset, split_method(project)
    key = "dataset.split.method"
    if method == "random":
        for role, confidence in (("group", 95), ("event_time", 92), ("entity", 84)):
            column = getattr(data, role)
            if column is not None:
                what = f"rows are divided by chance although dataset.{role} is {column}"
                yield Finding(Rule.RANDOM_SPLIT, lines.path, lines.line(key), confidence, what)
                break
    elif method == "group" and data.event_time is not None:
        what = f"groups are divided by chance although dataset.event_time is {data.event_time}"
        yield Finding(Rule.RANDOM_SPLIT, lines.path, lines.line(key), _UNSURE, what)
    if data.split.folds.method == "random":
        named_roles = [role for role in ("group", "event_time", "entity") if getattr(data, role) is not None]
        for role in named_roles[:1]:
            what = f"folds are drawn by chance although dataset.{role} is {getattr(data, role)}"
            confidence = 88 if project.uses_folds else _UNSURE
            yield Finding(Rule.RANDOM_SPLIT, lines.path, lines.line("dataset.split.folds.method"), confidence, what)


def find_splits_in_code(file: PythonFile, project: ProjectConfig) -> Iterator[Finding]:
    """Find a shuffled split where the code sorts by time, looks back, or speaks of groups."""
    for scope in file.scopes:
        for call in scope.calls:
            if not _shuffles(file, call):
                continue
            reason, confidence = _reason(file, scope, call, project)
            if reason:
                what = f"{file.last(call)} divides rows by chance although {reason}"
                yield Finding(Rule.RANDOM_SPLIT, file.path, call.lineno, confidence, what)


def _shuffles(file: PythonFile, call: ast.Call) -> bool:
    name = file.last(call)
    if name == "train_test_split":
        return constant(keyword(call, "shuffle")) is not False
    return name in _ALWAYS or (name in _SHUFFLES and constant(keyword(call, "shuffle")) is True)


def _reason(file: PythonFile, scope: Scope, call: ast.Call, project: ProjectConfig) -> tuple[str, int]:
    """Why the rows have an order or belong together, and how sure that is."""
    around = [scope] if scope is file.module else [scope, file.module]
    calls = [item for place in around for item in place.calls]
    if (subject := _subject(around)) and not _divides_subjects(call):
        return f"rows belong together by {subject}", _SURE
    if _divides_subjects(call):
        return "", 0
    column = _sorted_by(calls)
    looks_back = any(_LOOKS_BACK.search(ast.unparse(item)) for item in calls)
    if column:
        return f"they are sorted by {column}", _SURE
    dated = any(
        keyword(item, "parse_dates") is not None or tail(item) in {"to_datetime", "date_range"} for item in calls
    )
    if looks_back and dated:
        return "features look back in time", _SURE
    if looks_back or dated:
        return "they have times" if dated else "features look at other rows", _UNSURE
    named = project.dataset.event_time
    known = named is not None and any(named in strings_in(item) for item in calls)
    return (f"they happen at {named}", 84) if known else ("", 0)


def _sorted_by(calls: list[ast.Call]) -> str:
    for call in calls:
        if tail(call) not in {"sort_values", "set_index", "resample", "sort"}:
            continue
        for text in sorted(strings_in(call)):
            if words_of(text) & _TIME:
                return text
    return ""


def _subject(scopes: list[Scope]) -> str:
    """A variable for groups that is made of a column which names subjects."""
    for scope in scopes:
        for target, value in scope.assignments:
            named = isinstance(target, ast.Name) and words_of(target.id) & {"groups", "group"}
            texts = sorted(text for text in strings_in(value) if words_of(text) & _SUBJECTS)
            if named and isinstance(value, ast.Subscript | ast.Call | ast.Attribute) and texts:
                return texts[0]
    return ""


def _divides_subjects(call: ast.Call) -> bool:
    """Whether what is divided are the subjects themselves: `train_test_split(df["user"].unique())`."""
    given = ast.unparse(call.args[0]) if call.args else ""
    words = words_of(given)
    return "unique(" in given or bool(words & {"ids", "groups"} or {f"{word}s" for word in _SUBJECTS} & words)

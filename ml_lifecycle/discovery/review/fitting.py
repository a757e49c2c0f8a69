"""Statistics that are learnt before rows are divided, or from test rows: by transformers, samplers, or by hand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from ml_lifecycle.discovery.review.finding import Finding, Rule
from ml_lifecycle.discovery.review.python_file import (
    PythonFile,
    Scope,
    constant,
    keyword,
    names_in,
    names_of,
    place_of,
    tail,
)
from ml_lifecycle.discovery.review.split_names import speaks_of_test, speaks_of_train, speaks_of_validation, test_rows
from ml_lifecycle.discovery.review.transformers import is_transformer
from ml_lifecycle.discovery.risks.names import words_of

_FITS: Final = frozenset({"fit", "fit_transform", "fit_resample", "fit_sample"})
_TARGETS: Final = frozenset({"y", "ys", "label", "labels", "target", "targets", "answer", "answers"})
_DIVIDES: Final = names_of("train_test_split cross_val_score cross_validate cross_val_predict random_split")
_STATISTICS: Final = names_of("mean std median min max quantile var mode")
_GROUPED: Final = frozenset({"groupby"})


def find_fitting(file: PythonFile) -> Iterator[Finding]:
    """Find what is fitted outside the fold."""
    fitting = {scope.name for scope in file.scopes[1:] if _fits_parameter(file, scope)}
    for scope in file.scopes:
        splits = [call for call in scope.calls if _divides(file, scope, call)]
        for call in scope.calls:
            yield from _fitted(file, scope, call, splits)
            calls_one = isinstance(call.func, ast.Name) and call.func.id in fitting and bool(call.args)
            if calls_one and _before(call, splits) and not _is_one_side(call.args[0]):
                what = f"{tail(call)} fits a transformer on all rows, which are divided only later"
                yield Finding(Rule.FIT_OUTSIDE_FOLD, file.path, call.lineno, 84, what)
        yield from _by_hand(file, scope, splits)


def _divides(file: PythonFile, scope: Scope, call: ast.Call) -> bool:
    name = file.last(call)
    if name in _DIVIDES:
        return True
    if not isinstance(call.func, ast.Attribute):
        return False
    maker = file.made_by(scope, call.func.value).rpartition(".")[2]
    if name == "fit":
        return maker.endswith("SearchCV")
    return name == "split" and maker.endswith(("Fold", "Split", "folds", "cv", "splitter"))


def _before(node: ast.AST, splits: list[ast.Call]) -> ast.Call | None:
    """The division that comes after a node, where none came before it."""
    line, column = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
    if any((call.lineno, call.col_offset) < (line, column) and not _within(node, call) for call in splits):
        return None
    return next((call for call in splits if call is not node), None)


def _within(node: ast.AST, call: ast.Call) -> bool:
    return any(item is node for item in ast.walk(call))


def _is_one_side(node: ast.expr) -> bool:
    return speaks_of_train(node) or speaks_of_validation(node) or speaks_of_test(node)


def _fitted(file: PythonFile, scope: Scope, call: ast.Call, splits: list[ast.Call]) -> Iterator[Finding]:
    if tail(call) not in _FITS or not isinstance(call.func, ast.Attribute):
        return
    maker = file.made_by(scope, call.func.value)
    data = call.args[0] if call.args else keyword(call, "X")
    resamples = tail(call) in {"fit_resample", "fit_sample"}
    if data is None or _encodes_target(scope, call, maker):
        return
    if not (is_transformer(maker) or resamples or tail(call) == "fit_transform"):
        return
    name = maker.rpartition(".")[2] or "it"
    if speaks_of_test(data, test_rows(file, scope)):
        both = speaks_of_train(data)
        what = f"{name} is fitted on {'training and test rows together' if both else 'the test rows'}"
        yield Finding(Rule.FIT_OUTSIDE_FOLD, file.path, call.lineno, 90 if both else 95, what)
    elif not _is_one_side(data) and _before(call, splits) is not None:
        sure = 92 if is_transformer(maker) or resamples else 82
        what = f"{name} is fitted on all rows, which are divided only later"
        yield Finding(Rule.FIT_OUTSIDE_FOLD, file.path, call.lineno, sure, what)


def _encodes_target(scope: Scope, call: ast.Call, maker: str) -> bool:
    """Whether classes of the target are numbered, which teaches nothing."""
    if not maker.endswith(("LabelEncoder", "LabelBinarizer")):
        return False
    given = [names_in(value) for value in call.args]
    made = [names_in(target) for target, value in scope.assignments if _within(call, ast.Call(value, [], []))]
    return any(words_of(name) & _TARGETS for names in (*given, *made) for name in names)


def _fits_parameter(file: PythonFile, scope: Scope) -> bool:
    """Whether a function fits a transformer on what it is given and gives it back."""
    if scope.name in {"fit", "fit_transform"} or any(_divides(file, scope, call) for call in scope.calls):
        return False
    returns = any(isinstance(node, ast.Return) and node.value is not None for node in scope.nodes)
    return returns and any(
        tail(call) in _FITS
        and isinstance(call.func, ast.Attribute)
        and is_transformer(file.made_by(scope, call.func.value))
        and bool(call.args)
        and bool(names_in(call.args[0]) & set(scope.parameters[:1]))
        and not _is_one_side(call.args[0])
        for call in scope.calls
    )


def _by_hand(file: PythonFile, scope: Scope, splits: list[ast.Call]) -> Iterator[Finding]:
    """Frames that are changed by their own statistics before they are divided."""
    seen: set[int] = set()
    for node in scope.nodes:
        changed = _changed_frame(node)
        if changed is None or place_of(node)[0] in seen or _is_one_side(changed[0]):
            continue
        frame, value = changed
        later = _before(node, splits)
        if later is None or not names_in(frame) & _roots(scope, later):
            continue
        statistics = [name for call in ast.walk(value) if (name := _statistic(call, names_in(frame)))]
        if statistics:
            seen.add(place_of(node)[0])
            what = (
                f"{ast.unparse(frame)[:40]} is changed by the {statistics[0]} of all rows, which are divided only later"
            )
            yield Finding(Rule.FIT_OUTSIDE_FOLD, file.path, place_of(node)[0], 86, what)


def _changed_frame(node: ast.AST) -> tuple[ast.expr, ast.expr] | None:
    if isinstance(node, ast.Assign):
        target = node.targets[0]
        if isinstance(target, ast.Subscript):
            return target.value, node.value
        return (target, node.value) if isinstance(target, ast.Name) and target.id in names_in(node.value) else None
    if isinstance(node, ast.Call) and tail(node) == "fillna" and constant(keyword(node, "inplace")) is True:
        return (node.func.value, node) if isinstance(node.func, ast.Attribute) else None
    return None


def _roots(scope: Scope, call: ast.Call) -> frozenset[str]:
    """The variables that an argument comes from, through assignments."""
    found = set(names_in(call))
    for target, value in reversed(scope.assignments):
        if target.lineno <= call.lineno and isinstance(target, ast.Name) and target.id in found:
            found |= names_in(value)
    return frozenset(found)


def _statistic(node: ast.AST, frames: frozenset[str]) -> str:
    """The name of a statistic over the rows of one of these frames."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not names_in(node) & frames:
        return ""
    text = ast.unparse(node.func.value)
    grouped = ".groupby(" in text
    if tail(node) == "transform" and grouped:
        return str(constant(node.args[0]) or "") if node.args and constant(node.args[0]) in _STATISTICS else ""
    across = constant(keyword(node, "axis")) in {1, "columns"} or (node.args and constant(node.args[0]) == 1)
    moving = any(part in text for part in (".rolling(", ".expanding(", ".ewm(", ".shift("))
    return tail(node) if tail(node) in _STATISTICS and not across and not moving else ""

"""Test rows that decide: early stopping, searches, loops that keep the best, thresholds, models taught on them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from ml_lifecycle.discovery.review.finding import Finding, Rule
from ml_lifecycle.discovery.review.python_file import PythonFile, Scope, constant, keyword, names_in, names_of, tail
from ml_lifecycle.discovery.review.split_names import speaks_of_test, speaks_of_train, test_rows
from ml_lifecycle.discovery.review.transformers import is_transformer
from ml_lifecycle.discovery.risks.names import words_of

_WATCHED: Final = ("eval_set", "valid_sets", "evals", "validation_data", "eval_data", "X_val")
_STOPS: Final = ("early_stopping", "EarlyStopping", "early_stopping_rounds", "use_best_model", "ReduceLROnPlateau")
_STOP_BY_THEMSELVES: Final = ("catboost", "CatBoost")
_METRIC_WORDS: Final = names_of(
    "score scores scorer loss auc error metric metrics evaluate evaluation curve accuracy precision recall f1 rmse mae "
    "mse r2 cost profit objective logloss brier mcc kappa report"
)
_CHOOSERS: Final = names_of("argmax argmin nanargmax nanargmin idxmax idxmin nlargest nsmallest")
_OPTIMISERS: Final = names_of(
    "optimize fmin minimize gp_minimize forest_minimize differential_evolution brute "
    "minimize_scalar dual_annealing maximize"
)
_SURE, _LIKELY, _UNSURE = 94, 88, 60


def find_tuning(file: PythonFile) -> Iterator[Finding]:
    """Find what is decided on test rows."""
    for scope in file.scopes:
        rows = test_rows(file, scope)
        yield from _watched(file, scope, rows)
        yield from _taught(file, scope, rows)
        yield from _chosen(file, scope, rows)
    yield from _objectives(file)


def _found(file: PythonFile, node: ast.AST, confidence: int, what: str) -> Finding:
    return Finding(Rule.TEST_IN_TUNING, file.path, getattr(node, "lineno", 1), confidence, what)


def _watched(file: PythonFile, scope: Scope, rows: frozenset[str]) -> Iterator[Finding]:
    for call in scope.calls:
        given = next((value for name in _WATCHED if (value := keyword(call, name)) is not None), None)
        if given is None or not speaks_of_test(given, rows):
            continue
        where = {name for name in _STOPS if name in ast.unparse(scope.node)}
        maker = file.made_by(scope, call.func.value) if isinstance(call.func, ast.Attribute) else ""
        if where or any(name in maker for name in _STOP_BY_THEMSELVES):
            yield _found(file, given, _SURE, "training is stopped early by the test rows")
        else:
            yield _found(file, given, _UNSURE, "training watches the test rows")


def _taught(file: PythonFile, scope: Scope, rows: frozenset[str]) -> Iterator[Finding]:
    for call in scope.calls:
        if tail(call) not in {"fit", "partial_fit"} or not isinstance(call.func, ast.Attribute):
            continue
        data = call.args[0] if call.args else keyword(call, "X")
        if data is None or not speaks_of_test(data, rows) or is_transformer(file.made_by(scope, call.func.value)):
            continue
        both = speaks_of_train(data)
        said = ast.unparse(call.func.value)
        yield _found(file, call, _UNSURE if both else _SURE, f"{said[:40]} is fitted on the test rows")


def _chosen(file: PythonFile, scope: Scope, rows: frozenset[str]) -> Iterator[Finding]:
    figures = _figures(file, scope, rows)
    seen: set[int] = set()
    for node in scope.nodes:
        if isinstance(node, ast.For | ast.While):
            for inner in ast.walk(node):
                if isinstance(inner, ast.If) and _keeps_best(file, inner, rows, figures) and inner.lineno not in seen:
                    seen.add(inner.lineno)
                    yield _found(file, inner, _LIKELY + 2, "the best of several is kept by its figure on the test rows")
        elif isinstance(node, ast.Subscript) and _takes_first(file, node, rows, figures):
            yield _found(file, node, _LIKELY, "the first of those sorted by figures of the test rows is taken")
        elif isinstance(node, ast.Call) and _chooses(file, node, rows, figures) and node.lineno not in seen:
            seen.add(node.lineno)
            yield _found(file, node, _LIKELY, f"{tail(node)} chooses by figures of the test rows")


def _figures(file: PythonFile, scope: Scope, rows: frozenset[str]) -> frozenset[str]:
    """Variables that hold metrics of test rows, and containers of such."""
    found: set[str] = set()
    for node in scope.nodes:
        if isinstance(node, ast.Assign) and _is_figure(file, node.value, rows, found):
            for target in node.targets:
                base = target
                while isinstance(base, ast.Subscript | ast.Starred):
                    base = base.value
                found |= {base.id} if isinstance(base, ast.Name) else names_in(base)
        elif isinstance(node, ast.Call) and tail(node) in {"append", "extend", "add"} and node.args:
            kept = isinstance(node.func, ast.Attribute) and _is_figure(file, node.args[0], rows, found)
            found |= names_in(node.func) if kept else frozenset()
    return frozenset(found)


def _is_figure(file: PythonFile, node: ast.AST, rows: frozenset[str], known: set[str] | frozenset[str]) -> bool:
    if names_in(node) & known:
        return True
    return any(_scores_test(file, item, rows) for item in ast.walk(node) if isinstance(item, ast.Call))


def _scores_test(file: PythonFile, call: ast.Call, rows: frozenset[str]) -> bool:
    given = [*call.args, *(item.value for item in call.keywords)]
    if words_of(tail(call)) & _METRIC_WORDS and any(speaks_of_test(item, rows) for item in given):
        return True
    called = file.functions.get(tail(call)) if isinstance(call.func, ast.Name) else None
    return called is not None and _returns_test_figure(file, called)


def _returns_test_figure(file: PythonFile, scope: Scope) -> bool:
    rows = test_rows(file, scope) - set(scope.parameters)
    return any(
        words_of(tail(call)) & _METRIC_WORDS and any(speaks_of_test(item, rows) for item in call.args)
        for call in scope.calls
    ) and any(isinstance(node, ast.Return) and node.value is not None for node in scope.nodes)


def _keeps_best(file: PythonFile, node: ast.If, rows: frozenset[str], figures: frozenset[str]) -> bool:
    compared = [item for item in ast.walk(node.test) if isinstance(item, ast.Compare)]
    ordered = [
        item for item in compared if any(isinstance(sign, ast.Lt | ast.Gt | ast.LtE | ast.GtE) for sign in item.ops)
    ]
    assigns = any(isinstance(item, ast.Assign) for item in node.body)
    return assigns and any(_is_figure(file, item, rows, figures) for item in ordered)


def _chooses(file: PythonFile, call: ast.Call, rows: frozenset[str], figures: frozenset[str]) -> bool:
    if tail(call) in _CHOOSERS and keyword(call, "axis") is None:
        receiver = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        return any(_is_figure(file, item, rows, figures) for item in (*call.args, *receiver))
    if tail(call) in {"max", "min", "sorted"} and isinstance(call.func, ast.Name) and keyword(call, "key") is not None:
        if tail(call) == "sorted":
            return False
        return any(_is_figure(file, item, rows, figures) for item in (*call.args, keyword(call, "key")) if item)
    return False


def _takes_first(file: PythonFile, node: ast.Subscript, rows: frozenset[str], figures: frozenset[str]) -> bool:
    """Whether one end of what is sorted is taken: `sorted(results)[-1]`."""
    if constant(node.slice) not in {0, -1} or not isinstance(node.value, ast.Call) or tail(node.value) != "sorted":
        return False
    return any(_is_figure(file, item, rows, figures) for item in node.value.args)


def _objectives(file: PythonFile) -> Iterator[Finding]:
    """Functions that a search makes best and that look at test rows."""
    handed = {
        name
        for call in file.calls
        if tail(call) in _OPTIMISERS
        for item in (*call.args, *(given.value for given in call.keywords))
        for name in names_in(item)
    }
    for scope in file.scopes[1:]:
        suggests = any(tail(call).startswith("suggest_") for call in scope.calls)
        if not suggests and scope.name not in handed:
            continue
        rows = test_rows(file, scope)
        for call in scope.calls:
            if _scores_test(file, call, rows):
                yield _found(
                    file, call, _SURE, f"the search makes {scope.name} best, which is measured on the test rows"
                )
                break

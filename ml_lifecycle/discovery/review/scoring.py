"""What is fitted anew, or measured on the batch itself, where rows are only to be scored."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from ml_lifecycle.discovery.review.feature_functions import answers_requests
from ml_lifecycle.discovery.review.finding import Finding, Rule
from ml_lifecycle.discovery.review.python_file import PythonFile, Scope, constant, keyword, names_in, names_of, tail
from ml_lifecycle.discovery.review.transformers import is_transformer

_FITS: Final = names_of("fit fit_transform partial_fit fit_resample fit_predict refit")
_STATISTICS: Final = names_of("mean std median min max quantile var")
_NOT_FITTED: Final = ("explainer", "KernelDensity", "curve_fit", "polyfit")


def find_refits(file: PythonFile) -> Iterator[Finding]:
    """Find fits in functions that predict, score, transform or answer requests."""
    fitting = {
        scope.name: scope for scope in file.scopes[1:] if _fits(file, scope) and not answers_requests(file, scope)
    }
    for scope in file.scopes:
        if not answers_requests(file, scope):
            continue
        for call in scope.calls:
            yield from _fitted(file, scope, call)
            called = tail(call) if isinstance(call.func, ast.Name) or ast.unparse(call.func).startswith("self.") else ""
            if called in fitting and called not in {"fit", "train", "load", "load_model", "get_model"}:
                what = f"{scope.name} calls {called}, which fits anew"
                yield Finding(Rule.REFIT_AT_SCORING, file.path, call.lineno, 86, what)


def _fits(file: PythonFile, scope: Scope) -> bool:
    given = set(scope.parameters)
    return any(
        isinstance(call.func, ast.Attribute)
        and names_in(call) & given
        and (
            tail(call) == "fit_transform"
            or (tail(call) == "fit" and is_transformer(file.made_by(scope, call.func.value)))
        )
        for call in scope.calls
    ) and not scope.name.startswith(("fit", "train", "__init__"))


def _fitted(file: PythonFile, scope: Scope, call: ast.Call) -> Iterator[Finding]:
    name = tail(call)
    if not isinstance(call.func, ast.Attribute):
        return
    if name in _FITS and not any(part in ast.unparse(call.func) for part in _NOT_FITTED):
        what = f"{scope.name} calls {ast.unparse(call.func)[:40]}, which fits on the rows that are scored"
        yield Finding(Rule.REFIT_AT_SCORING, file.path, call.lineno, 93, what)
    elif name == "get_dummies" and not {"reindex", "align"} & {tail(item) for item in scope.calls}:
        what = f"{scope.name} makes dummy columns of the categories that this batch happens to have"
        yield Finding(Rule.REFIT_AT_SCORING, file.path, call.lineno, 84, what)
    elif name in _STATISTICS and scope.owner is not None and scope.name == "transform" and _over_rows(scope, call):
        what = f"transform takes the {name} of the rows that are scored"
        yield Finding(Rule.REFIT_AT_SCORING, file.path, call.lineno, 88, what)


def _over_rows(scope: Scope, call: ast.Call) -> bool:
    """Whether a statistic is taken down the rows of what the function was given."""
    axis = constant(keyword(call, "axis")) or (constant(call.args[0]) if call.args else None)
    given = call.func.value if isinstance(call.func, ast.Attribute) else call
    return axis not in {1, "columns", -1} and bool(names_in(given) & set(scope.parameters[:1]))

"""Which functions of a user's Python make features, answer requests or transform rows. The rules have modules."""

from __future__ import annotations

import ast
from collections.abc import Set as AbstractSet
from typing import Final

from ml_lifecycle.discovery.review.python_file import PythonFile, Scope, names_of
from ml_lifecycle.discovery.risks.names import words_of

_FEATURE_WORDS: Final = names_of("feature features featurize featurise preprocess transform enrich engineer")
_FEATURE_VERBS: Final = names_of("add make build compute derive extract encode")
_FRAMES: Final = names_of("frame df data rows row x table batch records customers orders")
_SCORING: Final = names_of("predict score infer inference serve transform handle respond scoring")
_ROUTES: Final = frozenset({"post", "get", "put", "route", "websocket", "api_view"})
#: Words of functions that teach or judge models, whatever else their names say.
_TEACHING: Final = names_of(
    "train fit cv cross candidates candidate models backtest simulate evaluate walk forward oof fold folds rolling "
    "retrain nested compare benchmark search expanding tune"
)
_LABELS: Final = names_of("y labels label target targets outcome outcomes ys")


def reads_of(file: PythonFile, scope: Scope) -> dict[str, int]:
    """The columns that `@reads(...)` names, with their lines; empty for other functions."""
    if isinstance(scope.node, ast.Module):
        return {}
    return {
        str(item.value): item.lineno
        for made in scope.node.decorator_list
        if isinstance(made, ast.Call) and _is_reads(file, made)
        for item in made.args
        if isinstance(item, ast.Constant)
    }


def is_declared(file: PythonFile, scope: Scope, named: AbstractSet[str]) -> bool:
    """Whether a function is known to make features: by `@reads`, or by its name in the YAML."""
    return scope.name in named or bool(reads_of(file, scope))


def seems_to_make_features(scope: Scope) -> bool:
    """Whether a function makes features by its name and its parameters."""
    words, given = words_of(scope.name), set().union(*map(words_of, scope.parameters))
    takes_rows = bool(given & _FRAMES) or bool(given & {"d", "input", "inputs"})
    return takes_rows and bool(words & _FEATURE_WORDS or words & _FEATURE_VERBS) and not words & {"target", "label"}


def answers_requests(file: PythonFile, scope: Scope) -> bool:
    """Whether a function scores or transforms rows that come, and is not one that teaches or judges models."""
    if isinstance(scope.node, ast.Module):
        return False
    words, given = words_of(scope.name), [words_of(name) for name in scope.parameters]
    if words & _TEACHING or any(
        each & (_LABELS | {"train", "valid", "val"}) for each in given if scope.name != "transform"
    ):
        return False
    routed = any(
        isinstance(made, ast.Call) and file.full(made).rpartition(".")[2] in _ROUTES
        for made in scope.node.decorator_list
    )
    return routed or bool(words & _SCORING)


def _is_reads(file: PythonFile, made: ast.Call) -> bool:
    full = file.full(made)
    return full == "reads" or full.endswith("functions.reads")

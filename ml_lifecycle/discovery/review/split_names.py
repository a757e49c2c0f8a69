"""Which rows a name or an expression speaks of: training, validation or test. The rules have modules."""

from __future__ import annotations

import ast
import re
from collections.abc import Set as AbstractSet
from typing import Final

from ml_lifecycle.discovery.review.python_file import PythonFile, Scope, names_of, tail
from ml_lifecycle.discovery.risks.names import words_of

_TEST: Final = names_of("test te tst testing holdout heldout xtest ytest dtest xte yte")
_TRAIN: Final = names_of("train tr trn training xtrain ytrain dtrain xtr ytr fit learn")
_VALIDATION: Final = names_of("val valid validation dev va xval yval dval dvalid tune")
#: Words for what is made of rows and is no rows any more.
_FIGURE: Final = names_of(
    "score scores loss metric metrics auc size accuracy error errors result results report fraction ratio share f1 "
    "rmse mae mse r2 precision recall name names path file date days index case"
)
_QUOTED_TEST = re.compile(r"['\"](?:test|holdout)['\"]")
#: Calls that give the rows, or one value for each of them, in another form.
_SAME_ROWS: Final = names_of(
    "Dataset DMatrix QuantileDMatrix Pool TensorDataset DataLoader transform drop copy to_numpy astype head sample "
    "concat merge fillna asarray array reset_index select_dtypes filter assign predict predict_proba "
    "decision_function ravel reindex join map apply vstack hstack append values toarray"
)


def is_test(name: str) -> bool:
    """Whether a name speaks of test rows.

    >>> is_test("X_test"), is_test("Xtest"), is_test("train_test"), is_test("test_score"), is_test("latest")
    (True, True, False, False, False)
    """
    words = words_of(name)
    held = bool(words & _TEST) or {"hold", "out"} <= words or {"held", "out"} <= words
    return held and not words & (_TRAIN | _FIGURE)


def is_train(name: str) -> bool:
    """Whether a name speaks of training rows."""
    return bool(words_of(name) & _TRAIN) and not words_of(name) & _TEST


def is_validation(name: str) -> bool:
    """Whether a name speaks of validation rows."""
    return bool(words_of(name) & _VALIDATION)


def speaks_of_test(node: ast.AST, known: AbstractSet[str] = frozenset()) -> bool:
    """Whether an expression holds test rows, by its names, by `known` ones or by a key such as `rows["test"]`."""
    return any(_is_test_node(item, known) for item in _parts(node))


def speaks_of_train(node: ast.AST) -> bool:
    """Whether an expression holds training rows."""
    return any(is_train(name) for name in _named(node))


def speaks_of_validation(node: ast.AST) -> bool:
    """Whether an expression holds validation rows."""
    return any(is_validation(name) for name in _named(node))


def test_rows(file: PythonFile, scope: Scope) -> frozenset[str]:
    """The variables of a scope that hold test rows under any name, those of the module too."""
    outer = frozenset() if scope is file.module else test_rows(file, file.module)
    found = set(outer) - set(scope.parameters)
    splits = sum(_is_split(file, value) for other in file.scopes for _, value in other.assignments)
    for target, value in scope.assignments:
        if splits == 1 and _is_split(file, value) and isinstance(target, ast.Tuple):
            found |= _second_halves(target)
        elif isinstance(target, ast.Name) and _gives_rows(value) and speaks_of_test(value, found):
            found |= set() if is_train(target.id) or speaks_of_train(value) else {target.id}
    return frozenset(found)


def _second_halves(target: ast.Tuple) -> set[str]:
    """Of `a, b, c, d = train_test_split(...)` b and d, where none of the names says what it is."""
    names = [ast.unparse(item) for item in target.elts]
    if any(is_train(name) or is_test(name) or is_validation(name) for name in names):
        return set()
    return set(names[1::2])


def _is_split(file: PythonFile, value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and file.last(value) == "train_test_split"


def _gives_rows(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return tail(value) in _SAME_ROWS
    return isinstance(value, ast.Name | ast.Attribute | ast.Subscript | ast.BinOp)


def _is_test_node(node: ast.AST, known: AbstractSet[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in known or is_test(node.id)
    if isinstance(node, ast.Attribute):
        return is_test(node.attr)
    if isinstance(node, ast.Subscript):
        return bool(_QUOTED_TEST.search(ast.unparse(node.slice))) and "!=" not in ast.unparse(node.slice)
    if isinstance(node, ast.Call) and tail(node) in {"query", "get", "xs"}:
        return any(_QUOTED_TEST.search(ast.unparse(item)) for item in node.args)
    return False


def _named(node: ast.AST) -> list[str]:
    parts = _parts(node)
    named = [item.id for item in parts if isinstance(item, ast.Name)]
    named += [item.attr for item in parts if isinstance(item, ast.Attribute)]
    return named + [
        str(item.slice.value)
        for item in parts
        if isinstance(item, ast.Subscript) and isinstance(item.slice, ast.Constant)
    ]


def _parts(node: ast.AST) -> list[ast.AST]:
    """The nodes of an expression but for the names of what is called, and for what is taken out by `!=` or `~`."""
    everything = list(ast.walk(node))
    hidden = {id(item.func) for item in everything if isinstance(item, ast.Call)}
    for item in everything:
        if (isinstance(item, ast.Compare) and any(isinstance(sign, ast.NotEq | ast.NotIn) for sign in item.ops)) or (
            isinstance(item, ast.UnaryOp) and isinstance(item.op, ast.Invert)
        ):
            hidden |= {id(each) for each in ast.walk(item)}
    return [item for item in everything if id(item) not in hidden]

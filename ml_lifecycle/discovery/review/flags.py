"""Functions that go another way when they serve than when they teach, by a flag or a mode."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from ml_lifecycle.discovery.review.python_file import Scope, names_of, tail
from ml_lifecycle.discovery.risks.names import words_of

_FLAGS: Final = names_of("train training serving inference online offline production prod predicting scoring live")
_MODES: Final = names_of("mode phase stage split kind env context")
#: What may be done while teaching only: learning, keeping what was learnt, taking the answers out.
_TEACHES: Final = (
    "fit",
    "fit_transform",
    "partial_fit",
    "save",
    "dump",
    "drop",
    "pop",
    "info",
    "debug",
    "print",
    "dropna",
    "to_pickle",
    "to_json",
    "write_text",
    "log",
    "warning",
)


def find_flags(scope: Scope, sure: int) -> Iterator[tuple[ast.AST, str, int]]:
    """Branches that change the rows on one side only: `(node, what is wrong, confidence)`."""
    for node in scope.nodes:
        if isinstance(node, ast.If | ast.IfExp):
            name = _flag(node.test, scope)
            apart = isinstance(node, ast.IfExp) or any(_changes(item) for item in (*node.body, *node.orelse))
            if name and apart:
                yield node, f"computes something else when {name} is set", sure


def _flag(test: ast.expr, scope: Scope) -> str:
    """The parameter or the attribute that tells teaching from serving."""
    if isinstance(test, ast.UnaryOp):
        return _flag(test.operand, scope)
    if isinstance(test, ast.Compare):
        sides = [test.left, *test.comparators]
        texts = {item.value for item in sides if isinstance(item, ast.Constant) and isinstance(item.value, str)}
        named = [ast.unparse(item) for item in sides if not isinstance(item, ast.Constant)]
        if named and texts and words_of(named[0]) & _MODES and any(words_of(text) & _FLAGS for text in texts):
            return named[0] if named[0] in scope.parameters or named[0].startswith("self.") else ""
        return ""
    name = ast.unparse(test)
    known = name in scope.parameters or name.startswith("self.")
    return (
        name
        if known and words_of(name) & _FLAGS and words_of(name) <= _FLAGS | {"is", "self", "for", "in", "mode"}
        else ""
    )


def _changes(statement: ast.stmt) -> bool:
    """Whether a statement makes other features; learning, saving and taking the answers out do not."""
    if isinstance(statement, ast.Pass | ast.Raise | ast.Assert):
        return False
    if isinstance(statement, ast.If):
        return any(_changes(item) for item in (*statement.body, *statement.orelse))
    value = getattr(statement, "value", None)
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr | ast.Return) and isinstance(value, ast.Call):
        return not (
            tail(value) in _TEACHES
            or tail(value).startswith(("fit_", "save_", "transform"))
            or tail(value) == "transform"
        )
    return isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return)

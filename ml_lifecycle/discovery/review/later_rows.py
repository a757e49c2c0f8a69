"""Features that look at rows that come later: backward shifts, centred windows, filling from behind."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from ml_lifecycle.discovery.review.finding import Finding, Rule
from ml_lifecycle.discovery.review.python_file import PythonFile, Scope, constant, keyword, names_of, tail
from ml_lifecycle.discovery.risks.names import words_of

_ANSWERS: Final = names_of(
    "target label y next future outcome tomorrow ahead horizon labels fwd forward lead answer truth actual"
)
_DRAWS: Final = frozenset({"plot", "draw", "show", "chart", "figure", "report"})


def find_later_rows(file: PythonFile, scope: Scope, *, declared: bool) -> Iterator[Finding]:
    """Find features of later rows; what makes the target of them is none.

    Args:
        file: The file.
        scope: The code that is looked at.
        declared: Whether it is known to make features.
    """
    if words_of(scope.name) & (_ANSWERS | _DRAWS) and not declared:
        return
    timed = any(
        tail(call) in {"sort_values", "sort_index", "set_index", "to_datetime", "resample"} for call in scope.calls
    )
    seen: set[int] = set()
    for target, value in _values(scope):
        for call in (item for item in ast.walk(value) if isinstance(item, ast.Call)):
            said = _looks_later(call)
            if said and call.lineno not in seen:
                seen.add(call.lineno)
                sure = 92 if declared else _confidence(target, said, timed=timed)
                where = f"{ast.unparse(target)[:40]} is" if target is not None else f"{scope.name} gives a feature"
                yield Finding(
                    Rule.SERVING_DIFFERENCE, file.path, call.lineno, sure, f"{where} made of later rows ({said})"
                )


def _values(scope: Scope) -> Iterator[tuple[ast.expr | None, ast.expr]]:
    yield from scope.assignments
    for node in scope.nodes:
        if isinstance(node, ast.Return) and node.value is not None:
            yield None, node.value
        elif isinstance(node, ast.Call) and tail(node) == "assign":
            for item in node.keywords:
                if item.arg:
                    yield ast.copy_location(ast.Subscript(node, ast.Constant(item.arg), ast.Load()), node), item.value


def _looks_later(call: ast.Call) -> str:
    name = tail(call)
    if name in {"shift", "diff", "pct_change"} and isinstance(call.func, ast.Attribute):
        steps = constant(call.args[0] if call.args else keyword(call, "periods"))
        return f"{name}({steps})" if isinstance(steps, int | float) and steps < 0 else ""
    if name == "rolling" and constant(keyword(call, "center")) is True:
        return "a centred window"
    if name in {"bfill", "backfill"}:
        return "filled from behind"
    if name == "fillna" and constant(keyword(call, "method")) in {"bfill", "backfill"}:
        return "filled from behind"
    if name == "interpolate" and constant(keyword(call, "limit_direction")) in {"both", "backward"}:
        return "interpolated from behind"
    return ""


def _confidence(target: ast.expr | None, said: str, *, timed: bool) -> int:
    """A column that is kept is a feature unless its name says that it is the answer."""
    if target is None:
        return 60
    if words_of(ast.unparse(target)) & _ANSWERS:
        return 30
    if "behind" in said:
        return 83 if timed else 70
    return 88 if isinstance(target, ast.Subscript) else 65

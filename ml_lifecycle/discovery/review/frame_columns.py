"""Which columns of which frame an expression of a user's Python gives, as far as the text says. No rule lives here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from ml_lifecycle.discovery.review.python_file import PythonFile, Scope, constant, keyword, names_of, place_of, tail

_SAME_COLUMNS: Final = names_of(
    "copy dropna fillna astype reset_index sort_values sample query head to_numpy get_dummies drop_duplicates "
    "select_dtypes set_index sort_index tail DataFrame asarray array replace set_axis"
)
_RECODES: Final = names_of("map astype eq ne gt ge lt le replace isin apply factorize where to_numpy int")
_MOST_STEPS = 30


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns of a frame.

    Args:
        frame: The variable that the frame was first.
        listed: The columns; None for all but `without`.
        without: Columns that were taken out.
    """

    frame: str
    listed: frozenset[str] | None = None
    without: frozenset[str] = frozenset()

    def holds(self, column: str) -> bool:
        """Whether a column is among them."""
        return column not in self.without if self.listed is None else column in self.listed


@dataclass(frozen=True)
class Frames:
    """The frames of a scope.

    Args:
        file: The file.
        scope: The scope whose variables are followed.
    """

    file: PythonFile
    scope: Scope

    def columns(self, node: ast.expr, line: int, steps: int = _MOST_STEPS) -> Columns | None:
        """The columns that an expression gives on a line; None where the text does not say."""
        if steps == 0:
            return None
        if isinstance(node, ast.Name):
            return self._variable(node, line, steps)
        if isinstance(node, ast.Attribute) and node.attr in {"values", "loc"}:
            return self.columns(node.value, line, steps - 1)
        if isinstance(node, ast.Subscript):
            return self._subscript(node, line, steps)
        return self._call(node, line, steps) if isinstance(node, ast.Call) else None

    def column(self, node: ast.expr, line: int) -> tuple[str, str] | None:
        """`(frame, column)` where an expression is made of just one column."""
        if isinstance(node, ast.Name):
            last = self._last(node.id, line)
            return None if last is None else self.column(last[1], last[0])
        found = {each for item in ast.walk(node) if isinstance(item, ast.expr) and (each := self._single(item, line))}
        return found.pop() if len(found) == 1 else None

    def texts(self, node: ast.expr | None) -> frozenset[str] | None:
        """The texts of a list, of constants' names too; None where one is not known."""
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            parts = [self.texts(item.value if isinstance(item, ast.Starred) else item) for item in node.elts]
            return None if any(part is None for part in parts) else frozenset().union(*(part or () for part in parts))
        if isinstance(node, ast.BinOp):
            left, right = self.texts(node.left), self.texts(node.right)
            return None if left is None or right is None else left | right
        if isinstance(node, ast.Name):
            if self._is_changed(node.id):
                return None
            values = [
                value for target, value in self._assigned() if isinstance(target, ast.Name) and target.id == node.id
            ]
            return self.texts(values[0]) if len(values) == 1 else None
        text = constant(node)
        return frozenset({text}) if isinstance(text, str) else None

    def recoded(self) -> Iterator[tuple[str, str, int]]:
        """`(new column, column that it is a recoding of, line)`."""
        for target, value in self.scope.assignments:
            made = self._single(target, target.lineno) if isinstance(target, ast.Subscript) else None
            source = None if made is None else self.column(value, value.lineno)
            called = {tail(item) for item in ast.walk(value) if isinstance(item, ast.Call)}
            if made and source and source[0] == made[0] and source[1] != made[1] and called <= _RECODES:
                yield made[1], source[1], target.lineno

    def _assigned(self) -> list[tuple[ast.expr, ast.expr]]:
        outer = () if self.scope is self.file.module else self.file.module.assignments
        return [*outer, *self.scope.assignments]

    def _is_changed(self, name: str) -> bool:
        return any(
            isinstance(call.func, ast.Attribute)
            and call.func.attr in {"remove", "pop", "append", "extend", "discard"}
            and ast.unparse(call.func.value) == name
            for call in self.file.calls
        )

    def _last(self, name: str, line: int) -> tuple[int, ast.expr] | None:
        for target, value in reversed(self.scope.assignments):
            if target.lineno < line and isinstance(target, ast.Name) and target.id == name:
                return target.lineno, value
        return None

    def _variable(self, node: ast.Name, line: int, steps: int) -> Columns | None:
        unpacked = any(
            isinstance(target, ast.Tuple)
            and any(isinstance(item, ast.Name) and item.id == node.id for item in target.elts)
            for target, _ in self.scope.assignments
        )
        if unpacked:
            return None
        last = self._last(node.id, line)
        known = self.columns(last[1], last[0], steps - 1) if last else None
        reads = (
            last is not None and isinstance(last[1], ast.Call) and tail(last[1]).startswith(("read_", "load", "fetch"))
        )
        if known is None and (last is None or reads):
            known = Columns(node.id)
        removed = self._removed(node.id, 0 if last is None else last[0], line)
        if known is None or removed is None:
            return None
        return replace(known, without=known.without | removed)

    def _removed(self, name: str, start: int, end: int) -> frozenset[str] | None:
        """Columns that are popped, deleted or dropped in place between two lines."""
        gone: frozenset[str] = frozenset()
        for node in self.scope.nodes:
            texts = self._taken(node, name) if start <= place_of(node)[0] < end else frozenset()
            if texts is None:
                return None
            gone |= texts
        return gone

    def _taken(self, node: ast.AST, name: str) -> frozenset[str] | None:
        """Columns that one node takes out of a frame; None where it does not say which."""
        if isinstance(node, ast.Delete):
            items = [item for item in node.targets if isinstance(item, ast.Subscript)]
            return next((self.texts(item.slice) for item in items if ast.unparse(item.value) == name), frozenset())
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            return frozenset()
        if ast.unparse(node.func.value) != name:
            return frozenset()
        if tail(node) == "pop" and node.args:
            return self.texts(node.args[0])
        in_place = tail(node) == "drop" and constant(keyword(node, "inplace")) is True
        return self._dropped(node) if in_place else frozenset()

    def _subscript(self, node: ast.Subscript, line: int, steps: int) -> Columns | None:
        base = self.columns(node.value, line, steps - 1)
        chosen = node.slice.elts[1] if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) > 1 else node.slice
        texts = self.texts(chosen)
        return None if base is None or texts is None else Columns(base.frame, listed=texts)

    def _call(self, node: ast.Call, line: int, steps: int) -> Columns | None:
        name = tail(node)
        method = isinstance(node.func, ast.Attribute) and name not in {"get_dummies", "DataFrame", "asarray", "array"}
        receiver = node.func.value if method and isinstance(node.func, ast.Attribute) else None
        given = receiver or (node.args[0] if node.args else None)
        if given is None or (name not in _SAME_COLUMNS and name != "drop"):
            return None
        base = self.columns(given, line, steps - 1)
        dropped = self._dropped(node) if name == "drop" else frozenset()
        return None if base is None or dropped is None else replace(base, without=base.without | dropped)

    def _dropped(self, node: ast.Call) -> frozenset[str] | None:
        columns = keyword(node, "columns")
        by_axis = constant(keyword(node, "axis")) in {1, "columns"} or (
            len(node.args) > 1 and constant(node.args[1]) == 1
        )
        named = columns or ((node.args[0] if node.args else keyword(node, "labels")) if by_axis else None)
        return frozenset() if named is None else self.texts(named)

    def _single(self, node: ast.expr, line: int) -> tuple[str, str] | None:
        """`(frame, column)` of `frame["column"]`, `frame.pop("column")` or `frame.column` of a known frame."""
        if isinstance(node, ast.Subscript):
            texts = self.texts(node.slice)
            base = self.columns(node.value, line) if texts and len(texts) == 1 else None
            return (base.frame, next(iter(texts))) if base and texts and base.listed is None else None
        if isinstance(node, ast.Call) and tail(node) == "pop" and node.args and isinstance(node.func, ast.Attribute):
            texts, base = self.texts(node.args[0]), self.columns(node.func.value, line)
            return (base.frame, next(iter(texts))) if base and texts and len(texts) == 1 else None
        return None

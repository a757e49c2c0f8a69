"""`PythonFile`: a user's Python as the rules look at it, parsed and never imported. The rules have modules."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Scope:
    """A module's or a function's own code, without the functions and classes inside it.

    Args:
        node: The module or the function.
        owner: The class that the function is a method of.
    """

    node: ast.Module | Function
    owner: ast.ClassDef | None = None

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Its nodes in the order in which they are written."""
        found = [child for statement in self.node.body for child in _own(statement)]
        placed = [node for node in found if hasattr(node, "lineno")]
        return tuple(sorted(placed, key=place_of))

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        """Its calls, in order."""
        return tuple(node for node in self.nodes if isinstance(node, ast.Call))

    @property
    def name(self) -> str:
        """The function's name; empty for a module."""
        return "" if isinstance(self.node, ast.Module) else self.node.name

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the function's parameters, without self."""
        if isinstance(self.node, ast.Module):
            return ()
        given = self.node.args
        named = [item.arg for item in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        return tuple(name for name in named if name not in {"self", "cls"})

    @cached_property
    def assignments(self) -> tuple[tuple[ast.expr, ast.expr], ...]:
        """`(target, value)` in order; of a chain `a = b = 1` each."""
        found: list[tuple[ast.expr, ast.expr]] = []
        for node in self.nodes:
            if isinstance(node, ast.Assign):
                found += [(target, node.value) for target in node.targets]
            elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value is not None:
                found.append((node.target, node.value))
        return tuple(found)


@dataclass(frozen=True)
class PythonFile:
    """One parsed file.

    Args:
        path: Where it lies.
        tree: Its syntax tree.
    """

    path: Path
    tree: ast.Module

    @classmethod
    def read(cls, path: Path) -> PythonFile:
        """Parse a file.

        Raises:
            OSError: It cannot be read.
            SyntaxError: It is no Python, or its text cannot be decoded.
            ValueError: It holds null bytes.
        """
        with tokenize.open(path) as opened:
            return cls(path, ast.parse(opened.read(), filename=str(path)))

    @cached_property
    def imported(self) -> dict[str, str]:
        """What each imported or aliased name stands for, dotted."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for item in node.names:
                    found[item.asname or item.name.split(".")[0]] = (
                        item.name if item.asname else item.name.split(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom):
                found.update({item.asname or item.name: f"{node.module or ''}.{item.name}" for item in node.names})
        for target, value in self.module.assignments:
            if isinstance(target, ast.Name) and isinstance(value, ast.Name | ast.Attribute):
                full = _dotted(value, found)
                if full.split(".")[0] in {name.split(".")[0] for name in found.values()} and full != target.id:
                    found.setdefault(target.id, full)
        return found

    @cached_property
    def module(self) -> Scope:
        """The code of the module itself."""
        return Scope(self.tree)

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """The module and all functions."""
        return (self.module, *_functions(self.tree, None))

    @cached_property
    def functions(self) -> dict[str, Scope]:
        """The functions by name; of equal names the last."""
        return {scope.name: scope for scope in self.scopes[1:]}

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        """All calls."""
        return tuple(node for node in ast.walk(self.tree) if isinstance(node, ast.Call))

    def full(self, node: ast.expr) -> str:
        """What an expression names, dotted and with aliases resolved; of a call its function."""
        return _dotted(node.func if isinstance(node, ast.Call) else node, self.imported)

    def last(self, call: ast.Call) -> str:
        """The last part of what is called, with aliases resolved."""
        return self.full(call).rpartition(".")[2] or tail(call)

    def made_by(self, scope: Scope, node: ast.expr) -> str:
        """The class or function that an object comes from: of a variable what was last assigned to it."""
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr == "fit":
                return self.made_by(scope, node.func.value)
            return self.full(node)
        name = ast.unparse(node)
        for place in (*([scope] if scope is not self.module else []), *self._class_mates(scope), self.module):
            for target, value in reversed(place.assignments):
                if ast.unparse(target) == name and isinstance(value, ast.Call):
                    return self.made_by(place, value)
        return name

    def _class_mates(self, scope: Scope) -> list[Scope]:
        return [other for other in self.scopes if scope.owner is not None and other.owner is scope.owner]


def names_of(text: str) -> frozenset[str]:
    """Names that are written in one text, separated by spaces."""
    return frozenset(text.split())


def place_of(node: ast.AST) -> tuple[int, int]:
    """Line and column of a node; what has none comes first."""
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def tail(call: ast.Call) -> str:
    """The last part of what is called: `fit` of `model.fit(...)`."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword."""
    return next((item.value for item in call.keywords if item.arg == name), None)


def constant(node: ast.expr | None) -> object:
    """The value of a constant, a negative number too; None for anything else."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        value = node.operand.value
        return -value if isinstance(value, int | float) else None
    return node.value if isinstance(node, ast.Constant) else None


def strings_in(node: ast.AST) -> frozenset[str]:
    """All text constants in an expression."""
    return frozenset(
        item.value for item in ast.walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)
    )


def names_in(node: ast.AST) -> frozenset[str]:
    """All variables in an expression."""
    return frozenset(item.id for item in ast.walk(node) if isinstance(item, ast.Name))


def _dotted(node: ast.expr, imported: dict[str, str]) -> str:
    if isinstance(node, ast.Call):
        return f"{_dotted(node.func, imported)}()"
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, imported)}.{node.attr}"
    return imported.get(node.id, node.id) if isinstance(node, ast.Name) else ""


def _own(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _own(child)


def _functions(node: ast.AST, owner: ast.ClassDef | None) -> Iterator[Scope]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Scope(child, owner)
            yield from _functions(child, None)
        else:
            yield from _functions(child, child if isinstance(child, ast.ClassDef) else owner)

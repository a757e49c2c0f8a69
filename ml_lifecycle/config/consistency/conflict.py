"""`Conflict`: one key of a YAML that does not fit the others. Which do not is found by the modules beside this one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Conflict:
    """A key that does not fit the others.

    Args:
        key: The key, dotted.
        expected: What would have fitted.
        got: What came.
        advice: What to do.

    >>> print(Conflict("modeling.intervals", "a regression", "brief.task: classification", "remove it"))
    modeling.intervals: expected a regression, got brief.task: classification (remove it)
    """

    key: str
    expected: str
    got: str
    advice: str

    def __str__(self) -> str:
        """Write it in one line."""
        return f"{self.key}: expected {self.expected}, got {self.got} ({self.advice})"


def suggest(name: str, known: Iterable[str], otherwise: str) -> str:
    """Ask whether a name of those known was meant; other advice where none is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else otherwise


def listed(names: Iterable[str]) -> str:
    """Names in one line."""
    return ", ".join(names)

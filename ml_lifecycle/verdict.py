"""`Verdict`: what every gate returns.

A gate is a function of some room that looks at data, a model or a report and says whether it may go on. It knows
nothing of Dagster; `orchestration/checks.py` translates verdicts into asset check results.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class Severity(StrEnum):
    """What a failed verdict does: stop what comes after, or only warn."""

    ERROR = "error"
    WARN = "warn"


#: What a fact may be: plain JSON, so that a verdict can be stored, shown and sent anywhere.
Fact: TypeAlias = "str | int | float | bool | list[Fact] | dict[str, Fact] | None"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one gate.

    Args:
        gate: The gate's name, which is the name of its asset check.
        passed: Whether the gate lets pass.
        severity: What it means when it does not.
        summary: One sentence a person understands, with the figure that decided.
        facts: The figures behind the judgement, plain JSON.
        advice: What to do when it failed.
    """

    gate: str
    passed: bool
    summary: str
    severity: Severity = Severity.ERROR
    facts: Mapping[str, Fact] = field(default_factory=dict)
    advice: str = ""

    @property
    def blocks(self) -> bool:
        """Whether this verdict stops what comes after it."""
        return not self.passed and self.severity is Severity.ERROR

"""Which gates failed, and which let pass by so little that the next model may fail them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite

from ml_lifecycle.config.improvement import ImprovementConfig
from ml_lifecycle.verdict import Fact, Verdict

#: Facts that a gate holds against its `limit`, where less is better.
_HELD = ("share", "error", "sure_gap")
FAILED, WARNED, CLOSE = "failed", "warned", "close"


def find_close_gates(verdicts: Mapping[str, Verdict | None], config: ImprovementConfig) -> list[tuple[object, ...]]:
    """The gates that failed, those that warned, and those that were close, in this order: name, state, why."""
    found: dict[str, list[tuple[object, ...]]] = {FAILED: [], WARNED: [], CLOSE: []}
    for name, verdict in verdicts.items():
        if verdict is None:
            continue
        if not verdict.passed:
            state = FAILED if verdict.blocks else WARNED
            found[state].append((name, state, verdict.summary))
        else:
            found[CLOSE] += [(name, CLOSE, said) for said in _close(verdict.facts, config.near)]
    return [row for rows in found.values() for row in rows]


def _close(facts: Mapping[str, Fact], near: float) -> Iterator[str]:
    """What speaks for a narrow escape: an interval that reaches over the limit, or a figure that has nearly used it."""
    for name, fact in facts.items():
        if isinstance(fact, dict) and fact.get("holds") is True and fact.get("holds_surely") is False:
            low, high = fact.get("low"), fact.get("high")
            yield f"{name} holds, but its interval {_shown(low)} to {_shown(high)} reaches beyond {fact.get('asked')}"
    limit = _number(facts.get("limit"))
    if limit is None or limit <= 0:
        return
    worst = facts.get("worst")
    first = worst[0] if isinstance(worst, list) and worst else {}
    for name in _HELD:
        value = _number(facts.get(name))
        value = _number(first.get(name)) if value is None and isinstance(first, dict) else value
        if value is not None and value >= near * limit:
            yield f"{name} is {value:.3g}, allowed are {limit:g}"


def _number(fact: Fact) -> float | None:
    plain = isinstance(fact, int | float) and not isinstance(fact, bool)
    return float(fact) if plain and isfinite(fact) else None  # type: ignore[arg-type]


def _shown(fact: Fact) -> str:
    value = _number(fact)
    return "unknown" if value is None else f"{value:.4g}"

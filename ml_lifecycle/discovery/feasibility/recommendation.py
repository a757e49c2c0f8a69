"""What follows from the scores: proceed, proceed with conditions, or stop; and what would change it.

The rules, in this order:

1. Stop where a criterion is out of reach: even the optimistic end of the prototype, with what search may add
   (`headroom` times its gain over no features) and what twice the rows may add (the optimistic end), misses the limit.
2. Stop where the rows are enough (volume 0.5 or more) and the lower end of the gain over no features is not above 0.
3. Stop where a score is under `stop_below`, unless it is the technical one and rows are too few to know (volume
   under 0.5).
4. Proceed with conditions where a term is under `proceed_from`: each such term is a condition. A gain that is not sure
   on few rows is one too.
5. Else proceed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ml_lifecycle.config.discovery import FeasibilityConfig
from ml_lifecycle.discovery.feasibility.evidence import CriterionEvidence, Evidence
from ml_lifecycle.discovery.feasibility.scores import Part, Term, score_part

#: Volume from which a model that finds nothing says something about the problem and not about the few rows.
_ENOUGH = 0.5


class Advice(StrEnum):
    """What is recommended."""

    PROCEED = "proceed"
    CONDITIONS = "proceed with conditions"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What is recommended, and why.

    Args:
        advice: The recommendation.
        reasons: One sentence each; the first decides.
        conditions: What must be done on the way.
        changes: What would change the recommendation.
        main_term: The term that weighs most in it; empty where nothing speaks against the project.
    """

    advice: Advice
    reasons: tuple[str, ...]
    conditions: tuple[str, ...]
    changes: tuple[str, ...]
    main_term: str


@dataclass(frozen=True, slots=True)
class _Reason:
    term: str
    said: str
    change: str


def recommend(evidence: Evidence, terms: Sequence[Term], config: FeasibilityConfig) -> Recommendation:
    """Apply the rules.

    Args:
        evidence: What was measured.
        terms: The terms of both scores.
        config: The limits.
    """
    stops = _stops(evidence, terms, config)
    weak = sorted(_weak(terms, config), key=lambda term: -_lost(term))
    if stops:
        changes = [*(item.change for item in stops), *(_change(term, config) for term in weak)]
        return Recommendation(
            Advice.STOP, tuple(item.said for item in stops), (), tuple(dict.fromkeys(changes)), stops[0].term
        )
    if weak:
        return Recommendation(
            Advice.CONDITIONS,
            tuple(term.said for term in weak),
            tuple(f"{term.name}: {term.advice}" for term in weak),
            tuple(_change(term, config) for term in weak),
            weak[0].name,
        )
    return Recommendation(Advice.PROCEED, ("Every term is good enough.",), (), _margins(terms, config), "")


def reach_of(item: CriterionEvidence, headroom: float) -> float:
    """The best that may be hoped for of a criterion's metric: see rule 1."""
    end = item.estimate.high if item.sign > 0 else item.estimate.low
    more = item.doubled.high if np.isfinite(item.doubled.high) else 0.0
    return end + item.sign * (headroom * max(item.gain, 0.0) + max(more, 0.0))


def _stops(evidence: Evidence, terms: Sequence[Term], config: FeasibilityConfig) -> list[_Reason]:
    volume = next(term.value for term in terms if term.name == "volume") or 0.0
    found = []
    if volume >= _ENOUGH and not evidence.gain.low > 0:
        found.append(
            _Reason(
                "signal",
                f"No signal is found on {evidence.looked_at:,} rows: the gain over no features is {evidence.gain}.",
                "columns with which the gain over no features is surely above 0",
            )
        )
    found += [
        _Reason(
            "criteria",
            f"{item.criterion} is out of reach: the prototype has {item.estimate}, and {reach:.4g} is the most to hope "
            "for with a search and twice the rows.",
            f"a criterion within {reach:.4g}, or columns that tell more",
        )
        for item in evidence.criteria
        if not item.sign * (reach := reach_of(item, config.headroom)) >= item.sign * item.limit and volume >= _ENOUGH
    ]
    for part in Part:
        score = score_part(terms, part)
        if score < config.stop_below and not (part is Part.TECHNICAL and volume < _ENOUGH):
            worst = max((term for term in terms if term.part is part), key=_lost)
            said = f"The {part} score is {score:.2f}, under {config.stop_below:g}. {worst.said}"
            found.append(_Reason(worst.name, said, _change(worst, config)))
    return found


def _weak(terms: Sequence[Term], config: FeasibilityConfig) -> list[Term]:
    return [term for term in terms if term.weight and term.value is not None and term.value < config.proceed_from]


def _lost(term: Term) -> float:
    """What a term costs its score, before the division by the sum of weights."""
    return 0.0 if term.value is None else term.weight * (1 - term.value)


def _change(term: Term, config: FeasibilityConfig) -> str:
    return f"{term.name} at {config.proceed_from:g} or more (it is {term.value or 0:.2f}): {term.advice}"


def _margins(terms: Sequence[Term], config: FeasibilityConfig) -> tuple[str, ...]:
    """The terms that are nearest to becoming a condition."""
    near = sorted((term for term in terms if term.value is not None and term.weight), key=lambda term: term.value or 0)
    return tuple(f"{term.name} under {config.proceed_from:g} (it is {term.value:.2f})" for term in near[:2])

"""Technical feasibility and data readiness, each from 0 to 1: the terms, their formulas, and the weighted mean.

Phi is the distribution function of the standard normal. Each term is between 0 and 1; one that cannot be measured
counts nothing. A score is the weighted mean of its terms, with the weights of `discovery.feasibility`:

technical
- signal = max(0, 2 Phi(gain / its standard error) - 1): the gain of the prototype over the best model without features.
- criteria = the smallest Phi(distance to the limit / standard error) of the success criteria.
- growth = the same with what twice the rows would add, by the power law of the learning curve.

readiness
- volume = min(1, effective rows / rows needed); needed are `least_rows`, or `rows_per_feature` for each feature. Of a
  classification the rows of the rarest class count, times the classes (Peduzzi et al. 1996: ten events per variable).
- labels = max(0, 1 - contradicted share / `label_noise`).
- completeness = (1 - missing cells) (1 - quarantined rows).
- leaks = 1 - confidence of the surest leak that nobody has accepted.
- stability = max(0, 2 - 2 AUC), of the lower end of the AUC with which older rows are told from newer ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import hypot, inf, isnan

from scipy import special

from ml_lifecycle.config.discovery import FeasibilityConfig
from ml_lifecycle.discovery.feasibility.evidence import CriterionEvidence, Evidence


class Part(StrEnum):
    """The two scores."""

    TECHNICAL = "technical"
    READINESS = "readiness"


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a score.

    Args:
        name: Its name, which is the key of its weight.
        part: The score that it belongs to.
        value: From 0 to 1; None where it cannot be measured.
        weight: How much it counts.
        said: One sentence with the figures.
        advice: What would raise it.
    """

    name: str
    part: Part
    value: float | None
    weight: float
    said: str
    advice: str


def score_terms(evidence: Evidence, config: FeasibilityConfig) -> list[Term]:
    """All terms, in the order of the module's list."""
    weights = {**config.technical.model_dump(), **config.readiness.model_dump()}
    terms = [*_technical(evidence), *_readiness(evidence, config)]
    return [Term(name, part, value, weights[name], said, advice) for name, part, value, said, advice in terms]


def score_part(terms: Sequence[Term], part: Part) -> float:
    """The weighted mean of a part's terms that could be measured; 0 where none could."""
    known = [(term.value, term.weight) for term in terms if term.part is part and term.value is not None]
    weight = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / weight if weight else 0.0


def rows_wanted(evidence: Evidence, config: FeasibilityConfig) -> int:
    """Effective rows that so many features need."""
    return max(config.least_rows, round(config.rows_per_feature * evidence.features))


def chance_above(distance: float, error: float) -> float:
    """The chance that a normal variable at a distance from a limit, with a standard error, is beyond it.

    >>> round(chance_above(1.96, 1.0), 3), chance_above(-1.0, 0.0)
    (0.975, 0.0)
    """
    if isnan(distance):
        return 0.0
    if error <= 0 or isnan(error):
        return float(distance >= 0)
    return float(special.ndtr(distance / error))


def distance_of(item: CriterionEvidence) -> float:
    """By how much the prototype is on the right side of a criterion's limit; negative where it is not."""
    return item.sign * (item.estimate.value - item.limit)


_Said = tuple[str, Part, float | None, str, str]


def _technical(evidence: Evidence) -> Iterator[_Said]:
    gain, items = evidence.gain, evidence.criteria
    yield (
        *("signal", Part.TECHNICAL, max(0.0, 2 * chance_above(gain.value, gain.error) - 1)),
        f"{evidence.prototype} gains {gain} of {evidence.metric} over {evidence.floor}, which reads no feature.",
        "find columns that have to do with the target, or ask a question that these columns can answer",
    )
    chances = [chance_above(distance_of(item), item.estimate.error) for item in items]
    told = "; ".join(f"{item.criterion}: {item.estimate}" for item in items)
    yield (
        *("criteria", Part.TECHNICAL, min(chances) if items else None),
        f"The prototype against the criteria: {told}." if items else "The brief names no criterion.",
        "better features and a search; or a criterion that the business can live with",
    )
    more = [_with_twice_the_rows(item) for item in items]
    yield (
        *("growth", Part.TECHNICAL, min(more) if items else None),
        f"Twice the rows would better {evidence.metric} by {evidence.doubled}.",
        "more rows alone will not do: look for other columns",
    )


def _with_twice_the_rows(item: CriterionEvidence) -> float:
    known = not isnan(item.doubled.value)
    gain, error = (item.doubled.value, item.doubled.error) if known else (0.0, 0.0)
    return chance_above(distance_of(item) + gain, hypot(item.estimate.error, 0.0 if isnan(error) else error))


def _readiness(evidence: Evidence, config: FeasibilityConfig) -> Iterator[_Said]:
    wanted, labels = rows_wanted(evidence, config), evidence.labels
    yield (
        *("volume", Part.READINESS, min(1.0, evidence.effective_rows / wanted)),
        (
            f"{evidence.effective_rows:,} effective rows of {evidence.rows:,}; {evidence.features} features ask for "
            f"{wanted:,}."
        ),
        f"collect rows until {wanted:,} count, or use fewer features",
    )
    yield (
        *("labels", Part.READINESS, None if isnan(labels.worst) else max(0.0, 1 - labels.worst / config.label_noise)),
        (
            f"A model that did not see them contradicts {_share(labels.contradicted)} of labels; "
            f"{_share(labels.disagreeing)} differ from those of equal rows."
        ),
        "look through contradicted rows with those who labelled them, and correct what is wrong",
    )
    yield (
        *("completeness", Part.READINESS, (1 - evidence.missing) * (1 - evidence.quarantined)),
        f"{evidence.missing:.1%} of cells are empty, {evidence.quarantined:.1%} of rows broke the schema.",
        "fill the columns that lack cells at their source, or drop them",
    )
    surest = max(evidence.leaks.values(), default=0)
    names = ", ".join(f"{name} ({confidence})" for name, confidence in evidence.leaks.items())
    yield (
        *("leaks", Part.READINESS, 1 - surest / 100),
        f"What tells the target or is shared by splits: {names}." if names else "No leak was found.",
        "; ".join(dict.fromkeys(evidence.leak_advice.values())) or "none",
    )
    halves = evidence.halves
    yield (
        *("stability", Part.READINESS, None if halves is None else min(1.0, max(0.0, 2 - 2 * halves.low))),
        "No event time is named, or rows are too few: drift in the history is not known."
        if halves is None
        else f"Older rows are told from newer ones with an area under the curve of {halves}.",
        "learn from newer rows only, divide by time, and plan to retrain",
    )


def _share(value: float) -> str:
    return "an unknown share" if isnan(value) or value == inf else f"{value:.1%}"

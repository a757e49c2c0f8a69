"""Which of several approaches is recommended: the simplest one that no costlier one surely beats, within the limits.

How the approaches are measured lives in `contestants`; whether a candidate replaces a champion, in
`comparison/champion`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Literal, TypeAlias

from ml_lifecycle.config.brief import Constraints
from ml_lifecycle.config.modeling import ApproachesConfig
from ml_lifecycle.evaluation.inference.significance import PairedDifference
from ml_lifecycle.modeling.estimators import FAMILIES

Interpretability: TypeAlias = Literal["high", "medium", "low"]

#: Baselines whose every prediction can be told in a sentence.
_PLAIN = frozenset(
    {"most_frequent", "prior", "stratified", "uniform", "mean", "median", "recent_level", "last_value"}
    | {"last_value_of_entity", "popularity", "single_feature", "tree"}
)
_GRADES: tuple[Interpretability, ...] = ("low", "medium", "high")
_BYTES_PER_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Approach:
    """One way to solve the problem, and what it costs.

    Args:
        approach: `baseline`, `pragmatic` or `best`.
        name: The baseline's name, or the family.
        score: Its primary metric on the validation rows.
        low: Lower end of the interval of that.
        high: Upper end.
        training_seconds: How long it took to search and fit.
        latency_p50_ms: Median time to predict one row whose features are there, in milliseconds.
        latency_p95_ms: 95th percentile of that.
        size_bytes: Size of the model's files.
        interpretability: How well a person can follow a prediction.
    """

    approach: str
    name: str
    score: float
    low: float
    high: float
    training_seconds: float
    latency_p50_ms: float
    latency_p95_ms: float
    size_bytes: int
    interpretability: Interpretability


def interpretability_of(name: str) -> Interpretability:
    """How well a person can follow what a baseline or a family predicts; `low` where nothing is known of it.

    >>> interpretability_of("prior"), interpretability_of("linear"), interpretability_of("lightgbm")
    ('high', 'high', 'medium')
    """
    if name in FAMILIES:
        return FAMILIES[name].capabilities.interpretability
    return "high" if name in _PLAIN else "low"


def find_objections(option: Approach, rules: ApproachesConfig, constraints: Constraints) -> list[str]:
    """The limits that an approach does not keep, a clause each; empty where it keeps them all."""
    found = []
    longest = rules.max_training_seconds
    if longest is not None and option.training_seconds > longest:
        found.append(f"its training took {option.training_seconds:.3g} s, at most {longest:g} s are allowed")
    wanted = rules.min_interpretability
    if wanted != "any" and _GRADES.index(option.interpretability) < _GRADES.index(wanted):
        found.append(f"its interpretability is {option.interpretability}, {wanted} is asked for")
    # Whatever exceeds a limit at 95 % exceeds it at 99 % too.
    limits = [limit for limit in (constraints.latency_p95_ms, constraints.latency_p99_ms) if limit is not None]
    if limits and option.latency_p95_ms > min(limits):
        found.append(f"95 % of single rows take up to {option.latency_p95_ms:.3g} ms, {min(limits):g} ms are allowed")
    largest = constraints.model_size_mb
    if largest is not None and option.size_bytes > largest * _BYTES_PER_MB:
        found.append(f"its size is {option.size_bytes / _BYTES_PER_MB:.3g} MB, at most {largest:g} MB are allowed")
    return found


def recommend_approach(
    options: Sequence[Approach],
    gains: Mapping[tuple[str, str], PairedDifference],
    rules: ApproachesConfig,
    constraints: Constraints,
) -> tuple[str | None, tuple[str, ...]]:
    """The approach to take, and why.

    Args:
        options: The approaches, the simplest first.
        gains: By how much the first of two approaches is better than the second, the costlier one first.
        rules: The least gain that is worth the cost, and the limits of training.
        constraints: The brief's limits of latency and size.

    Returns:
        Its `approach`, or None where none keeps the limits; and the reasons, a sentence each.
    """
    reasons, open_ = [], []
    for option in options:
        objections = find_objections(option, rules, constraints)
        if objections:
            reasons.append(f"{_call(option)} is out: {'; '.join(objections)}.")
        else:
            open_.append(option)
    for place, option in enumerate(open_):
        pairs = [(other, gains[other.approach, option.approach]) for other in open_[place + 1 :]]
        better = next(((other, gain) for other, gain in pairs if gain.low > rules.min_gain), None)
        if better is None:
            reasons += [_explain(other, option, gain, rules.min_gain) for other, gain in pairs]
            reasons.append(f"{_call(option)} is recommended{'' if pairs else _since(place, reasons)}.")
            return option.approach, tuple(reasons)
        reasons.append(_explain(better[0], option, better[1], rules.min_gain))
    reasons.append("None is recommended: no approach keeps the limits.")
    return None, tuple(reasons)


def _since(place: int, reasons: Sequence[str]) -> str:
    """Why the last one is taken, where no sentence before says it."""
    return ": it is the only one within the limits" if place == 0 and reasons else ""


def _explain(costlier: Approach, simpler: Approach, gain: PairedDifference, least: float) -> str:
    if isnan(gain.low):
        return f"{_call(costlier)} cannot be compared with {simpler.approach} on these rows."
    sure = "surely" if gain.low > least else "not surely"
    by = f"more than {least:g}" if least else "better at all"
    figures = f"{gain.difference:.3g} [{gain.low:.3g}, {gain.high:.3g}]"
    return f"{_call(costlier)} is better than {simpler.approach} by {figures}: {sure} {by}."


def _call(option: Approach) -> str:
    return f"{option.approach} ({option.name})" if option.name != option.approach else option.approach

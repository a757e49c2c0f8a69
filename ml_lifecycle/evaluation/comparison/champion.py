"""Candidate against champion on the same rows: promoted only what is better beyond chance, and not too costly.

How the difference is tested lives in `inference/paired_tests`, what to do next in `recommendation`, several candidates
at once in `candidates`, how it is shown in `text`. What "better by the margin" means is said in `inference/power`.
Which rows they are judged on is the caller's choice, and found in `held_out`: rows that neither model has learnt from,
after a retraining the newest. How both stand on new and on old rows is `old_and_new`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import isnan
from typing import Any, Literal, Self, TypeAlias

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import ComparisonConfig, EvaluationConfig
from ml_lifecycle.evaluation.comparison.footprint import Footprint, find_excess
from ml_lifecycle.evaluation.comparison.old_and_new import Standing
from ml_lifecycle.evaluation.comparison.recommendation import Recommendation, recommend
from ml_lifecycle.evaluation.comparison.text import describe_comparison
from ml_lifecycle.evaluation.inference.paired_tests import PairedTest, PairFindings, check_test, run_tests
from ml_lifecycle.evaluation.inference.significance import PairedDifference
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Verdict

_FILE = "comparison.json"

#: What is to be done: put the candidate in the champion's place, leave the champion, or begin with the candidate.
Decision: TypeAlias = Literal["promote", "keep", "first"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the comparison of a candidate with the champion found.

    Args:
        decision: What is to be done.
        reasons: Why, a sentence each.
        metric: Name of the metric.
        rows: Rows that both were judged on.
        champion: The champion's version; None where there is none.
        candidate_value: The candidate's metric.
        champion_value: The champion's metric; None where there is none.
        difference: By how much the candidate is better, in units of the metric; positive is better.
        low: Lower bound of the one-sided interval of the difference, at `1 - alpha`.
        high: Upper bound, likewise.
        p_value: One-sided, against the hypothesis that the candidate is not better by more than the margin.
        alpha: The chance of promoting what is not better.
        margin: By how much it must be better.
        tests: What every test that applies found, the one that decides first.
        recommendation: What to do with the candidate next.
        footprint: What the candidate costs.
        champion_footprint: What the champion costs.
        standings: How both are on new and on old rows, the champion's present performance among them.
        notes: What is to be known of these rows, a sentence each.
    """

    decision: Decision
    reasons: tuple[str, ...]
    metric: str
    rows: int
    champion: str | None
    candidate_value: float | None
    champion_value: float | None
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    alpha: float
    margin: float
    tests: tuple[PairedTest, ...] = ()
    recommendation: Recommendation | None = None
    footprint: Footprint | None = None
    champion_footprint: Footprint | None = None
    standings: tuple[Standing, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The reasons in one line."""
        return " ".join(self.reasons)

    def markdown(self) -> str:
        """The decision with its reasons, the recommendation, and tables of the figures, the tests and the costs."""
        return describe_comparison(self)

    def to_parts(self) -> Parts:
        """One JSON file."""
        return Parts(files={_FILE: json.dumps(asdict(self), sort_keys=True).encode()})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put a comparison together again."""
        found: dict[str, Any] = json.loads(parts.files[_FILE])
        found["reasons"] = tuple(found["reasons"])
        found["tests"] = tuple(PairedTest(**test) for test in found.get("tests", ()))
        found["standings"] = tuple(Standing(**item) for item in found.get("standings", ()))
        found["notes"] = tuple(found.get("notes", ()))
        if found.get("recommendation"):
            said = found["recommendation"]
            found["recommendation"] = Recommendation(**{**said, "reasons": tuple(said["reasons"])})
        for name in ("footprint", "champion_footprint"):
            found[name] = Footprint(**found[name]) if found.get(name) else None
        return cls(**found)


def compare(
    y: np.ndarray,
    candidate: np.ndarray,
    champion_predictions: np.ndarray | None,
    *,
    metric: Metric,
    config: EvaluationConfig,
    champion: str | None = None,
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    seed: int = 0,
    footprint: Footprint | None = None,
    champion_footprint: Footprint | None = None,
) -> Comparison:
    """Compare a candidate with the champion.

    The candidate is promoted where the lower bound of the one-sided `1 - alpha` interval of the difference is above the
    margin, and it is within the limits of speed and size: an equal candidate is promoted in at most `alpha` of cases.
    With `margin` 0, "better" means better at all.

    Args:
        y: Encoded targets of rows that neither model has learnt from, shape (n,).
        candidate: The candidate's predictions, shape (n,) or (n, k).
        champion_predictions: The champion's; None where there is no champion.
        metric: What counts.
        config: Resamples, threshold; the test that decides, alpha, margin and the limits of speed and size.
        champion: The champion's version.
        query: Query of each row, shape (n,); for ranking `groups` is taken where this is not given.
        groups: Group of each row where rows are not independent, shape (n,).
        seed: Seed of the draws.
        footprint: What the candidate costs.
        champion_footprint: What the champion costs.

    Raises:
        ConfigError: The test that is to decide is about another metric.
    """
    metric, limits = metric.at(config.threshold), config.comparison
    query = query_of(metric, query, groups)
    check_test(limits.test, metric, candidate)
    if champion_predictions is None:
        return _first(metric, metric(y, candidate, query), len(y), limits, footprint)
    pair = run_tests(
        y, candidate, champion_predictions, metric=metric, config=config, query=query, groups=groups, seed=seed
    )
    found = _decide(metric, pair, len(y), limits, find_excess(footprint, champion_footprint, limits))
    return replace(found, champion=champion, footprint=footprint, champion_footprint=champion_footprint)


def _decide(
    metric: Metric, pair: PairFindings, rows: int, limits: ComparisonConfig, excess: Sequence[str]
) -> Comparison:
    found = pair.deciding
    return Comparison(
        decision="promote" if found.low > limits.margin and not excess else "keep",
        reasons=tuple(_reasons(metric, found, limits, excess)),
        metric=metric.name,
        rows=rows,
        champion=None,
        candidate_value=_known(found.a),
        champion_value=_known(found.b),
        difference=_known(found.difference),
        low=_known(found.low),
        high=_known(found.high),
        p_value=found.p_value,
        alpha=limits.alpha,
        margin=limits.margin,
        tests=pair.tests,
        recommendation=recommend(found, rows, limits, excess=excess),
    )


def judge_beats_champion(comparison: Comparison) -> Verdict:
    """Let the candidate pass where it is to be promoted, or is the first."""
    return Verdict(
        gate="beats_champion",
        passed=comparison.decision != "keep",
        summary=comparison.summary,
        facts=json.loads(json.dumps(asdict(comparison))),
        advice="the champion stays in production; look for better features or more labelled rows, or lower "
        "evaluation.comparison.margin if a smaller gain is worth a deployment",
    )


def query_of(metric: Metric, query: np.ndarray | None, groups: np.ndarray | None) -> np.ndarray | None:
    """The queries of a ranking metric: as they are given, else the groups."""
    return groups if query is None and Kind.RANKING in metric.kinds else query


def _first(
    metric: Metric, value: float, rows: int, limits: ComparisonConfig, footprint: Footprint | None
) -> Comparison:
    return Comparison(
        decision="first",
        reasons=(f"There is no champion; the candidate's {metric.name} is {value:.4g}.",),
        metric=metric.name,
        rows=rows,
        champion=None,
        candidate_value=_known(value),
        champion_value=None,
        difference=None,
        low=None,
        high=None,
        p_value=None,
        alpha=limits.alpha,
        margin=limits.margin,
        recommendation=Recommendation("promote", ("There is no champion to compare with.",)),
        footprint=footprint,
    )


def _reasons(metric: Metric, found: PairedDifference, limits: ComparisonConfig, excess: Sequence[str]) -> list[str]:
    a, b = f"{found.a:.4g}", f"{found.b:.4g}"
    if isnan(found.low):
        return [f"{metric.name} cannot be compared on these rows (candidate {a}, champion {b})."]
    values = f"The candidate's {metric.name} is {a}, the champion's {b}"
    bound = f"the gain is at least {found.low:.3g} with {1 - limits.alpha:.0%} confidence"
    need = f"more than the margin {limits.margin:g}" if limits.margin else "more than 0"
    if found.low > limits.margin:
        return [f"{values}: {bound}, which is {need}.", *excess]
    worse = [f"It is worse with {1 - limits.alpha:.0%} confidence."] if found.high < 0 else []
    return [f"{values}: {bound}, but it must be {need}.", *worse, *excess]


def _known(value: float) -> float | None:
    return None if isnan(value) else value

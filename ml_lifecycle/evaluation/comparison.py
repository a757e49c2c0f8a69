"""Candidate against champion on the same rows: promoted only what is better beyond chance.

How the difference is tested lives in `significance`. Which rows they are judged on is the caller's choice; after a
retraining these must be the newest labelled rows of the test split, which neither model has learnt from.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from math import isnan
from typing import Literal, Self, TypeAlias

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import ComparisonConfig, EvaluationConfig
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.evaluation.significance import PairedDifference, paired_bootstrap
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
        p_value: One-sided, against the hypothesis that the candidate is not better.
        alpha: The chance of promoting what is not better.
        margin: By how much it must be better.
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

    @property
    def summary(self) -> str:
        """The reasons in one line."""
        return " ".join(self.reasons)

    def markdown(self) -> str:
        """A table of the figures, and the decision with its reasons."""
        shown = {
            f"candidate's {self.metric}": self.candidate_value,
            f"champion's {self.metric}": self.champion_value,
            "better by": self.difference,
            f"at least ({1 - self.alpha:.0%} sure)": self.low,
            f"at most ({1 - self.alpha:.0%} sure)": self.high,
            "p": self.p_value,
            "must be better by more than": self.margin,
        }
        lines = [f"| {name} | {value:.5g} |" for name, value in shown.items() if value is not None]
        head = [f"**{self.decision}**: {self.summary}", "", f"| {self.rows:,} rows | |", "| --- | ---: |"]
        return "\n".join([*head, *lines])

    def to_parts(self) -> Parts:
        """One JSON file."""
        return Parts(files={_FILE: json.dumps(asdict(self), sort_keys=True).encode()})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put a comparison together again."""
        found = json.loads(parts.files[_FILE])
        return cls(**{**found, "reasons": tuple(found["reasons"])})


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
) -> Comparison:
    """Compare a candidate with the champion by a paired bootstrap.

    The candidate is promoted where the lower bound of the one-sided `1 - alpha` interval of the difference is above the
    margin: an equal candidate is promoted in at most `alpha` of cases. With `margin` 0, "better" means better at all.

    Args:
        y: Encoded targets of rows that neither model has learnt from, shape (n,).
        candidate: The candidate's predictions, shape (n,) or (n, k).
        champion_predictions: The champion's; None where there is no champion.
        metric: What counts.
        config: Resamples, threshold, alpha and margin.
        champion: The champion's version.
        query: Query of each row, shape (n,); for ranking `groups` is taken where this is not given.
        groups: Group of each row where rows are not independent, shape (n,).
        seed: Seed of the draws.
    """
    metric = metric.at(config.threshold)
    alpha, margin = config.comparison.alpha, config.comparison.margin
    query = _query_of(metric, query, groups)
    if champion_predictions is None:
        return _first(metric, metric(y, candidate, query), len(y), config.comparison)
    found = paired_bootstrap(
        metric,
        y,
        candidate,
        champion_predictions,
        query=query,
        groups=groups,
        resamples=config.bootstrap,
        confidence=1 - 2 * alpha,
        seed=seed,
    )
    better = found.low > margin
    return Comparison(
        decision="promote" if better else "keep",
        reasons=tuple(_reasons(metric, found, alpha, margin)),
        metric=metric.name,
        rows=len(y),
        champion=champion,
        candidate_value=_known(found.a),
        champion_value=_known(found.b),
        difference=_known(found.difference),
        low=_known(found.low),
        high=_known(found.high),
        p_value=found.p_value,
        alpha=alpha,
        margin=margin,
    )


def judge_beats_champion(comparison: Comparison) -> Verdict:
    """Let the candidate pass where it is to be promoted, or is the first."""
    found = asdict(comparison)
    facts = {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}
    return Verdict(
        gate="beats_champion",
        passed=comparison.decision != "keep",
        summary=comparison.summary,
        facts=facts,
        advice="the champion stays in production; look for better features or more labelled rows, or lower "
        "evaluation.comparison.margin if a smaller gain is worth a deployment",
    )


def _first(metric: Metric, value: float, rows: int, limits: ComparisonConfig) -> Comparison:
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
    )


def _query_of(metric: Metric, query: np.ndarray | None, groups: np.ndarray | None) -> np.ndarray | None:
    return groups if query is None and Kind.RANKING in metric.kinds else query


def _reasons(metric: Metric, found: PairedDifference, alpha: float, margin: float) -> list[str]:
    a, b = f"{found.a:.4g}", f"{found.b:.4g}"
    if isnan(found.low):
        return [f"{metric.name} cannot be compared on these rows (candidate {a}, champion {b})."]
    values = f"The candidate's {metric.name} is {a}, the champion's {b}"
    bound = f"the gain is at least {found.low:.3g} with {1 - alpha:.0%} confidence"
    need = f"more than the margin {margin:g}" if margin else "more than 0"
    if found.low > margin:
        return [f"{values}: {bound}, which is {need}."]
    worse = [f"It is worse with {1 - alpha:.0%} confidence."] if found.high < 0 else []
    return [f"{values}: {bound}, but it must be {need}.", *worse]


def _known(value: float) -> float | None:
    return None if isnan(value) else value

"""Whether the hypothesis of an experiment held: judged on the validation rows, and on the folds where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isnan
from typing import Any, Literal, Self, TypeAlias

import numpy as np
import pandas as pd

from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.config.experiment import HypothesisConfig
from ml_lifecycle.evaluation.experiments.result import ExperimentResult, share_rows
from ml_lifecycle.evaluation.inference.fold_tests import compare_folds
from ml_lifecycle.evaluation.inference.significance import PairedDifference, paired_bootstrap
from ml_lifecycle.evaluation.measures.costs import CostMatrix
from ml_lifecycle.evaluation.metrics import Metric, metric_for

Outcome: TypeAlias = Literal["holds", "does not hold", "undecided"]

_CAVEAT = (
    "The search has seen the validation rows too, so the gain is rather too large than too small where the experiment "
    "searched more; the test split is for the model that is to be released."
)


@dataclass(frozen=True, slots=True)
class Gain:
    """By how much an experiment is better than its reference; None where that cannot be said.

    Args:
        difference: In units of the metric; positive is better.
        low: Lower end of the two-sided interval at 1 - 2 alpha.
        high: Upper end.
        p_value: One-sided, against the hypothesis that the gain is not above the smallest that counts.
    """

    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None

    @classmethod
    def of(cls, found: PairedDifference) -> Self:
        """Gather what a test found."""
        figures = (found.difference, found.low, found.high, found.p_value)
        return cls(*(None if isnan(figure) else figure for figure in figures))


@dataclass(frozen=True, slots=True)
class HypothesisVerdict:
    """Whether a hypothesis held.

    Args:
        experiment: Name of the experiment.
        reference: Name of what it was compared with.
        statement: What is believed.
        outcome: Whether it held: surely, surely not, or undecided.
        reasons: Why, a sentence each.
        metric: What it was judged by.
        min_gain: The gain from which on it counts as shown.
        value: The experiment's value on the rows.
        reference_value: That of the reference.
        rows: Validation rows that both were judged on.
        gain: By the paired bootstrap over the validation rows.
        fold_gain: By the corrected resampled t-test; None where the two have no folds in common.
    """

    experiment: str
    reference: str
    statement: str
    outcome: Outcome
    reasons: tuple[str, ...]
    metric: str
    min_gain: float
    value: float | None
    reference_value: float | None
    rows: int
    gain: Gain
    fold_gain: Gain | None = None

    @property
    def summary(self) -> str:
        """The outcome with its reasons, in one line."""
        said = "is undecided" if self.outcome == "undecided" else self.outcome
        return f"The hypothesis {said}. {' '.join(self.reasons)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "reasons": list(self.reasons)}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Make a verdict of what `to_dict` gave."""
        by_folds = state["fold_gain"]
        parts = {"gain": Gain(**state["gain"]), "fold_gain": None if by_folds is None else Gain(**by_folds)}
        return cls(**{**state, **parts, "reasons": tuple(state["reasons"])})


def judge_hypothesis(
    result: ExperimentResult,
    reference: ExperimentResult,
    *,
    config: EvaluationConfig,
    metric: Metric | None = None,
    costs: CostMatrix | None = None,
    seed: int = 0,
) -> HypothesisVerdict:
    """Judge whether an experiment is surely better than its reference by what its hypothesis asks for.

    It holds where the lower bound of the gain at confidence 1 - alpha is above `min_gain`, and does not hold where the
    upper bound is not. Where folds say surely the opposite, it is undecided.

    Args:
        result: The experiment, with a hypothesis.
        reference: What it is compared with.
        config: Resamples, threshold and `comparison.alpha`.
        metric: The project's primary metric, which counts where the hypothesis names no other; by default the one of
            that name.
        costs: What mistakes cost, where the metric is `cost`.
        seed: Seed of the draws.

    Raises:
        DataError: The two share no validation rows, or disagree about the truth.
        ValueError: There is no hypothesis.
    """
    stated, alpha = result.hypothesis, config.comparison.alpha
    if stated is None:
        msg = f"expected an experiment with a hypothesis, got {result.name}"
        raise ValueError(msg)
    if metric is None or stated.metric not in {None, metric.name}:
        metric = metric_for(result.kind, stated.metric or result.metric, threshold=config.threshold, costs=costs)
    shared = share_rows({"a": result, "b": reference})
    found = paired_bootstrap(
        metric,
        shared.y,
        shared.predictions["a"],
        shared.predictions["b"],
        query=shared.query,
        groups=shared.groups,
        resamples=config.bootstrap,
        confidence=1 - 2 * alpha,
        margin=stated.min_gain,
        seed=seed,
    )
    by_folds = compare_on_folds(result.folds, reference.folds, metric, alpha, stated.min_gain)
    outcome, reasons = _decide(found, by_folds, metric, alpha=alpha, min_gain=stated.min_gain)
    if shared.left_out:
        reasons.append(f"{shared.left_out:,} rows that only one of the two has are left out.")
    said = _Said(stated, outcome, (*reasons, _CAVEAT), found, by_folds)
    return _verdict(result.name, reference.name, metric.name, len(shared.y), said)


@dataclass(frozen=True, slots=True)
class _Said:
    """What was asked, what the tests found, and what follows."""

    stated: HypothesisConfig
    outcome: Outcome
    reasons: tuple[str, ...]
    found: PairedDifference
    by_folds: PairedDifference | None


def _verdict(experiment: str, reference: str, metric: str, rows: int, said: _Said) -> HypothesisVerdict:
    found, by_folds = said.found, said.by_folds
    return HypothesisVerdict(
        experiment=experiment,
        reference=reference,
        statement=said.stated.statement,
        outcome=said.outcome,
        reasons=said.reasons,
        metric=metric,
        min_gain=said.stated.min_gain,
        value=None if isnan(found.a) else found.a,
        reference_value=None if isnan(found.b) else found.b,
        rows=rows,
        gain=Gain.of(found),
        fold_gain=None if by_folds is None else Gain.of(by_folds),
    )


def compare_on_folds(
    ours: pd.DataFrame | None, theirs: pd.DataFrame | None, metric: Metric, alpha: float, min_gain: float
) -> PairedDifference | None:
    """The corrected t-test of two tables of folds (`CrossValidation.folds`); None where they are not of the same folds.

    Args:
        ours: Values on folds of the one that may be better.
        theirs: Those of its reference.
        metric: What counts.
        alpha: The interval's level is 1 - 2 alpha.
        min_gain: The p-value is against the hypothesis that the gain is not above this.
    """
    if ours is None or theirs is None or metric.name not in ours or metric.name not in theirs:
        return None
    same = ["fold", "train_rows", "judged_hash"]
    both = ours.merge(theirs, on=same, suffixes=("_a", "_b"))
    if len(both) < max(len(ours), len(theirs)):
        return None
    a, b, train, judged = (
        both[name].to_numpy(dtype=np.float64)
        for name in (f"{metric.name}_a", f"{metric.name}_b", "train_rows", "judged_rows_a")
    )
    return compare_folds(
        a,
        b,
        train,
        judged,
        greater_is_better=metric.greater_is_better,
        confidence=1 - 2 * alpha,
        margin=min_gain,
    )


def _decide(
    found: PairedDifference, by_folds: PairedDifference | None, metric: Metric, *, alpha: float, min_gain: float
) -> tuple[Outcome, list[str]]:
    if isnan(found.low):
        return "undecided", [f"{metric.name} cannot be compared on these rows."]
    outcome = _outcome(found, min_gain)
    values = f"{metric.name} is {found.a:.4g} against {found.b:.4g}: better by {found.difference:.3g}"
    bounds = f"with {1 - alpha:.0%} confidence by at least {found.low:.3g}, and by at most {found.high:.3g}"
    reasons = [f"{values}, {bounds}; asked is more than {min_gain:g}."]
    if by_folds is None or isnan(by_folds.low):
        return outcome, reasons
    reasons.append(
        f"Over the folds it is better by {by_folds.difference:.3g} ({by_folds.low:.3g} to {by_folds.high:.3g})."
    )
    if {outcome, _outcome(by_folds, min_gain)} == {"holds", "does not hold"}:
        reasons.append("Validation rows and folds contradict each other.")
        return "undecided", reasons
    return outcome, reasons


def _outcome(found: PairedDifference, min_gain: float) -> Outcome:
    if found.low > min_gain:
        return "holds"
    return "does not hold" if found.high <= min_gain else "undecided"

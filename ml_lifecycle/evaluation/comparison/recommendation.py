"""What to do with a candidate that was compared: promote it, work on it, or give it up, with the reasons.

How it is compared lives in `champion`; the gate passes by the decision there, not by this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isnan
from typing import Literal, TypeAlias

from ml_lifecycle.config.evaluation import ComparisonConfig
from ml_lifecycle.evaluation.inference.power import POWER, detectable_gain, error_of, rows_needed
from ml_lifecycle.evaluation.inference.significance import PairedDifference

Action: TypeAlias = Literal["promote", "iterate", "abandon"]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to do with a candidate.

    Args:
        action: `promote`: surely better, and within the limits of speed and size. `iterate`: a gain worth having is
            possible but not sure, or sure but too costly. `abandon`: surely not better by the margin.
        reasons: Why, a sentence each.
        detectable: The true gain that rows like these would show in 80 % of cases, in units of the metric; None where
            alpha is so large that no gain is asked for.
        rows_needed: Rows that would show a gain as large as the one seen; None where more rows alone would not help.
    """

    action: Action
    reasons: tuple[str, ...]
    detectable: float | None = None
    rows_needed: int | None = None

    @property
    def summary(self) -> str:
        """The reasons in one line."""
        return " ".join(self.reasons)


def recommend(
    found: PairedDifference, rows: int, limits: ComparisonConfig, *, excess: Sequence[str] = ()
) -> Recommendation:
    """Say what to do with a candidate.

    Args:
        found: What the test that decides found, with the two-sided interval at 1 - 2 alpha.
        rows: Rows it was judged on.
        limits: Alpha and margin.
        excess: In what the candidate is costlier than allowed, a sentence each.
    """
    alpha, margin = limits.alpha, limits.margin
    if isnan(found.low):
        return Recommendation("iterate", ("These rows cannot tell them apart; judge on rows that hold every class.",))
    sure = f"with {1 - alpha:.0%} confidence"
    error = error_of(found.low, found.high, 1 - 2 * alpha)
    detectable = None if isnan(error) else detectable_gain(error, alpha=alpha)
    if found.low > margin:
        if excess:
            reason = "The gain is sure, but it costs more than is allowed; make it smaller or quicker."
            return Recommendation("iterate", (reason, *excess), detectable)
        return Recommendation("promote", (f"It is better by more than {margin:g} {sure}.",), detectable)
    if found.high <= margin:
        reason = f"It is not better by more than {margin:g} {sure}: at best by {found.high:.3g}."
        return Recommendation("abandon", (reason, *excess), detectable)
    needed = rows_needed(error, rows, found.difference - margin, alpha=alpha)
    reasons = _open(found, margin, detectable, rows=rows, needed=needed)
    return Recommendation("iterate", (*reasons, *excess), detectable, needed)


@dataclass(frozen=True, slots=True)
class Company:
    """What else is known of a candidate that is one of several.

    Args:
        candidates: How many are compared with the same reference.
        p_corrected: Its p-value, corrected for their number.
        correction: How it was corrected.
        by_folds: What the test over folds found, where both were judged on the same ones.
    """

    candidates: int
    p_corrected: float
    correction: str
    by_folds: PairedDifference | None = None


def recommend_among(
    found: PairedDifference, rows: int, limits: ComparisonConfig, company: Company, *, excess: Sequence[str] = ()
) -> Recommendation:
    """Say what to do with one of several candidates: the chance of promoting any that is not better stays at alpha.

    Args:
        found: What the test that decides found, for this candidate by itself.
        rows: Rows it was judged on.
        limits: Alpha and margin.
        company: How many there are, and what correcting for them and the folds say.
        excess: In what the candidate is costlier than allowed, a sentence each.
    """
    alone, folds = recommend(found, rows, limits, excess=excess), company.by_folds
    if found.low > limits.margin and company.p_corrected > limits.alpha:
        reason = (
            f"By itself it is better by more than {limits.margin:g}, but among {company.candidates} candidates that "
            f"may be luck: its p-value corrected by {company.correction} is {company.p_corrected:.3g}; judge it on new "
            "rows."
        )
        return replace(alone, action="iterate", reasons=(reason, *excess))
    if folds is None or isnan(folds.low):
        return alone
    over = f"Over the folds it is better by {folds.difference:.3g} ({folds.low:.3g} to {folds.high:.3g})"
    denied = alone.action == "promote" and folds.high <= limits.margin
    if denied or (alone.action == "abandon" and folds.low > limits.margin):
        reason = f"{over}, which contradicts the validation rows: look at the rows before either is believed."
        return replace(alone, action="iterate", reasons=(*alone.reasons, reason))
    return replace(alone, reasons=(*alone.reasons, f"{over}."))


def _open(
    found: PairedDifference, margin: float, detectable: float | None, *, rows: int, needed: int | None
) -> tuple[str, ...]:
    """Why it is open whether the candidate is better, and what would settle it."""
    possible = f"A gain of up to {found.high:.3g} is possible, but not shown."
    if detectable is None:
        return (possible,)
    weak = (
        f"{rows:,} rows would show a true gain of {margin + detectable:.3g} in {POWER:.0%} of cases, "
        "a smaller one less often."
    )
    if needed is None:
        return possible, weak, f"The gain seen, {found.difference:.3g}, is not above {margin:g}: change the model."
    more = (
        f"If the true gain is the {found.difference:.3g} that was seen, about {needed:,} rows would show it as often."
    )
    return possible, weak, more

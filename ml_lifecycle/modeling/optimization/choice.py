"""Which form of a model is taken: of those that lose no quality, the fastest or smallest. And the gate `quality_kept`.

A form loses quality when it is surely worse than the model as it is by more than the tolerance: when the whole interval
of the difference lies below it. The interval is made elsewhere and handed in as a `Difference`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from ml_lifecycle.modeling.optimization.forms import ORIGINAL
from ml_lifecycle.modeling.optimization.profile import Profile
from ml_lifecycle.verdict import Fact, Verdict

GATE = "quality_kept"


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much a form is better than the model as it is, on the same rows; positive is better.

    Args:
        value: The form's value of the metric.
        difference: In units of the metric.
        low: Lower end of its interval.
        high: Upper end.
    """

    value: float
    difference: float
    low: float
    high: float

    def is_lost(self, tolerance: float) -> bool:
        """Whether it is surely worse by more than the tolerance, or cannot be judged."""
        return math.isnan(self.high) or self.high < -tolerance


#: From a form's predictions of the validation rows to its difference from the model as it is.
Compare: TypeAlias = Callable[[np.ndarray], Difference]


def choose(
    costs: Mapping[str, tuple[int, int]], by: Literal["fastest", "smallest", "original"], *, allowed: set[str]
) -> str:
    """The name of the form to take.

    The fastest is the one of the fewest rounds, which is what the forms of one model differ in. The measured times say
    the same, but not to the last digit, and the same data must give the same model on a busy machine too.

    Args:
        costs: Rounds and size in bytes of each form, those of the original among them.
        by: What counts; the other one decides between equals.
        allowed: Forms that keep the quality and can be packaged.

    >>> choose({"original": (9, 90), "prune": (5, 60), "int8": (9, 50)}, "fastest", allowed={"prune", "int8"})
    'prune'
    """
    names = [name for name in costs if name in {*allowed, ORIGINAL}]
    if by == "original":
        return ORIGINAL
    return min(names, key=lambda name: costs[name] if by == "fastest" else costs[name][::-1])


def speed_of(profile: Profile, original: Profile) -> float:
    """How many times as fast as the model as it is: the geometric mean for one row and for a batch."""
    row, batch = original.row_p50_ms / profile.row_p50_ms, original.batch_p50_ms / profile.batch_p50_ms
    return math.sqrt(row * batch)


def judge_quality_kept(chosen: str, found: Difference | None, *, metric: str, tolerance: float) -> Verdict:
    """Judge the form that was taken.

    Args:
        chosen: Its name.
        found: Its difference from the model as it was; None where that is what was taken.
        metric: The name of the metric.
        tolerance: By how much it may surely be worse.
    """
    if found is None:
        summary = "The model is taken as it is, so its quality is what it was."
        return Verdict(GATE, passed=True, summary=summary, facts={"form": chosen})
    facts: dict[str, Fact] = {
        "form": chosen,
        "metric": metric,
        "value": found.value,
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "tolerance": tolerance,
    }
    passed = not found.is_lost(tolerance)
    word = "keeps" if passed else "loses"
    return Verdict(
        GATE,
        passed=passed,
        summary=f"The form {chosen} {word} the quality: {metric} changes by {found.difference:+.4g} "
        f"[{found.low:+.4g}, {found.high:+.4g}] on validation, and may surely lose {tolerance:g}.",
        facts=facts,
        advice="raise modeling.optimize.tolerance, lower its sparsity, or leave the form out of its variants",
    )

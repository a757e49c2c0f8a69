"""What a model costs besides its errors: time of one prediction, size, time of training.

Whether that is worth the gain is decided in `champion`; limits of the brief are judged where the package is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ml_lifecycle.config.evaluation import ComparisonConfig
from ml_lifecycle.modeling.latency import REPEATS, measure_latency


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a model costs; None where it was not measured.

    Args:
        latency_p50_ms: Median time to score one row, in milliseconds.
        latency_p95_ms: 95th percentile of it.
        size_bytes: Size of the files it consists of.
        training_seconds: How long its search and fit took.
    """

    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    size_bytes: int | None = None
    training_seconds: float | None = None


def measure_footprint(
    predict_row: Callable[[Mapping[str, object]], object],
    row: Mapping[str, object],
    size_bytes: int | None = None,
    *,
    training_seconds: float | None = None,
    repeats: int = REPEATS,
) -> Footprint:
    """Measure how long one prediction takes.

    Args:
        predict_row: Scores one row, such as `Predictor.predict_row`.
        row: The row.
        size_bytes: Size of the model's files.
        training_seconds: How long its search and fit took.
        repeats: Calls behind the percentiles.
    """
    latency = measure_latency(lambda: predict_row(row), repeats=repeats)
    return Footprint(latency.p50_ms, latency.p95_ms, size_bytes, training_seconds)


def find_excess(candidate: Footprint | None, champion: Footprint | None, limits: ComparisonConfig) -> list[str]:
    """In what the candidate is costlier than the limits allow, a sentence each; empty where it is within all of them.

    A limit on what was not measured counts as not kept.
    """
    ours, theirs = candidate or Footprint(), champion or Footprint()
    judged = (
        (
            "slower",
            "time of one prediction (p95)",
            ours.latency_p95_ms,
            theirs.latency_p95_ms,
            limits.max_latency_ratio,
        ),
        ("larger", "size", ours.size_bytes, theirs.size_bytes, limits.max_size_ratio),
    )
    found = (_excess(*each) for each in judged)
    return [sentence for sentence in found if sentence]


def _excess(word: str, what: str, ours: float | None, theirs: float | None, limit: float | None) -> str:
    if limit is None:
        return ""
    if ours is None or theirs is None:
        return f"The {what} has a limit (at most {limit:g} times the champion's), but was not measured for both."
    ratio = ours / theirs if theirs else float("inf")
    return f"It is {word}: its {what} is {ratio:.3g} times the champion's, at most {limit:g} is allowed." * (
        ratio > limit
    )

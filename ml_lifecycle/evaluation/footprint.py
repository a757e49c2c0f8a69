"""What a model costs besides its errors: time of one prediction, size, time of training.

Whether that is worth the gain is decided in `comparison`; limits of the brief are judged where the package is made.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ml_lifecycle.config.evaluation import ComparisonConfig

#: Calls before the clock counts: the first ones fill caches.
_WARM_UP = 20


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
    repeats: int = 300,
) -> Footprint:
    """Measure how long one prediction takes.

    Args:
        predict_row: Scores one row, such as `Predictor.predict_row`.
        row: The row.
        size_bytes: Size of the model's files.
        training_seconds: How long its search and fit took.
        repeats: Calls behind the percentiles.
    """
    latency = measure_latency({"it": lambda: predict_row(row)}, repeats=repeats)["it"]
    return Footprint(*latency, size_bytes, training_seconds)


def measure_latency(calls: Mapping[str, Callable[[], object]], *, repeats: int = 300) -> dict[str, tuple[float, float]]:
    """Median and 95th percentile of several calls, in milliseconds.

    They take turns, so that what else the machine does falls on all of them alike.

    Args:
        calls: What is timed, by name.
        repeats: How often each.
    """
    for call in calls.values():
        for _ in range(_WARM_UP):
            call()
    taken: dict[str, list[int]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            began = time.perf_counter_ns()
            call()
            taken[name].append(time.perf_counter_ns() - began)
    found = {name: np.percentile(spans, [50, 95]) / 1e6 for name, spans in taken.items()}
    return {name: (float(middle), float(late)) for name, (middle, late) in found.items()}


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

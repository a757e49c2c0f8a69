"""The one clock for single predictions: how long a model takes for one row, as the caller waits for it.

What is made of it lives elsewhere: the front of quality and speed in `tuning/latency`, whether an ensemble is quick
enough in `ensemble`, what a candidate costs beside the champion in `evaluation/comparison/footprint`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle

import numpy as np

from ml_lifecycle.modeling.estimators import FittedModel

#: Calls behind the percentiles, and calls before the clock counts: the first ones fill caches.
REPEATS, WARMUP = 300, 20
#: The calls are cut into so many stretches, and the quickest counts: what else the machine does is no part of a model.
STRETCHES = 3
#: A stretch has at least so many calls: of fewer, the quickest would be quick by luck.
_LEAST = 20


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one prediction takes, in milliseconds.

    Args:
        p50_ms: Median.
        p95_ms: 95th percentile.
        p99_ms: 99th percentile.
    """

    p50_ms: float
    p95_ms: float
    p99_ms: float


def measure_latency(predict_one: Callable[[], object], *, repeats: int = REPEATS, warmup: int = WARMUP) -> Latency:
    """Measure how long a call takes.

    Args:
        predict_one: Scores one row.
        repeats: Calls behind the percentiles.
        warmup: Calls before the clock counts.

    Raises:
        ValueError: `repeats` is below 1.
    """
    return compare_latency({"it": predict_one}, repeats=repeats, warmup=warmup)["it"]


def compare_latency(
    calls: Mapping[str, Callable[[], object]], *, repeats: int = REPEATS, warmup: int = WARMUP
) -> dict[str, Latency]:
    """Measure how long several calls take, in turns, so that what else the machine does falls on all of them alike.

    Args:
        calls: What is timed, by name.
        repeats: How often each.
        warmup: How often each before the clock counts.

    Raises:
        ValueError: `repeats` is below 1.
    """
    if repeats < 1:
        msg = f"expected at least 1 repeat, got {repeats}"
        raise ValueError(msg)
    for call in calls.values():
        for _ in range(warmup):
            call()
    taken = {name: np.empty(repeats) for name in calls}
    for turn in range(repeats):
        for name, call in calls.items():
            began = time.perf_counter_ns()
            call()
            taken[name][turn] = time.perf_counter_ns() - began
    return {name: _summarise(spans / 1e6) for name, spans in taken.items()}


def ask_rows(model: FittedModel, values: np.ndarray) -> Callable[[], object]:
    """A call that has a model predict one row after the other, over and over.

    Args:
        model: The fitted model.
        values: The rows' features, shape (n, f), n at least 1.
    """
    rows = cycle(list(values))
    return lambda: model.predict_row(next(rows))


def _summarise(spans: np.ndarray) -> Latency:
    stretches = np.array_split(spans, max(1, min(STRETCHES, len(spans) // _LEAST)))
    quickest = min(stretches, key=np.mean)
    return Latency(*map(float, np.percentile(quickest, [50, 95, 99])))

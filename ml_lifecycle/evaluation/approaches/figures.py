"""What the comparison of approaches measures: intervals of scores and gains on the same rows, and one row's time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd

from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.evaluation.inference.intervals import Interval, bootstrap_interval, expanded
from ml_lifecycle.evaluation.inference.quick_intervals import jackknife_interval
from ml_lifecycle.evaluation.inference.resampling import Units
from ml_lifecycle.evaluation.inference.significance import PairedDifference, jackknife_difference, paired_bootstrap
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.modeling.baselines import Baselines
from ml_lifecycle.modeling.estimators import FittedModel
from ml_lifecycle.modeling.latency import ask_rows, compare_latency
from ml_lifecycle.modeling.samples import Samples

#: Above so many rows the jackknife stands in for the bootstrap: it agrees with it there, and costs a tenth.
MOST_RESAMPLED = 20_000
#: Seconds that timing single rows may take, and how often each model is asked within them.
TIMING_SECONDS = 0.3
TIMED_CALLS = (10, 200)


@dataclass(frozen=True, slots=True)
class Judge:
    """Intervals on the rows of a split.

    Args:
        metric: The primary metric.
        valid: The rows.
        groups: Group of each row where rows are not independent, shape (n,).
        config: Resamples and confidence.
        seed: Seed of the draws.
    """

    metric: Metric
    valid: Samples
    groups: np.ndarray | None
    config: EvaluationConfig
    seed: int

    def interval(self, p: np.ndarray) -> Interval:
        """The metric of predictions."""
        y, query, confidence = self.valid.y, self.valid.query, self.config.confidence
        if len(y) > MOST_RESAMPLED:
            return jackknife_interval(self.metric, y, p, query=query, groups=self.groups, confidence=confidence)
        draws = self.config.bootstrap
        return bootstrap_interval(
            self.metric, y, p, query=query, groups=self.groups, resamples=draws, confidence=confidence, seed=self.seed
        )

    def gain(self, a: np.ndarray, b: np.ndarray) -> PairedDifference:
        """By how much predictions `a` are better than predictions `b`."""
        y, query, confidence = self.valid.y, self.valid.query, self.config.confidence
        if len(y) > MOST_RESAMPLED:
            return self._quick_gain(a, b)
        draws = self.config.bootstrap
        return paired_bootstrap(
            self.metric,
            y,
            a,
            b,
            query=query,
            groups=self.groups,
            resamples=draws,
            confidence=confidence,
            seed=self.seed,
        )

    def _quick_gain(self, a: np.ndarray, b: np.ndarray) -> PairedDifference:
        from scipy import special

        y, query = self.valid.y, self.valid.query
        value, error = jackknife_difference(self.metric, y, a, b, query=query, groups=self.groups)
        units = Units.of(len(y), query if self.groups is None else self.groups).count
        reach = -expanded((1 - self.config.confidence) / 2, units) * error if units > 1 else nan
        p_value = float(special.ndtr(-value / error)) if error > 0 else float(value <= 0)
        scores = (self.metric(y, p, query) for p in (a, b))
        return PairedDifference(value, value - reach, value + reach, p_value, *scores)


def time_rows(models: Mapping[str, FittedModel], valid: Samples) -> dict[str, tuple[float, float]]:
    """Median and 95th percentile of one row's time in milliseconds, by name; slow models are asked less often."""
    calls = {name: _row_call(model, valid) for name, model in models.items()}
    once = sum(latency.p50_ms for latency in compare_latency(calls, repeats=1, warmup=0).values()) / 1000
    least, most = TIMED_CALLS
    found = compare_latency(calls, repeats=int(np.clip(TIMING_SECONDS / max(once, 1e-9), least, most)))
    return {name: (latency.p50_ms, latency.p95_ms) for name, latency in found.items()}


def share_of_batch(baselines: Baselines, valid: Samples, entity: pd.Series | None) -> float:
    """Milliseconds per row where all are predicted at once: what a look-up costs, which is never made for one row."""
    began = time.perf_counter()
    baselines.predict_best(valid, entity)
    return (time.perf_counter() - began) / len(valid) * 1000


def _row_call(model: FittedModel, valid: Samples) -> Callable[[], object]:
    return ask_rows(model, valid.matrix.select(model.facts.names).values)

"""What judging one window's performance costs: `python -m ml_lifecycle_tests.benchmarks.performance_windows`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from time import perf_counter, process_time

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.config.performance import PerformanceConfig
from ml_lifecycle.evaluation.inference.intervals import bootstrap_interval
from ml_lifecycle.evaluation.metrics import Metric, get_metric
from ml_lifecycle.monitoring.detectors.blocks import NO_BLOCKS, Blocks
from ml_lifecycle.monitoring.losses.fitting import fit_losses
from ml_lifecycle.monitoring.losses.slices import measure_slices
from ml_lifecycle.monitoring.performance import Grounds, assess_performance

METRICS = {Kind.BINARY: "roc_auc", Kind.MULTICLASS: "log_loss", Kind.REGRESSION: "rmse"}


def draw_rows(
    kind: Kind, rows: int, numbers: int, categories: int, seed: int
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Inputs, outcomes and the predictions of a model that knows the truth but for noise."""
    generator = np.random.default_rng(seed)
    columns = {f"n{at}": generator.normal(size=rows) for at in range(numbers)}
    texts = {f"c{at}": np.array(list("abcde"))[generator.integers(0, 5, rows)] for at in range(categories)}
    frame = pd.DataFrame({**columns, **texts})
    score = frame["n0"].to_numpy() + frame["n1"].to_numpy() / 2
    if kind is Kind.REGRESSION:
        return frame, score + generator.normal(size=rows) * np.exp(frame["n2"].to_numpy() / 2), score
    if kind is Kind.BINARY:
        p = 1 / (1 + np.exp(-score))
        return frame, (generator.random(rows) < p).astype(np.float64), p
    odds = np.exp(np.column_stack([score, -score, np.zeros(rows)]))
    p = odds / odds.sum(axis=1, keepdims=True)
    drawn = (generator.random(rows)[:, None] >= p.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    return frame, drawn.astype(np.float64), p


def _time(run: Callable[[], object], times: int) -> float:
    """Milliseconds of the processor: other processes on the machine do not count."""
    run()
    took = []
    for _ in range(times):
        start = process_time()
        run()
        took.append((process_time() - start) * 1_000)
    return float(np.median(took))


def _measure(kind: Kind, metric: Metric, given: argparse.Namespace) -> dict[str, float]:
    config, evaluation = PerformanceConfig(), EvaluationConfig()
    shape = (given.numbers, given.categories)
    frame, y, p = draw_rows(kind, given.reference, *shape, 0)
    texts = frame.select_dtypes("object")
    slices = measure_slices(texts, y, p, metric, min_rows=50, most=config.most_slices, numeric=False)
    tested = np.arange(given.reference) % 2 == 0
    start = perf_counter()
    losses = fit_losses(frame, y, p, tested, kind=kind, metric=metric, config=config, slices=slices)
    fitted = (perf_counter() - start) * 1_000
    window, outcomes, predictions = draw_rows(kind, given.rows, *shape, 1)
    past = NO_BLOCKS
    for _ in range(5):
        past = past.then(Blocks.of(np.random.default_rng(0).beta(5, 5, 1_000)))
    grounds = Grounds(losses=losses, inputs=window, frame=window, past=past, evaluation=evaluation)

    def assess(truth: np.ndarray, known: Grounds | None) -> Callable[[], object]:
        return lambda: assess_performance(truth, predictions, metric, 0.7, kind=kind, config=config, grounds=known)

    truth = outcomes if kind is Kind.REGRESSION else outcomes.astype(np.int64)
    return {
        "whole, measured": _time(assess(outcomes, grounds), given.times),
        "whole, estimated": _time(assess(np.full(given.rows, np.nan), grounds), given.times),
        "metrics alone": _time(assess(outcomes, None), given.times),
        "bootstrap of one metric": _time(
            lambda: bootstrap_interval(metric, truth, predictions, resamples=200), given.times
        ),
        "fit at training": fitted,
        "bytes packaged": float(len(losses.to_bytes())),
    }


def main() -> None:
    """Print milliseconds for a window of each kind of problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--reference", type=int, default=5_000)
    parser.add_argument("--numbers", type=int, default=16)
    parser.add_argument("--categories", type=int, default=4)
    parser.add_argument("--times", type=int, default=30)
    given = parser.parse_args()
    table = {kind.value: _measure(kind, get_metric(name), given) for kind, name in METRICS.items()}
    print(pd.DataFrame(table).round(2).to_string())


if __name__ == "__main__":
    main()

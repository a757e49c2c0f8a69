"""Learning a `LossReference` at training, from rows that the model was not fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.performance import PerformanceConfig
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.evaluation.fairness.assessment import assess_fairness
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.monitoring.losses.additive import AdditiveLoss
from ml_lifecycle.monitoring.losses.cells import ColumnCells, code_columns, fit_cells, with_prediction
from ml_lifecycle.monitoring.losses.reference import Excess, Gap, LossReference, Tested
from ml_lifecycle.monitoring.losses.rows import foreseen_of_probabilities, loss_of, row_losses
from ml_lifecycle.monitoring.losses.slices import SliceLevel, measure_slices

#: Most rows that it is learnt from, and the column that stands for the prediction in the model of the loss.
_MOST_ROWS, _PREDICTION = 20_000, "(prediction)"
#: Shares of losses below and above which they are cut off for the detectors, which want losses between two bounds.
_CUT = (0.005, 0.995)
#: A loss model of fewer rows would foresee noise.
_FEWEST = 100


def describe_losses(
    project: ProjectConfig,
    frame: pd.DataFrame,
    y: np.ndarray,
    predictions: np.ndarray,
    tested: np.ndarray,
    *,
    columns: Sequence[str],
    kind: Kind,
    metric: Metric,
    query: np.ndarray | None = None,
) -> LossReference:
    """All that is packaged of a model's losses: by cell, by slice, by sensitive group.

    Args:
        project: Settings of monitoring and of the evaluation.
        frame: Raw rows of validation and test split, n of them.
        y: Encoded outcomes, shape (n,).
        predictions: Shape (n,) or (n, k).
        tested: Which rows are of the test split, shape (n,).
        columns: The model's input columns.
        kind: Kind of the target.
        metric: The primary metric, at its threshold.
        query: Query of each row; ranking only.
    """
    config, fairness = project.monitoring.performance, project.evaluation.fairness
    held, truth, answers = frame[tested], y[tested], predictions[tested]
    queries = None if query is None else query[tested]
    named = dict.fromkeys([*(project.evaluation.slices.columns or columns), *fairness.sensitive])
    chosen = held[[name for name in named if name in held.columns]]
    declared = bool(project.evaluation.slices.columns)
    slices = measure_slices(
        chosen,
        truth,
        answers,
        metric,
        min_rows=project.evaluation.slices.min_rows,
        most=config.most_slices,
        numeric=declared,
        query=queries,
    )
    gaps: tuple[Gap, ...] = ()
    if fairness.sensitive and len(held):
        found = assess_fairness(held, truth, answers, kind, fairness, threshold=metric.threshold, query=queries)
        gaps = tuple(zip(found.gaps["column"], found.gaps["measure"], found.gaps["gap"], strict=True))
    return fit_losses(
        frame[list(columns)],
        y,
        predictions,
        tested,
        kind=kind,
        metric=metric,
        config=config,
        query=query,
        slices=slices,
        gaps=gaps,
        seed=project.modeling.seed,
    )


def fit_losses(
    frame: pd.DataFrame,
    y: np.ndarray,
    predictions: np.ndarray,
    tested: np.ndarray,
    *,
    kind: Kind,
    metric: Metric,
    config: PerformanceConfig,
    query: np.ndarray | None = None,
    slices: tuple[SliceLevel, ...] = (),
    gaps: tuple[Gap, ...] = (),
    seed: int = 0,
) -> LossReference:
    """Keep what a model's loss was; arguments as those of `describe_losses`."""
    loss = loss_of(metric, kind)
    losses = row_losses(loss, y, predictions, query)
    kept = _sample(np.isfinite(losses), tested, seed)
    losses, held, frame, predictions = losses[kept], tested[kept], frame.iloc[kept], predictions[kept]
    cells = fit_cells(frame, config.loss_bins)
    codes = code_columns(cells, frame)
    model, output, foreseen = None, None, foreseen_of_probabilities(loss, kind, predictions)
    if kind is Kind.REGRESSION and config.loss_model and len(losses) >= _FEWEST:
        output = ColumnCells.fit(pd.Series(predictions, name=_PREDICTION), 2 * config.loss_bins)
        sizes = [item.size for item in (*cells, output) if item is not None]
        model, foreseen = AdditiveLoss.fit(with_prediction(codes, output, predictions), sizes, losses, seed=seed)
    shares, means = _by_cell(cells, codes, losses)
    excess = losses if foreseen is None else losses - foreseen
    return LossReference(
        metric.name,
        loss.name,
        _tested(losses[held], None if foreseen is None else foreseen[held]),
        _excess(excess[held]),
        cells,
        shares,
        means,
        len(losses),
        model,
        output,
        slices,
        gaps,
    )


def _sample(known: np.ndarray, tested: np.ndarray, seed: int) -> np.ndarray:
    """Places of rows with a loss, at most so many, those of the test split first."""
    generator = np.random.default_rng(seed)
    test, rest = np.flatnonzero(known & tested), np.flatnonzero(known & ~tested)
    if len(test) > _MOST_ROWS:
        test = generator.choice(test, _MOST_ROWS, replace=False)
    if len(rest) > _MOST_ROWS - len(test):
        rest = generator.choice(rest, _MOST_ROWS - len(test), replace=False)
    return np.sort(np.concatenate([test, rest]))


def _by_cell(
    cells: tuple[ColumnCells, ...], codes: np.ndarray, losses: np.ndarray
) -> tuple[tuple[tuple[float, ...], ...], tuple[tuple[float, ...], ...]]:
    """Share of the rows, and mean loss, of each cell of each column."""
    shares, means = [], []
    whole = float(losses.mean()) if len(losses) else nan
    for place, column in enumerate(cells):
        rows = np.bincount(codes[:, place], minlength=column.size)
        sums = np.bincount(codes[:, place], losses, column.size)
        shares.append(tuple((rows / max(len(losses), 1)).tolist()))
        means.append(tuple(np.where(rows > 0, sums / np.maximum(rows, 1), whole).tolist()))
    return tuple(shares), tuple(means)


def _tested(losses: np.ndarray, foreseen: np.ndarray | None) -> Tested:
    if len(losses) == 0:
        return Tested(0, nan, nan, nan)
    expected = losses.mean() if foreseen is None else foreseen
    variance = float(np.mean((losses - expected) ** 2))
    return Tested(len(losses), float(losses.mean()), nan if foreseen is None else float(foreseen.mean()), variance)


def _excess(values: np.ndarray) -> Excess:
    if len(values) == 0:
        return Excess(0.0, 0.0, 0.0, 0.0, 0)
    low, high = (float(end) for end in np.quantile(values, _CUT))
    scaled = Excess(low, high, 0.0, 0.0, 0).scale(values)
    return Excess(low, high, float(scaled.mean()), float(scaled.std()), len(values))

"""A closer look at the losses of a window: concept drift, slices, sensitive groups, which inputs explain a change.

All of it rests on what was packaged at training (`losses/reference`); a package without that is judged by its metrics
alone, and by its probabilities for concept drift.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.config.performance import PerformanceConfig
from ml_lifecycle.evaluation.fairness.assessment import assess_fairness
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.monitoring.detectors.blocks import NO_BLOCKS, Blocks
from ml_lifecycle.monitoring.detectors.watch import watch_losses
from ml_lifecycle.monitoring.losses.attribution import attribute_change
from ml_lifecycle.monitoring.losses.cells import code_columns
from ml_lifecycle.monitoring.losses.reference import Excess, LossReference
from ml_lifecycle.monitoring.losses.rows import foreseen_of_probabilities, loss_of, row_losses
from ml_lifecycle.monitoring.losses.slices import watch_slices
from ml_lifecycle.monitoring.performance_report import PerformanceReport

#: The scale of detectors where no reference is packaged: squared errors of probabilities lie in it.
_UNIT = Excess(-1.0, 1.0, 0.5, 0.0, 0)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What is known of the model and the window besides predictions and outcomes.

    Args:
        losses: What the loss was at training; None for a package that has not got it.
        inputs: The model's inputs, n rows.
        frame: The raw rows of the window, for columns to slice by; the inputs by default.
        order: The place of each row in time, shape (n,), any values; the order of the rows by default.
        new: Which rows no earlier window holds, shape (n,); all by default. The others are in `past`.
        past: Losses of earlier windows of this version, see `PerformanceReport.blocks`.
        evaluation: Slices and sensitive columns; none are looked at without it.
        version: The model version.
    """

    losses: LossReference | None = None
    inputs: pd.DataFrame | None = None
    frame: pd.DataFrame | None = None
    order: np.ndarray | None = None
    new: np.ndarray | None = None
    past: Blocks = NO_BLOCKS
    evaluation: EvaluationConfig | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """A window with all that is foreseen of its rows.

    Args:
        y: Encoded outcomes, NaN where not known, shape (n,).
        predictions: Shape (n,) or (n, k).
        kind: Kind of the target.
        loss: The metric of a row's loss.
        query: Query of each row; ranking only.
        grounds: What else is known.
        cells: The cell of each row in each input column, shape (n, columns); None where they are not known.
        foreseen: The loss that each row lets expect, shape (n,); None where nothing foresees it.
    """

    y: np.ndarray
    predictions: np.ndarray
    kind: Kind
    loss: Metric
    query: np.ndarray | None
    grounds: Grounds
    cells: np.ndarray | None = field(default=None)
    foreseen: np.ndarray | None = field(default=None)

    @classmethod
    def of(
        cls,
        y: np.ndarray,
        predictions: np.ndarray,
        metric: Metric,
        kind: Kind,
        *,
        query: np.ndarray | None,
        grounds: Grounds,
    ) -> Look:
        """Find the cells of the rows, and what they let expect."""
        loss, reference = loss_of(metric, kind), grounds.losses
        if len(y) == 0:
            return cls(y, predictions, kind, loss, query, grounds)
        if reference is None or grounds.inputs is None:
            foreseen = foreseen_of_probabilities(loss, kind, predictions)
            return cls(y, predictions, kind, loss, query, grounds, None, foreseen)
        cells = code_columns(reference.cells, grounds.inputs)
        foreseen = reference.foresee(predictions, cells, kind, loss)
        return cls(y, predictions, kind, loss, query, grounds, cells, foreseen)

    @property
    def known(self) -> np.ndarray:
        """Which rows have an outcome, shape (n,)."""
        return np.asarray(~np.isnan(self.y))

    def truth(self, rows: np.ndarray) -> np.ndarray:
        """The outcomes of some rows: class codes, or numbers."""
        truth = self.y[rows]
        return np.asarray(truth.astype(np.int64) if self.kind in (Kind.BINARY, Kind.MULTICLASS) else truth)

    def codes_of_queries(self, rows: np.ndarray) -> np.ndarray | None:
        """The queries of some rows."""
        return None if self.query is None else self.query[rows]

    def losses(self) -> np.ndarray:
        """The loss of each row with an outcome, NaN for the others, shape (n,)."""
        known, losses = self.known, np.full(len(self.y), np.nan)
        losses[known] = row_losses(self.loss, self.truth(known), self.predictions[known], self.codes_of_queries(known))
        return losses


def look_closer(report: PerformanceReport, look: Look, metric: Metric, config: PerformanceConfig) -> PerformanceReport:
    """Add to a report what the losses of the labelled rows say."""
    report = replace(report, model_version=look.grounds.version)
    if not look.known.any():
        return _with_inputs(report, look, np.full(len(look.y), np.nan), config)
    losses = look.losses()
    report = _with_concept(report, look, losses, config)
    report = _with_inputs(report, look, losses, config)
    if look.grounds.evaluation is None or report.labelled < config.min_labels:
        return report
    return _with_groups(_with_slices(report, look, metric, config), look, metric)


def _with_concept(
    report: PerformanceReport, look: Look, losses: np.ndarray, config: PerformanceConfig
) -> PerformanceReport:
    reference = look.grounds.losses
    loss = float(np.nanmean(losses)) if np.isfinite(losses).any() else float("nan")
    named = replace(report, loss_name=look.loss.name, loss=loss)
    if reference is None and look.foreseen is None:
        return named
    excess = _UNIT if reference is None else reference.excess
    values = excess.scale(losses if look.foreseen is None else losses - look.foreseen)
    values = values if look.grounds.new is None else np.where(look.grounds.new, values, np.nan)
    ordered = values if look.grounds.order is None else values[np.argsort(look.grounds.order, kind="stable")]
    window = Blocks.of(ordered)
    start = excess.blocks(config.detector_rows) if excess.rows else NO_BLOCKS
    found = watch_losses(window, config, reference=start, past=look.grounds.past)
    width = excess.high - excess.low
    said = ", ".join(f"{name} (by {rise * width:.4g})" for name, rise in found.said.items())
    return replace(named, concept_drift=found.drifted, detectors=said, blocks=window.to_text() if len(window) else "")


def _with_inputs(
    report: PerformanceReport, look: Look, losses: np.ndarray, config: PerformanceConfig
) -> PerformanceReport:
    reference = look.grounds.losses
    if reference is None or look.cells is None or config.most_features == 0 or len(look.y) < config.min_labels:
        return report
    counted = np.isfinite(losses)
    measured = int(counted.sum()) >= config.min_labels
    rows = counted if measured else np.ones(len(losses), dtype=bool)
    found = attribute_change(
        reference,
        look.cells[rows],
        loss=float(losses[rows].mean()) if measured else float("nan"),
        foreseen=float("nan") if look.foreseen is None else float(look.foreseen[rows].mean()),
        most=config.most_features,
        rate=config.false_alarm_rate,
    )
    return replace(report, attribution=found.table, loss_name=look.loss.name, loss_reference=reference.tested.mean)


def _with_slices(report: PerformanceReport, look: Look, metric: Metric, config: PerformanceConfig) -> PerformanceReport:
    reference, evaluation, frame = look.grounds.losses, look.grounds.evaluation, _columns(look)
    if reference is None or evaluation is None or frame is None or not reference.slices:
        return report
    known = look.known
    levels = reference.slices[: config.most_slices]
    table = watch_slices(
        levels,
        frame[known],
        look.truth(known),
        look.predictions[known],
        metric,
        max_drop=config.max_drop,
        min_rows=evaluation.slices.min_rows,
        rate=config.false_alarm_rate,
        query=look.codes_of_queries(known),
    )
    absent = sorted({level.cells.name for level in levels} - set(frame.columns))
    aside = f"columns to slice by that the predictions were not logged with: {', '.join(absent)}" if absent else ""
    return replace(report, slices=table, slices_lost=int(table["lost"].sum()), aside=aside)


def _with_groups(report: PerformanceReport, look: Look, metric: Metric) -> PerformanceReport:
    evaluation, frame, known = look.grounds.evaluation, _columns(look), look.known
    if evaluation is None or frame is None or not evaluation.fairness.sensitive:
        return report
    there = tuple(name for name in evaluation.fairness.sensitive if name in frame.columns)
    if not there:
        return replace(report, aside="no sensitive column is logged with the predictions")
    limits = evaluation.fairness.model_copy(update={"sensitive": there})
    gaps = assess_fairness(
        frame[known],
        look.truth(known),
        look.predictions[known],
        look.kind,
        limits,
        threshold=metric.threshold,
        query=look.codes_of_queries(known),
        confidence=evaluation.confidence,
    ).gaps
    before = {} if look.grounds.losses is None else {item[:2]: item[2] for item in look.grounds.losses.gaps}
    keys = zip(gaps["column"], gaps["measure"], strict=True)
    gaps = gaps.assign(gap_at_test=[before.get(key, float("nan")) for key in keys])
    return replace(report, gaps=gaps, gaps_beyond=int((gaps["beyond"] | gaps["below"]).sum()))


def _columns(look: Look) -> pd.DataFrame | None:
    """Where columns to slice by are found: the model's inputs, and what else came with the rows."""
    grounds = look.grounds
    if grounds.losses is None or grounds.evaluation is None:
        return None
    wanted = dict.fromkeys([level.cells.name for level in grounds.losses.slices])
    wanted |= dict.fromkeys(grounds.evaluation.fairness.sensitive)
    found: dict[str, np.ndarray] = {}
    for name in wanted:
        for table in (grounds.inputs, grounds.frame):
            if table is not None and name in table.columns:
                found[name] = table[name].array
                break
    return pd.DataFrame(found)

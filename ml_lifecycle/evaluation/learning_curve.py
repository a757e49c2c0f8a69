"""What more rows would give: the chosen configuration fitted on parts of the training rows, and a power law through it.

It is scored on validation rows: the test rows are read once, by `report`, and by nothing that fits. How a model is
fitted lives in `modeling/training`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import nan, sqrt

import numpy as np
import pandas as pd

from ml_lifecycle.errors import ModelError
from ml_lifecycle.evaluation.inference.drawing import draw_rows
from ml_lifecycle.evaluation.inference.intervals import Interval
from ml_lifecycle.evaluation.inference.resampling import Estimate, Units, replicate
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.modeling.estimators import Fit, Rounds, get_family
from ml_lifecycle.modeling.estimators.facts import ModelFacts
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.sampling import cap_rows
from ml_lifecycle.modeling.training import fit_model

#: Shares of the rows that are fitted on, each with so many draws: small parts differ more by chance.
PARTS: Mapping[float, int] = {1 / 8: 3, 1 / 4: 2, 1 / 2: 1, 1.0: 1}
#: The most rows, validation rows and rounds (over the outputs of a round) of a fit; smaller parts are left out.
MAX_ROWS, MAX_VALID, MAX_ROUNDS, MIN_ROWS = 30_000, 10_000, 100, 50
#: Fits of fewer rows take one thread: more would wait for each other longer than they work.
SINGLE_THREAD_ROWS = 10_000
#: Rounds without a better score after which a fit ends.
PATIENCE = 15
#: Columns of the table: rows learnt from, number of fits, their mean score with its interval, and the law's score.
COLUMNS = ("rows", "fits", "value", "low", "high", "law")
#: Exponents of the power law that are tried.
EXPONENTS = np.geomspace(0.1, 2.0, 15)
#: Points that a law of three parameters needs at least.
_FEWEST = 3
#: Of a seed's random streams the ones for validation rows and for the noise of training.
_ROWS_STREAM, _NOISE_STREAM = 7, 8


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """How the score grows with the rows that are learnt from.

    Args:
        metric: The metric's name.
        points: `COLUMNS`, from few to many rows.
        rows: All training rows there are.
        doubled: By how much twice these rows would make the metric better (positive is better, whatever its
            direction); NaN where there are too few points.
        confidence: Level of the intervals.
        note: What is to be known of it.
    """

    metric: str
    points: pd.DataFrame
    rows: int
    doubled: Interval
    confidence: float
    note: str = ""

    @property
    def summary(self) -> str:
        """One sentence on what more rows would give."""
        gain = self.doubled
        if np.isnan(gain.value):
            return f"What more rows would give cannot be said from {len(self.points)} points."
        found = f"{gain.value:.4g} [{gain.low:.4g}, {gain.high:.4g}]"
        sure = "More rows would surely help" if gain.low > 0 else "That more rows would help is not sure"
        return f"{sure}: twice the {self.rows:,} rows would better {self.metric} by {found}."


def trace_learning(
    facts: ModelFacts,
    train: Samples,
    valid: Samples,
    metric: Metric,
    *,
    resamples: int = 200,
    confidence: float = 0.95,
    groups: np.ndarray | None = None,
) -> LearningCurve:
    """Fit a model's configuration on growing parts of the training rows, and score it on the validation rows.

    Fits end early by the validation rows themselves, for all parts alike. The interval of the gain covers what chance
    does in the validation rows (bootstrap, the same draws for all points) and in the draw of the training rows (from
    the spread of the repeated small parts, taken to fall with the rows). The law is a + b * rows ** -c (Hestness et al.
    2017), fitted by weighted least squares for each draw, with b never of the wrong sign.

    Args:
        facts: Family, hyperparameters, goal and rounds of the model.
        train: All training rows.
        valid: Validation rows.
        metric: What is scored, before any calibration of the model.
        resamples: Bootstrap draws of the validation rows.
        confidence: Level of the intervals.
        groups: Group of each validation row where rows are not independent, shape (n,).

    Raises:
        ModelError: The validation rows do not allow a score.
    """
    seed = facts.goal.seed
    rng = np.random.default_rng([seed, _ROWS_STREAM])
    kept = draw_rows(len(valid), MAX_VALID, rng, valid.query)
    judged = valid.take(kept) if len(kept) < len(valid) else valid
    dependent = judged.query if groups is None else groups[kept]
    fits = list(_fit_parts(facts, cap_rows(train, MAX_ROWS, facts.goal), judged, metric))
    if not fits:
        return LearningCurve(metric.name, _as_table(), len(train), Interval(nan, nan, nan), confidence)
    counts, owner = np.unique([rows for rows, _ in fits], return_inverse=True)
    estimates = [Estimate.of(metric, metric.score(judged.y, p, judged.query)) for _, p in fits]
    draws = replicate(estimates, Units.of(len(judged), dependent), resamples=resamples, seed=seed)
    values = np.array([item.value for item in estimates])
    return _judge(metric, (counts, owner), values, draws, rows=len(train), confidence=confidence, seed=seed)


def _fit_parts(facts: ModelFacts, train: Samples, valid: Samples, metric: Metric) -> Iterator[tuple[int, np.ndarray]]:
    """Rows learnt from and predictions of the validation rows, of each fit that was possible."""
    for share, draws in PARTS.items():
        limit = int(len(train) * share)
        if limit < min(MIN_ROWS, len(train)):
            continue
        for draw in range(draws):
            part = cap_rows(train, limit, replace(facts.goal, seed=facts.goal.seed + draw))
            try:
                fit = _fit(facts, part, valid, metric)
            except ModelError:  # such a small part cannot be learnt from, for example for want of a class
                break
            yield limit, fit.model.predict_matrix(valid.matrix)


def _fit(facts: ModelFacts, part: Samples, valid: Samples, metric: Metric) -> Fit:
    most = max(1, min(facts.iterations, MAX_ROUNDS // max(1, facts.goal.outputs // 2)))
    rounds = Rounds(most, patience=PATIENCE, score=metric)
    goal = facts.goal if len(part) >= SINGLE_THREAD_ROWS else replace(facts.goal, threads=1)
    return fit_model(get_family(facts.family), part, valid, facts.parameters, goal=goal, rounds=rounds)


def _judge(
    metric: Metric,
    points: tuple[np.ndarray, np.ndarray],
    values: np.ndarray,
    draws: np.ndarray,
    *,
    rows: int,
    confidence: float,
    seed: int,
) -> LearningCurve:
    """Means by number of rows, the law through them, and what it says of twice the rows.

    Args:
        metric: What was scored.
        points: The numbers of rows (m,), and which of them each fit had (fits,).
        values: Score of each fit, shape (fits,).
        draws: Their bootstrap replicates, shape (fits, resamples).
        rows: All training rows.
        confidence: Level of the intervals.
        seed: Seed of the noise.
    """
    counts, owner = points
    of = np.bincount(owner)
    mean = np.bincount(owner, values) / of
    noise, freedom = _training_noise(values, mean, owner, counts)
    spread = noise / np.sqrt(counts * of)
    rng = np.random.default_rng([seed, _NOISE_STREAM])
    shaken = np.array([draws[owner == place].mean(axis=0) for place in range(len(counts))])
    shaken = shaken + spread[:, None] * rng.standard_t(max(freedom, 1), size=shaken.shape)
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(shaken, [tail, 1 - tail], axis=1)
    losses = -metric.sign * np.column_stack([mean, shaken]).T
    # The noise of training falls with the rows; that of the validation rows is the same at all points.
    law, gain = _fit_law(losses, counts.astype(np.float64), (counts * of).astype(np.float64), rows)
    ends = np.nanquantile(gain[1:], [tail, 1 - tail]) if len(counts) >= _FEWEST else (nan, nan)
    doubled = (
        Interval(float(gain[0]), float(ends[0]), float(ends[1])) if len(counts) >= _FEWEST else Interval(nan, nan, nan)
    )
    table = _as_table(rows=counts, fits=of, value=mean, low=low, high=high, law=-metric.sign * law)
    most = int(counts.max())
    note = f"At most {most:,} of {rows:,} rows were learnt from; beyond them the law speaks." if most < rows else ""
    return LearningCurve(metric.name, table, rows, doubled, confidence, note)


def _training_noise(values: np.ndarray, mean: np.ndarray, owner: np.ndarray, counts: np.ndarray) -> tuple[float, int]:
    """Standard deviation times the root of the rows, pooled over the repeated parts, and its degrees of freedom."""
    freedom = len(values) - len(counts)
    if freedom == 0:
        return 0.0, 0
    squares = (counts[owner] * (values - mean[owner]) ** 2).sum()
    return sqrt(float(squares) / freedom), freedom


def _fit_law(losses: np.ndarray, counts: np.ndarray, weights: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Power laws through several curves at once.

    Args:
        losses: Curves, shape (d, m); less is better.
        counts: Rows of each point, shape (m,).
        weights: Of each point, shape (m,).
        rows: Rows from which on the gain of doubling is asked.

    Returns:
        The first curve's law at the points, shape (m,), and each curve's gain from doubling, shape (d,).
    """
    share = weights / weights.sum()
    best = np.full(len(losses), np.inf)
    gain, law = np.zeros(len(losses)), np.zeros(len(counts))
    scale = counts.max()
    for exponent in EXPONENTS:
        fallen = (counts / scale) ** -exponent
        away = fallen - share @ fallen
        level = losses @ share
        slope = np.clip(((losses - level[:, None]) * away) @ share / max(float(share @ away**2), 1e-300), 0, None)
        fitted = level[:, None] + slope[:, None] * away
        error = ((losses - fitted) ** 2) @ share
        better = error < best
        best = np.where(better, error, best)
        step = (rows / scale) ** -exponent - (2 * rows / scale) ** -exponent
        gain = np.where(better, slope * step, gain)
        law = fitted[0] if better[0] else law
    return law, gain


def _as_table(**columns: np.ndarray) -> pd.DataFrame:
    types = {"rows": "int64", "fits": "int64", **dict.fromkeys(COLUMNS[2:], "float64")}
    return pd.DataFrame({name: columns.get(name, np.empty(0)) for name in COLUMNS}).astype(types)

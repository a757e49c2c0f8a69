"""What the errors of a model have in common: the worst rows, what they share, and which classes are mistaken for which.

Where the whole metric is worse lives in `slicing/slices` and `slicing/search`; residuals and worst queries in
`residuals`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.evaluation.inference.intervals import share_interval
from ml_lifecycle.evaluation.inference.resampling import Units
from ml_lifecycle.evaluation.measures.forms import Scored
from ml_lifecycle.evaluation.measures.labels import codes, label
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.evaluation.slicing.slices import cut_column

#: First columns of the table of worst rows; in a classification `probability` (of the predicted class) is the next;
#: then come the columns that were asked for.
WORST_COLUMNS = ("row", "truth", "prediction", "loss")
PROBABILITY = "probability"
#: Columns of the table of values that are more frequent among the worst rows.
COMMON_COLUMNS = ("column", "value", "rows", "share_of_worst", "share_of_all", "lift", "low", "high")
#: The worst rows are the tenth with the largest losses.
WORST_SHARE = 0.1
#: A value of fewer rows is not compared.
FEWEST = 20
#: Columns of the table of confusions.
CONFUSION_COLUMNS = ("truth", "predicted", "rows", "share_of_class", "share_of_errors")


@dataclass(frozen=True, slots=True)
class ErrorAnalysis:
    """What the errors of a model have in common.

    Args:
        worst: The rows with the largest loss, worst first: `WORST_COLUMNS`, then the columns asked for.
        common: Values of columns that are surely more frequent among the worst rows: `COMMON_COLUMNS`.
        confusions: Classification: which class is taken for which, most frequent first: `CONFUSION_COLUMNS`.
        positions: Where the worst rows stand in the rows that were looked at, in the order of `worst`.
    """

    worst: pd.DataFrame
    common: pd.DataFrame
    confusions: pd.DataFrame
    positions: tuple[int, ...] = ()

    def tables(self) -> Mapping[str, pd.DataFrame]:
        """The tables by name, ready to be stored or shown."""
        return {"worst_rows": self.worst, "common_errors": self.common, "confusions": self.confusions}


def analyse_errors(
    frame: pd.DataFrame,
    y: np.ndarray,
    p: np.ndarray,
    metric: Metric,
    kind: Kind,
    *,
    row_ids: np.ndarray | pd.Series | None = None,
    columns: Sequence[str] = (),
    count: int = 20,
    classes: Sequence[object] = (),
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> ErrorAnalysis:
    """Look at the rows that are predicted worst: which they are, and what they have in common.

    Args:
        frame: Raw rows, n of them.
        y: Encoded targets, shape (n,).
        p: Predictions, shape (n,) or (n, k).
        metric: Says how wrong a row is, see `Metric.row_losses`; its threshold counts.
        kind: The kind of problem.
        row_ids: What a person knows each row by, shape (n,); its place by default.
        columns: Columns that are shown of the worst rows and compared; all by default.
        count: How many rows, common values and confusions are told at most.
        classes: Names of the classes in the order of their codes.
        query: Query of each row, shape (n,); ranking only: then of each of the worst queries the best row is shown that
            was ranked lowest, and rows are as bad as their queries.
        groups: Group of each row where rows are not independent, shape (n,).
        confidence: Level of the intervals of common values, all together.
        seed: Which of equally bad rows are shown is drawn by it.
    """
    scored = metric.score(y, p, query)
    losses = _of_all_rows(metric.row_losses(scored), scored)
    names = [name for name in columns or map(str, frame.columns) if name in frame]
    positions = _worst(losses, scored, count, seed)
    units = query if groups is None else groups
    return ErrorAnalysis(
        _show(frame, scored, losses, positions, kind, ids=row_ids, names=names, classes=classes),
        _common(frame[names], losses, units, count, confidence),
        _confuse(scored, kind, classes, count),
        tuple(positions.tolist()),
    )


def _of_all_rows(losses: np.ndarray, scored: Scored) -> np.ndarray:
    """In ranking each row gets its query's loss, which stands on the query's first row."""
    if scored.query is None:
        return losses
    return np.asarray(losses[np.unique(scored.query, return_index=True)[1]][scored.query])


def _worst(losses: np.ndarray, scored: Scored, count: int, seed: int) -> np.ndarray:
    """Places of the worst rows, worst first; of equally bad ones, those that the prediction was surest of."""
    chance = np.random.default_rng(seed).permutation(len(losses))
    if scored.query is None:
        order = np.lexsort((chance, _given_to_truth(scored), -losses))
    else:
        order = np.lexsort((chance, scored.p, -scored.y, scored.query, -losses))
        order = order[np.sort(np.unique(scored.query[order], return_index=True)[1])]
    order = order[np.isfinite(losses[order])]
    return np.asarray(order[:count])


def _given_to_truth(scored: Scored) -> np.ndarray:
    """Probability that was given to the true class; for numbers the error, negative."""
    if scored.p.ndim > 1:
        return np.asarray(scored.p[np.arange(len(scored.y)), codes(scored)])
    return np.asarray(-np.abs(scored.y - scored.p))


def _show(
    frame: pd.DataFrame,
    scored: Scored,
    losses: np.ndarray,
    places: np.ndarray,
    kind: Kind,
    *,
    ids: np.ndarray | pd.Series | None,
    names: Sequence[str],
    classes: Sequence[object],
) -> pd.DataFrame:
    told = np.arange(len(losses)) if ids is None else np.asarray(ids)
    y, p = scored.y[places], scored.p[places]
    shown: dict[str, object] = {"row": told[places], "truth": y, "prediction": p, "loss": losses[places]}
    if kind in (Kind.BINARY, Kind.MULTICLASS):
        predicted = label(scored)[places]
        shown["truth"], shown["prediction"] = (_named(part_codes, classes) for part_codes in (y, predicted))
        given = p[np.arange(len(p)), predicted] if p.ndim > 1 else np.where(predicted == 1, p, 1 - p)
        shown[PROBABILITY] = given
    values = frame[list(names)].iloc[places].reset_index(drop=True)
    values = values.rename(columns={name: f"{name} (column)" for name in names if name in shown})
    return pd.concat([pd.DataFrame(shown), values], axis=1)


def _named(class_codes: np.ndarray, classes: Sequence[object]) -> pd.Series:
    whole = class_codes.astype(np.intp)
    return pd.Series([str(classes[code]) if code < len(classes) else str(code) for code in whole], dtype="object")


def _common(
    frame: pd.DataFrame, losses: np.ndarray, units: np.ndarray | None, count: int, confidence: float
) -> pd.DataFrame:
    counted = np.flatnonzero(np.isfinite(losses))
    table = pd.DataFrame(columns=list(COMMON_COLUMNS)).astype(_COMMON_TYPES)
    if len(counted) < FEWEST:
        return table
    known = losses[counted]
    edge = np.quantile(known, 1 - WORST_SHARE)
    worst = known > edge if (known > edge).any() else known >= edge
    if worst.all():
        return table
    rows = frame.iloc[counted]
    cuts = [
        (str(column), value, mask)
        for column in frame.columns
        for value, mask in cut_column(rows[column]).items()
        if mask.sum() >= FEWEST
    ]
    tail_level = 1 - (1 - confidence) / max(1, len(cuts))
    independent = None if units is None else np.asarray(units)[counted]
    found = [(column, value, *_compare(mask, worst, independent, tail_level)) for column, value, mask in cuts]
    table = pd.DataFrame(found, columns=list(COMMON_COLUMNS)).astype(_COMMON_TYPES)
    sure = table[table["low"] > 1].sort_values("low", ascending=False, kind="stable", ignore_index=True)
    return sure.head(count)


_COMMON_TYPES = {"rows": "int64", **dict.fromkeys(COMMON_COLUMNS[3:], "float64")}


def _compare(
    mask: np.ndarray, worst: np.ndarray, units: np.ndarray | None, confidence: float
) -> tuple[int, float, float, float, float, float]:
    """Rows of a value, its share of the worst and of all rows, and how much more often its rows are among the worst."""
    part = worst[mask]
    drawn = Units.of(len(part), None if units is None else units[mask])
    among = share_interval(np.column_stack([part, np.ones(len(part))]), drawn, confidence=confidence)
    usual = float(worst.mean())
    of_worst, of_all = float(part.sum() / worst.sum()), float(mask.mean())
    return len(part), of_worst, of_all, among.value / usual, among.low / usual, among.high / usual


def _confuse(scored: Scored, kind: Kind, classes: Sequence[object], count: int) -> pd.DataFrame:
    types = {"rows": "int64", "share_of_class": "float64", "share_of_errors": "float64"}
    if kind not in (Kind.BINARY, Kind.MULTICLASS):
        return pd.DataFrame(columns=list(CONFUSION_COLUMNS)).astype(types)
    true, predicted = codes(scored), label(scored)
    size = int(max(true.max(), predicted.max())) + 1
    table = np.bincount(true * size + predicted, minlength=size * size).reshape(size, size)
    wrong = table - np.diag(np.diag(table))
    places = np.argsort(-wrong, axis=None, kind="stable")
    places = places[wrong.ravel()[places] > 0][:count]
    one, other = np.unravel_index(places, wrong.shape)
    rows = wrong[one, other]
    found = {
        "truth": _named(one, classes),
        "predicted": _named(other, classes),
        "rows": rows,
        "share_of_class": rows / table.sum(axis=1)[one],
        "share_of_errors": rows / max(1, wrong.sum()),
    }
    return pd.DataFrame(found, columns=list(CONFUSION_COLUMNS)).astype(types)

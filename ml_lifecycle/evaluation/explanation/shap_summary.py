"""SHAP values of a bounded number of rows, as tables by feature and class and as reasons for single predictions.

How each family of models gives the values lives in `shap_values`; what a column does on average, in
`partial_dependence`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ml_lifecycle.errors import ModelError
from ml_lifecycle.evaluation.explanation.shap_values import allow_rows, contribute, find_unit
from ml_lifecycle.evaluation.inference.drawing import draw_rows
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.estimators import FittedModel

#: Columns of the table over all rows. mean_abs: of the absolute value, over rows and classes; raises and lowers: the
#: mean of the positive and of the negative values over all rows (one class or output only).
COLUMNS = ("feature", "mean_abs", "mean", "raises", "lowers", "share_raised")
#: Columns of the table by class.
CLASS_COLUMNS = ("class", "feature", "mean_abs", "mean")
#: Contributions of a row that its explanation names.
NAMED = 4
#: Of a seed's random streams the one for rows.
_STREAM = 5


@dataclass(frozen=True, slots=True)
class Explanation:
    """What each feature adds to each prediction of some rows.

    Args:
        table: Over all rows, the strongest feature first: `COLUMNS`.
        by_class: With more than two classes by class: `CLASS_COLUMNS`; else empty.
        unit: What is added up, such as log odds.
        names: The features, f of them.
        contributions: Shape (n, f), or (n, f, k) for k classes.
        features: The features' values, shape (n, f); NaN is missing.
        reasons: The strongest contributions to some predictions in words, by position of the row.
        note: Why there is nothing, or how many rows it is; empty where nothing is to be said.
    """

    table: pd.DataFrame
    by_class: pd.DataFrame
    unit: str = ""
    names: tuple[str, ...] = ()
    contributions: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    features: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    reasons: dict[int, str] = field(default_factory=dict)
    note: str = ""

    @classmethod
    def empty(cls, note: str = "") -> Explanation:
        """No explanation, and why."""
        return cls(pd.DataFrame(columns=list(COLUMNS)), pd.DataFrame(columns=list(CLASS_COLUMNS)), note=note)


def explain_rows(
    model: FittedModel,
    extract: Callable[[pd.DataFrame], FeatureMatrix],
    frame: pd.DataFrame,
    *,
    rows: int,
    also: Sequence[int] = (),
    classes: Sequence[str] = (),
    bounded: bool = True,
    seed: int = 0,
) -> Explanation:
    """Explain rows drawn at random, and give reasons for some more.

    Args:
        model: The fitted model; a calibration after it is not part of what is explained.
        extract: From raw rows to the model's features.
        frame: Raw rows.
        rows: How many to explain at most; fewer where the model is large.
        also: Positions of rows whose prediction is put into words, such as the worst.
        classes: Names of the classes.
        bounded: Whether the size of the model bounds the rows; else all are explained that were asked for.
        seed: Seed of the draw.

    Returns:
        Empty tables with a note where the model cannot be explained.
    """
    try:
        allowed = allow_rows(model, rows) if bounded else rows
    except ModelError as error:
        return Explanation.empty(str(error))
    drawn = draw_rows(len(frame), allowed, np.random.default_rng([seed, _STREAM]))
    places = np.r_[drawn, np.asarray(also, dtype=np.intp)]
    raw = frame.take(places)
    matrix = extract(raw)
    features = np.asarray(matrix.values)
    try:
        parts = contribute(model, features)
    except ModelError as error:
        return Explanation.empty(str(error))
    unit = find_unit(parts, model.predict(features))
    values, count = parts[:, :-1], len(drawn)
    names = tuple(matrix.names)
    note = f"{count:,} rows were explained, because the model is large." if count < min(rows, len(frame)) else ""
    return Explanation(
        _summarise(names, values[:count]),
        _summarise_classes(names, values[:count], classes),
        unit=unit,
        names=names,
        contributions=values[:count, :, 0] if values.shape[2] == 1 else values[:count],
        features=features[:count],
        reasons=_put_into_words(raw.iloc[count:], places[count:], names, features[count:], parts[count:]),
        note=note,
    )


def _summarise(names: tuple[str, ...], values: np.ndarray) -> pd.DataFrame:
    """Values of shape (n, f, k); with one output also in which direction."""
    one = values[:, :, 0] if values.shape[2] == 1 else np.full(values.shape[:2], np.nan)
    table = pd.DataFrame(
        {
            "feature": list(names),
            "mean_abs": np.abs(values).mean(axis=(0, 2)),
            "mean": one.mean(axis=0),
            "raises": np.where(np.isnan(one), np.nan, np.clip(one, 0, None)).mean(axis=0),
            "lowers": np.where(np.isnan(one), np.nan, np.clip(one, None, 0)).mean(axis=0),
            "share_raised": np.where(np.isnan(one), np.nan, one > 0).mean(axis=0),
        }
    )
    return table.sort_values("mean_abs", ascending=False, kind="stable", ignore_index=True)


def _summarise_classes(names: tuple[str, ...], values: np.ndarray, classes: Sequence[str]) -> pd.DataFrame:
    k = values.shape[2]
    if k == 1:
        return Explanation.empty().by_class
    labels = list(classes) if len(classes) == k else [str(code) for code in range(k)]
    parts = [
        pd.DataFrame(
            {
                "class": labels[code],
                "feature": list(names),
                "mean_abs": np.abs(values[:, :, code]).mean(axis=0),
                "mean": values[:, :, code].mean(axis=0),
            }
        ).sort_values("mean_abs", ascending=False, kind="stable")
        for code in range(k)
    ]
    return pd.concat(parts, ignore_index=True)


def _put_into_words(
    raw: pd.DataFrame, places: np.ndarray, names: tuple[str, ...], features: np.ndarray, parts: np.ndarray
) -> dict[int, str]:
    """The strongest contributions to each prediction; with several classes to the most probable one."""
    chosen = parts.sum(axis=1).argmax(axis=1)
    values = parts[np.arange(len(parts)), :-1, chosen]
    columns = {name: raw[name].tolist() for name in names if name in raw.columns}
    words = {}
    for row, place in enumerate(places):
        strongest = np.argsort(-np.abs(values[row]), kind="stable")[:NAMED]
        said = []
        for column in strongest[values[row, strongest] != 0]:
            name = names[column]
            value = columns[name][row] if name in columns else features[row, column]
            said.append(f"{name} = {_show(value)} ({values[row, column]:+.3g})")
        words[int(place)] = "; ".join(said)
    return words


def _show(value: object) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float | np.floating) and np.isnan(value)):
        return "missing"
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)[:40]

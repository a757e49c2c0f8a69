"""What a column does to the prediction on average: partial dependence (Friedman 2001) with the spread of single rows.

Columns are changed in raw rows and predicted through everything, as in production. What features add to single
predictions lives in `shap_values`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.api import types

from ml_lifecycle.evaluation.inference.drawing import bound_rows, draw_rows
from ml_lifecycle.evaluation.robustness import Predict, count_outputs

#: Columns of the table. place: of the value in its grid; number: the value where it is one; mean: of the predictions;
#: low and high: the middle 80 % of the single rows, each against its own mean (the spread of ICE curves, Goldstein et
#: al. 2015, centred); share: of the rows that have the value (categories), else NaN.
COLUMNS = ("column", "class", "place", "value", "number", "mean", "low", "high", "share")
#: Values of a column that are tried: quantiles of numbers and times, the most frequent categories.
GRID, CATEGORIES = 12, 10
#: So many numbers (rows times values times outputs) are predicted for a column at most, of so many rows.
MAX_NUMBERS, MIN_ROWS, MAX_ROWS = 2_400, 60, 150
#: Classes that are followed, the most frequent ones.
MOST_CLASSES = 6
#: Outermost quantiles of the grid: beyond them there are too few rows to say anything.
_ENDS = (0.02, 0.98)
#: Of a seed's random streams the one for rows.
_STREAM = 6


def partial_dependence(
    predict: Predict,
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    classes: Sequence[str] = (),
    query: np.ndarray | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Set each column to several values in a bounded number of rows, and average the predictions.

    Args:
        predict: From raw rows to predictions.
        frame: Raw rows.
        columns: The columns, one after the other.
        classes: Names of the classes; with more than two the dependence is that of each class's probability.
        query: Query of each row, shape (n,); ranking only.
        seed: Seed of the rows.

    Returns:
        The columns of `COLUMNS`; columns with fewer than two values are left out.
    """
    rng = np.random.default_rng([seed, _STREAM])
    outputs = count_outputs(predict, frame) if len(columns) else 1
    rows = draw_rows(
        len(frame), bound_rows(GRID * min(outputs, MOST_CLASSES), MAX_NUMBERS, MIN_ROWS, MAX_ROWS), rng, query
    )
    part = frame.iloc[rows].reset_index(drop=True)
    found = []
    for column in columns:
        grid = choose_grid(frame[column])
        if len(grid) > 1:
            found.append(_follow(predict, part, column, grid, classes))
    if not found:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(found, ignore_index=True)[list(COLUMNS)]


def choose_grid(values: pd.Series) -> pd.DataFrame:
    """The values of a column to try: `value` as it stands in the rows, and its `share` where it is a category.

    >>> choose_grid(pd.Series(["a", "b", "a", None]))["value"].tolist()
    ['a', 'b']
    """
    known = values.dropna()
    if not _is_ordered(values) or known.nunique() <= 2:  # noqa: PLR2004 - two numbers are two categories
        counts = known.value_counts(sort=True).head(CATEGORIES)
        grid = pd.DataFrame({"value": list(counts.index), "share": counts.to_numpy() / max(len(values), 1)})
        return grid.sort_values("value", ignore_index=True) if _is_ordered(values) else grid
    ordered = known.sort_values(kind="stable")
    picked = np.linspace(_ENDS[0], _ENDS[1], GRID) * (len(ordered) - 1)
    chosen = ordered.iloc[np.unique(picked.round().astype(int))].drop_duplicates()
    return pd.DataFrame({"value": list(chosen), "share": np.nan})


def _follow(
    predict: Predict, part: pd.DataFrame, column: str, grid: pd.DataFrame, classes: Sequence[str]
) -> pd.DataFrame:
    repeated = part.iloc[np.tile(np.arange(len(part)), len(grid))].reset_index(drop=True)
    values = pd.Series(grid["value"].repeat(len(part)).to_list()).astype(part[column].dtype)
    found = predict(repeated.assign(**{column: values}))
    curves = found.reshape(len(grid), len(part), -1)  # value, row, output
    numeric = _is_ordered(part[column]) and not types.is_datetime64_any_dtype(part[column])
    tables = []
    for output in _followed(curves):
        curve = curves[:, :, output]
        centred = curve - curve.mean(axis=0) + curve.mean()
        low, high = np.quantile(centred, [0.1, 0.9], axis=1)
        tables.append(
            pd.DataFrame(
                {
                    "column": column,
                    "class": _name(output, curves.shape[2], classes),
                    "place": np.arange(len(grid)),
                    "value": grid["value"].map(_show).to_numpy(dtype=object),
                    "number": grid["value"].astype("float64") if numeric else np.nan,
                    "mean": curve.mean(axis=1),
                    "low": low,
                    "high": high,
                    "share": grid["share"],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _followed(curves: np.ndarray) -> list[int]:
    """The outputs to follow: all, or those classes with the largest predictions."""
    return sorted(np.argsort(-curves.mean(axis=(0, 1)), kind="stable")[:MOST_CLASSES].tolist())


def _name(output: int, outputs: int, classes: Sequence[str]) -> str:
    if outputs == 1:
        return ""
    return str(classes[output]) if len(classes) == outputs else str(output)


def _is_ordered(values: pd.Series) -> bool:
    number = types.is_numeric_dtype(values) and not types.is_bool_dtype(values)
    return number or types.is_datetime64_any_dtype(values)


def _show(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)

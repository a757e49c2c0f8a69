"""Which columns the model leans on: permutation importance, beside the model's own importance.

How features come from columns lives in `features/extraction`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ml_lifecycle.evaluation.inference.significance import jackknife_difference
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.evaluation.robustness import Predict, bound_rows, count_outputs, draw_rows

#: So many numbers (rows times columns times classes) are predicted at most, of `MIN_ROWS` to `MAX_ROWS` rows a column.
MAX_NUMBERS, MIN_ROWS, MAX_ROWS = 400_000, 300, 2_000
#: Of a seed's random streams the one for permutations: data made from the same seed must not resemble them.
_STREAM = 3
#: Columns of the table: loss of the metric when the column is permuted with its standard error; the model's own share.
COLUMNS = ("feature", "loss", "error", "model_share")


def permutation_importance(
    predict: Predict,
    frame: pd.DataFrame,
    y: np.ndarray,
    metric: Metric,
    columns: Sequence[str],
    *,
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """How much of the metric is lost when a column's values change places (Breiman 2001), on a bounded number of rows.

    Args:
        predict: From raw rows to predictions.
        frame: Raw rows, n of them.
        y: Encoded targets, shape (n,).
        metric: What is lost.
        columns: The columns to permute, one at a time.
        query: Query of each row, shape (n,); ranking only.
        groups: Group of each row where rows are not independent, shape (n,).
        seed: Seed of the rows and of the permutations.

    Returns:
        feature, loss, error; the largest loss first.
    """
    rng = np.random.default_rng([seed, _STREAM])
    per_row = max(1, len(columns)) * count_outputs(predict, frame)
    rows = draw_rows(len(frame), bound_rows(per_row, MAX_NUMBERS, MIN_ROWS, MAX_ROWS), rng, query)
    part, truth = frame.iloc[rows].reset_index(drop=True), y[rows]
    queries, blocks = (None if given is None else given[rows] for given in (query, groups))
    plain = predict(part)
    found = []
    for column in columns:
        mixed = part[column].iloc[rng.permutation(len(part))].set_axis(part.index)
        changed = predict(part.assign(**{column: mixed}))
        found.append((column, *jackknife_difference(metric, truth, plain, changed, query=queries, groups=blocks)))
    table = pd.DataFrame(found, columns=["feature", "loss", "error"]).astype({"loss": "float64", "error": "float64"})
    return table.sort_values("loss", ascending=False, kind="stable", ignore_index=True)


def merge_importance(permuted: pd.DataFrame, importance: Mapping[str, float]) -> pd.DataFrame:
    """Put the model's own importance beside what permutation found.

    Args:
        permuted: What `permutation_importance` gave; may be empty.
        importance: The model's importance by feature; a feature may be made from a column and have another name.

    Returns:
        The columns of `COLUMNS`; `model_share` sums to 1 over the features that the model knows.
    """
    total = sum(importance.values())
    shares = {name: value / total for name, value in importance.items()} if total else {}
    own = pd.DataFrame({"feature": list(shares), "model_share": list(shares.values())})
    types = {"feature": "object", "loss": "float64", "error": "float64", "model_share": "float64"}
    merged = permuted.astype({"feature": "object"}).merge(own.astype({"feature": "object"}), on="feature", how="outer")
    merged = merged[list(COLUMNS)].astype(types)
    return merged.sort_values(["loss", "model_share"], ascending=False, kind="stable", ignore_index=True)

"""The door to Evidently: a drift report for people, as one HTML page. The gate does not look at it; `drift` judges."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ml_lifecycle.errors import DataError


def render_html(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    *,
    categorical: Sequence[str] = (),
    max_rows: int = 2_000,
    seed: int = 0,
) -> bytes:
    """Draw Evidently's data drift report on bounded samples.

    Args:
        reference: Rows of the reference, such as `ReferenceProfile.sample`.
        current: Rows of the window; columns that the reference lacks are left out.
        categorical: Columns that are compared by label, such as `ReferenceProfile.categorical`.
        max_rows: Most rows of either side; the report takes seconds on some thousand.
        seed: Seed of the samples.

    Raises:
        DataError: No column holds values on both sides.
    """
    left, right = _prepare(reference, current, frozenset(categorical), max_rows, seed)
    if not len(left.columns):
        raise DataError(
            "the drift report has nothing to draw",
            expected="a column with values in the reference and in the window",
            got=f"{len(reference)} rows of reference, {len(current)} rows of the window",
            advice="look at the window's rows",
        )
    # Evidently reads this when it is imported; without it, it reports its use to its makers.
    os.environ["DO_NOT_TRACK"] = "1"
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    labels = [name for name in left.columns if left[name].dtype == object]
    numbers = [name for name in left.columns if name not in labels]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=labels)
    with warnings.catch_warnings(), np.errstate(all="ignore"), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        snapshot = Report([DataDriftPreset()]).run(
            Dataset.from_pandas(right, data_definition=definition),
            Dataset.from_pandas(left, data_definition=definition),
        )
        page = Path(folder) / "drift.html"
        snapshot.save_html(str(page))
        return page.read_bytes()


def _prepare(
    reference: pd.DataFrame, current: pd.DataFrame, categorical: frozenset[str], max_rows: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Samples with the same columns, each all numbers or all text; a column without values on a side is left out."""
    sides = [_sample(frame, max_rows, seed) for frame in (reference, current)]
    columns: list[dict[str, pd.Series]] = [{}, {}]
    for name in reference.columns:
        if name not in current.columns:
            continue
        pair = [side[name] for side in sides]
        numeric = name not in categorical and all(pd.api.types.is_numeric_dtype(one) for one in pair)
        made = [_as_numbers(one) if numeric else _as_text(one) for one in pair]
        if all(one.notna().any() for one in made):
            for side, values in zip(columns, made, strict=True):
                side[str(name)] = values
    return pd.DataFrame(columns[0]), pd.DataFrame(columns[1])


def _sample(frame: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    return frame.sample(n=rows, random_state=seed) if len(frame) > rows else frame


def _as_numbers(series: pd.Series) -> pd.Series:
    values = pd.Series(series.to_numpy(dtype=np.float64, na_value=np.nan))
    return values.replace([np.inf, -np.inf], np.nan)


def _as_text(series: pd.Series) -> pd.Series:
    plain = series.astype(object)
    return plain.where(plain.isna(), plain.map(str)).where(plain.notna(), None).reset_index(drop=True)

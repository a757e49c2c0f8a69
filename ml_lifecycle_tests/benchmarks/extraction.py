"""Feature extraction against scikit-learn's ColumnTransformer that does the same, and against itself without options.

    python -m ml_lifecycle_tests.benchmarks.extraction [--rows 1000000] [--pairs 3]

A table of 30 mixed columns: 15 numbers with gaps (median, standard scale), 5 categories one-hot and 5 as codes, 3 dates
taken apart (month, weekday, hour), 2 columns of 5,000 categories encoded by their mean target out of fold. Both sides
run in one process in turn, fit and transform, then one row at a time; targets are at least as fast, and at least 20
times faster. Both must find the same values.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.config.features import FeaturesConfig
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.features.matrix import build_features

NUMBERS = [f"number{index}" for index in range(15)]
ONE_HOT = [f"kind{index}" for index in range(5)]
CODES = [f"code{index}" for index in range(5)]
DATES = [f"date{index}" for index in range(3)]
WIDE = [f"wide{index}" for index in range(2)]
PARTS = ("month", "weekday", "hour")
ROW_CALLS = 200


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    frame = make_table(options.rows)
    compare_batches(frame, options.pairs)
    compare_rows(frame.head(20_000))
    measure_plain(frame, options.pairs)


def make_table(rows: int) -> pd.DataFrame:
    """A mixed table; missing cells in numbers only, since scikit-learn makes a category of the others."""
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {"_row_id": np.arange(rows)}
    for name in NUMBERS:
        numbers = rng.lognormal(size=rows)
        numbers[rng.random(rows) < 0.05] = np.nan
        columns[name] = numbers
    for count, name in (
        [(6, name) for name in ONE_HOT] + [(30, name) for name in CODES] + [(5_000, name) for name in WIDE]
    ):
        labels = np.array([f"{name}-{index}" for index in range(count)], dtype=object)
        columns[name] = labels[rng.integers(0, count, rows)]
    for name in DATES:
        columns[name] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 150_000_000, rows), unit="s")
    columns["y"] = (rng.random(rows) < 0.3).astype(int)
    return pd.DataFrame(columns)


def our_config() -> dict[str, Any]:
    """The features section that does what `sklearn_transformer` does."""
    columns: dict[str, Any] = {name: {"impute": "median", "scale": "standard"} for name in NUMBERS}
    columns |= {name: {"encode": "one_hot"} for name in ONE_HOT} | {name: {"encode": "codes"} for name in CODES}
    columns |= {name: {"encode": "datetime", "parts": PARTS} for name in DATES}
    columns |= {name: {"encode": "target"} for name in WIDE}
    return {"columns": columns}


def make_project(features: dict[str, Any]) -> ProjectConfig:
    """A project with some features section."""
    return ProjectConfig.model_validate(
        {
            "name": "bench",
            "folder": Path(),
            "root": Path(),
            "brief": {"problem": "p", "task": "classification", "target": "y", "positive_class": 1},
            "dataset": {"sources": [{"path": "x.csv"}]},
            "features": features,
        }
    )


def sklearn_transformer() -> Any:
    """The same in scikit-learn."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import (
        FunctionTransformer,
        OneHotEncoder,
        OrdinalEncoder,
        StandardScaler,
        TargetEncoder,
    )

    return ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), NUMBERS),
            ("one_hot", OneHotEncoder(handle_unknown="ignore", dtype=np.float32, sparse_output=False), ONE_HOT),
            ("codes", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=30), CODES),
            ("dates", FunctionTransformer(take_dates_apart), DATES),
            ("wide", TargetEncoder(smooth=20.0, cv=5), WIDE),
        ]
    )


def take_dates_apart(frame: pd.DataFrame) -> np.ndarray:
    """Parts of dates."""
    parts = [getattr(frame[name].dt, part).to_numpy(dtype=np.float32) for name in DATES for part in PARTS]
    return np.stack(parts, axis=1)


def compare_batches(frame: pd.DataFrame, pairs: int) -> None:
    """Fit and transform, in turn."""
    project, y = make_project(our_config()), frame["y"].to_numpy()
    assignment = pd.DataFrame({"_row_id": frame["_row_id"], "_split": "train"})
    columns = frame.drop(columns=["_row_id", "y"])
    ours, theirs = [], []
    for _ in range(pairs):
        seconds, built = _time(lambda: build_features(frame, assignment, project))
        ours.append(seconds)
        seconds, matrix = _time(lambda: sklearn_transformer().fit_transform(columns, y))
        theirs.append(seconds)
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    print(f"{len(frame):,} rows x {columns.shape[1]} columns to {matrix.shape[1]} features, fit and transform")
    print(f"  ColumnTransformer   {statistics.median(theirs):8.2f} s (median of {pairs})")
    print(f"  build_features      {statistics.median(ours):8.2f} s")
    print(f"  ratio, pair by pair {statistics.median(ratios):8.3f}   (min {min(ratios):.3f}, max {max(ratios):.3f})")
    found = built.table[NUMBERS].to_numpy()
    print(f"  largest difference of a number {np.abs(found - matrix[:, : len(NUMBERS)]).max():.1e}")
    transformer = sklearn_transformer().fit(columns, y)
    part = columns.head(1_000)
    wide = [f"{name}__target" for name in WIDE]
    mine = built.extractor.transform(part).select(wide).values  # noqa: PD011 - not a frame
    print(f"  largest difference of a mean   {np.abs(mine - transformer.transform(part)[:, -len(WIDE) :]).max():.1e}")


def compare_rows(frame: pd.DataFrame) -> None:
    """One row at a time."""
    project = make_project(our_config())
    assignment = pd.DataFrame({"_row_id": frame["_row_id"], "_split": "train"})
    extractor = build_features(frame, assignment, project).extractor
    columns = frame.drop(columns=["_row_id", "y"])
    transformer = sklearn_transformer().fit(columns, frame["y"].to_numpy())
    records = columns.head(ROW_CALLS).to_dict(orient="records")
    single = [columns.iloc[[position]] for position in range(ROW_CALLS)]
    theirs, _ = _time(lambda: [transformer.transform(row) for row in single])
    _ = [extractor.transform_row(record) for record in records]
    ours, _ = _time(lambda: [extractor.transform_row(record) for record in records])
    print("one row at a time")
    print(f"  ColumnTransformer   {1e6 * theirs / ROW_CALLS:8.1f} us a row (the frame of one row is ready)")
    print(f"  transform_row       {1e6 * ours / ROW_CALLS:8.1f} us a row")
    print(f"  times faster        {theirs / ours:8.1f}")


def measure_plain(frame: pd.DataFrame, pairs: int) -> None:
    """What LightGBM gets without options: numbers as they are, codes, parts of dates."""
    assignment = pd.DataFrame({"_row_id": frame["_row_id"], "_split": "train"})
    project = make_project(FeaturesConfig().model_dump(mode="json"))
    seconds = [_time(lambda: build_features(frame, assignment, project))[0] for _ in range(pairs)]
    print(f"without options       {statistics.median(seconds):8.2f} s (median of {pairs})")


def _time(function: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = function()
    return time.perf_counter() - start, answer


if __name__ == "__main__":
    main()

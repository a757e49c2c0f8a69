"""Slices: bad ones are found, noise is not, and columns are cut in sensible ways."""

import numpy as np
import pandas as pd

from ml_lifecycle.config.evaluation import SliceLimits
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle.evaluation.slices import COLUMNS, cut_column, find_slices
from ml_lifecycle_tests.evaluation.problems import binary, queries


def test_a_bad_slice_comes_first() -> None:
    """Where the predictions of one city are noise, that city is the worst slice, and surely worse."""
    data = binary(900)
    p = data.p.copy()
    bad = (data.frame["city"] == "b").to_numpy()
    p[bad] = np.random.default_rng(5).random(bad.sum())
    table = find_slices(data.frame, data.y, p, METRICS["roc_auc"], SliceLimits())
    assert tuple(table.columns) == COLUMNS
    assert table.loc[0, "slice"] == "city = b"
    assert table.loc[0, "sure_gap"] > 0.05
    assert table.loc[0, "low"] < table.loc[0, "value"] < table.loc[0, "high"]


def test_noise_is_no_bad_slice() -> None:
    """Of 60 samples with 40 meaningless slices each, hardly one has a slice that is surely worse at all."""
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(60):
        y, p = rng.integers(0, 2, 800), np.full(800, 0.5)
        hit = rng.random(800) < 0.8
        p = np.where(hit == (y == 1), 0.9, 0.1)
        frame = pd.DataFrame({f"c{i}": rng.integers(0, 8, 800).astype(str) for i in range(5)})
        table = find_slices(frame, y, p, METRICS["accuracy"], SliceLimits())
        assert len(table) == 40
        alarms += bool((table["sure_gap"] > 0).any())
    assert alarms <= 60 * 0.1


def test_small_slices_and_unmeasurable_ones_are_left_out() -> None:
    """A slice below the limit, and one with a single class, are not judged."""
    frame = pd.DataFrame({"c": ["few"] * 5 + ["one class"] * 40 + ["both"] * 40})
    y = np.r_[np.zeros(45), np.arange(40) % 2]
    table = find_slices(frame, y, np.linspace(0, 1, 85), METRICS["roc_auc"], SliceLimits(min_rows=20))
    assert table["slice"].tolist() == ["c = both"]


def test_named_columns_are_sliced_even_when_numeric() -> None:
    """A named number is cut into quartiles; by default only categories are."""
    data = binary(400)
    named = find_slices(data.frame, data.y, data.p, METRICS["log_loss"], SliceLimits(columns=("x", "gone")))
    assert set(named["column"]) == {"x"}
    assert len(named) == 4
    default = find_slices(data.frame, data.y, data.p, METRICS["log_loss"], SliceLimits(), columns=["x", "city"])
    assert set(default["column"]) == {"city"}


def test_no_slice_gives_an_empty_table_with_types() -> None:
    """A table without rows still has its columns and types, so that it can be stored."""
    table = find_slices(pd.DataFrame({"x": [1.0, 2.0]}), np.zeros(2), np.zeros(2), METRICS["rmse"], SliceLimits())
    assert table.empty
    assert table["sure_gap"].dtype == np.float64


def test_ranking_slices_whole_queries_only() -> None:
    """A column that differs within a query would tear queries apart, so it does not slice."""
    grades, scores, query = queries(400, 5)
    frame = pd.DataFrame({"of_query": np.where(query % 2, "odd", "even"), "of_row": np.tile(["a", "b"], 200)})
    table = find_slices(frame, grades, scores, METRICS["ndcg@3"], SliceLimits(), query=query)
    assert set(table["slice"]) == {"of_query = odd", "of_query = even"}


def test_every_row_is_in_exactly_one_part_of_a_column() -> None:
    """Numbers, times, words and truth values are cut into disjoint parts, missing values among them."""
    columns = [
        pd.Series([1.0, 2, 3, 4, 5, 6, np.nan]),
        pd.Series([0, 1, 1, 0, 1, 0, 1]),
        pd.Series([True, False, True, False, True, True, False]),
        pd.Series(["a", "b", None, "a", "c", "b", "a"]),
        pd.Series(pd.to_datetime(["2024-01-01", "2024-02-01", None, "2024-03-01", "2024-04-01", "2024-05-01", None])),
        pd.Series([1, 2, 3, 4, 5, None, 7], dtype="Int64"),
        pd.Series(["u", "v", None, "u", "u", "v", "v"], dtype="category"),
    ]
    for values in columns:
        assert np.sum(list(cut_column(values).values()), axis=0).tolist() == [1] * 7

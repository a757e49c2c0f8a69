"""Slices: bad ones are found, noise is not, and columns are cut in sensible ways."""

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.evaluation import SliceLimits
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle.evaluation.slicing.slices import COLUMNS, cut_column, find_slices
from ml_lifecycle_tests.evaluation.problems import binary, queries


def _declared(columns: tuple[str, ...] = ()) -> SliceLimits:
    return SliceLimits(columns=columns, search=False)


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
    named = find_slices(data.frame, data.y, data.p, METRICS["log_loss"], _declared(columns=("x", "gone")))
    assert set(named["column"]) == {"x"}
    assert len(named) == 4
    default = find_slices(data.frame, data.y, data.p, METRICS["log_loss"], _declared(), columns=["x", "city"])
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


def test_times_are_told_as_times() -> None:
    """The edges of a column of times are times, not counts of nanoseconds."""
    when = pd.Series(pd.date_range("2024-01-01", periods=9, freq="D", tz="UTC"))
    assert next(iter(cut_column(when))) == "<= 2024-01-03 00:00:00"


def _planted(rows: int = 6000, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """A good model but for rows of city b with a large x, where half of the truths are turned round."""
    data = binary(rows, seed)
    frame = data.frame.assign(z=np.random.default_rng(seed + 7).normal(size=rows))
    bad = ((frame["city"] == "b") & (frame["z"] > 0.3)).to_numpy()
    turned = bad & (np.random.default_rng(seed + 1).random(rows) < 0.5)
    return frame, np.where(turned, 1 - data.y, data.y), data.p, bad


@pytest.mark.parametrize("name", ["log_loss", "roc_auc", "accuracy"])
def test_a_bad_slice_of_two_columns_is_found(name: str) -> None:
    """What no single column shows stands first, is judged, and is measured on rows that took no part in the search."""
    frame, y, p, bad = _planted()
    table = find_slices(frame, y, p, METRICS[name], SliceLimits())
    found = table[(table["found"] == "searched") & table["judged"]].iloc[0]
    assert found["column"] in ("city & z", "z & city")
    assert found["slice"].startswith("city = b & z >")
    assert found["sure_gap"] > 0
    assert 0.5 * bad.sum() < found["rows"] < 2 * bad.sum()


def test_hard_rows_are_told_but_not_judged() -> None:
    """A calibrated model is worse where chance is larger; that is no fault, so the gate is not to judge it."""
    data = binary(6000)
    table = find_slices(data.frame, data.y, data.p, METRICS["log_loss"], SliceLimits())
    searched = table[table["found"] == "searched"]
    assert len(searched)
    assert set(searched["column"]) <= {"x", "x & city", "x & sex"}
    assert not searched["judged"].any()


def test_a_regression_is_searched_too() -> None:
    """Errors three times as large in one corner are found and judged, whatever the prediction there."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=4000), "b": rng.choice(["u", "v", "w"], 4000)})
    bad = ((frame["a"] > 0.7) & (frame["b"] == "w")).to_numpy()
    y = rng.normal(size=4000) * np.where(bad, 3, 1)
    table = find_slices(frame, y, frame["a"].to_numpy() * 0, METRICS["rmse"], SliceLimits())
    top = table.iloc[0]
    assert (top["found"], bool(top["judged"])) == ("searched", True)
    assert top["column"] == "a & b"


def test_a_ranking_is_searched_by_query() -> None:
    """Queries of one market that are ranked by chance are found; columns that differ within a query are not used."""
    rng = np.random.default_rng(0)
    query = np.repeat(np.arange(600), 8)
    grades = rng.integers(0, 3, 4800).astype(float)
    market = np.repeat(rng.choice(["x", "y", "z"], 600), 8)
    scores = np.where(market == "z", rng.normal(size=4800), grades + rng.normal(0, 0.3, 4800))
    frame = pd.DataFrame({"market": pd.Series(market).astype("category"), "row": rng.normal(size=4800)})
    limits = SliceLimits(columns=("row",))
    table = find_slices(frame, grades, scores, METRICS["ndcg@3"], limits, query=query, columns=["market", "row"])
    assert table["slice"].tolist() == ["market = z"]
    assert table["found"].tolist() == ["searched"]


def test_dependent_rows_confirm_nothing_by_number() -> None:
    """Rows that are there fifty times each are as uncertain as they were once: what chance did is not told."""
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(20):
        frame = pd.DataFrame({f"c{i}": np.repeat(rng.choice(["a", "b", "c"], 60), 50) for i in range(4)})
        error = np.repeat(rng.normal(size=60), 50)
        groups = np.repeat(np.arange(60), 50)
        table = find_slices(frame, np.zeros(3000), error, METRICS["rmse"], SliceLimits(), groups=groups)
        alarms += bool((table["found"] == "searched").any())
    assert alarms <= 3

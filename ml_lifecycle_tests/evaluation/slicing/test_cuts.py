"""Columns are cut into bins and conditions that say what they do."""

import numpy as np
import pandas as pd

from ml_lifecycle.evaluation.slicing.cuts import BINS, cut_columns


def _cut(values: object, min_rows: int = 1) -> dict[str, np.ndarray]:
    frame = pd.DataFrame({"c": values})
    return {
        name: cut.holds(place)
        for cut in cut_columns(frame, ["c", "gone"], min_rows=min_rows)
        for place, name in enumerate(cut.names)
    }


def test_conditions_on_numbers_hold_for_the_rows_they_name() -> None:
    """Below, above and between the edges, and missing."""
    values = np.r_[np.arange(80.0), np.nan]
    found = _cut(values)
    assert len(found) == 2 * (BINS - 1) + (BINS - 2) + 1
    for name, rows in found.items():
        chosen = values[rows]
        if name.startswith("<="):
            assert chosen.max() <= float(name[3:]) < values[~rows & ~np.isnan(values)].min()
        elif name.startswith(">"):
            assert chosen.min() > float(name[2:]) >= values[~rows & ~np.isnan(values)].max()
        elif name.startswith("in"):
            assert len(chosen) == 10
        else:
            assert np.isnan(chosen).all()


def test_membership_says_which_bins_a_condition_has() -> None:
    """The rows of a condition are those of its bins."""
    frame = pd.DataFrame({"c": np.arange(100.0)})
    (cut,) = cut_columns(frame, ["c"], min_rows=1)
    rows_by_bin = np.eye(cut.bins)[cut.codes].sum(axis=0)
    assert (cut.membership() @ rows_by_bin).tolist() == [cut.holds(k).sum() for k in range(len(cut.names))]


def test_rare_values_make_no_condition() -> None:
    """Only values of enough rows, and missing ones, are conditions; a column of names is left out."""
    assert set(_cut(["a"] * 5 + ["b"] * 4 + ["c"] + [None] * 4, min_rows=3)) == {"= a", "= b", "is missing"}
    assert _cut([f"name {k}" for k in range(50)], min_rows=3) == {}
    assert _cut([1.0] * 9) == {}


def test_few_numbers_truths_and_categories_are_values() -> None:
    """They are told as equal to something."""
    assert set(_cut([1, 2, 3] * 5)) == {"= 1", "= 2", "= 3"}
    assert set(_cut([True, False] * 5)) == {"= True", "= False"}
    assert set(_cut(pd.Categorical(["u", "v", None] * 4))) == {"= u", "= v", "is missing"}


def test_times_are_told_as_times() -> None:
    """Edges of times are times; a missing time is missing."""
    found = _cut(pd.Series(pd.date_range("2024-01-01", periods=80, freq="D")).where(np.arange(80) > 0))
    assert "> 2024-01-12 00:00:00" in found or any(name.startswith("> 2024-01-") for name in found)
    assert found["is missing"].tolist() == [True] + [False] * 79


def test_a_number_of_one_frequent_value_is_cut() -> None:
    """Where most rows are zero, zero and the rest are told apart."""
    found = _cut(np.r_[np.zeros(900), np.linspace(1, 2, 100)])
    assert found["<= 0"].sum() == 900
    assert found["> 0"].sum() == 100

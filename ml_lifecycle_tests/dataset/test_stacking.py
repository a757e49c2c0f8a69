"""Frames are put one below the other without losing what they hold."""

from __future__ import annotations

import pandas as pd

from ml_lifecycle.dataset.stacking import stack


def test_a_column_without_a_value_has_no_say() -> None:
    """Whole numbers stay numbers and truths stay truths beside pieces where they are missing."""
    known = pd.DataFrame({"n": [1, 2], "yes": [True, False], "t": ["a", "b"]})
    empty = pd.DataFrame({"n": [None], "yes": [float("nan")], "t": [float("nan")]})
    stacked = stack([empty, known])
    assert stacked.columns.tolist() == ["n", "yes", "t"]
    assert stacked["n"].tolist()[1:] == [1.0, 2.0]
    assert stacked["yes"].tolist()[1:] == [True, False]
    assert stacked["t"].tolist()[1:] == ["a", "b"]


def test_truths_with_missing_cells_are_truths() -> None:
    """Not the text "True"."""
    stacked = stack([pd.DataFrame({"yes": [True, None]}), pd.DataFrame({"yes": [False, True]})])
    assert stacked["yes"].tolist() == [True, None, False, True]


def test_columns_may_differ() -> None:
    """What a piece lacks is missing there; columns without any value stay."""
    stacked = stack([pd.DataFrame({"a": [1], "none": [None]}), pd.DataFrame({"b": ["x"]})])
    assert stacked.columns.tolist() == ["a", "none", "b"]
    assert stacked.isna().to_numpy().tolist() == [[False, True, True], [True, True, False]]
    assert stack([]).empty

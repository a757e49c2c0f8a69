"""Tests of `ml_lifecycle.monitoring.estimate_check`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml_lifecycle.monitoring.estimate_check import check_estimates


def _history() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "window": ["b", "a", "c", "d"],
            "status": ["measured", "measured", "estimated", "measured"],
            "value": [0.8, 0.6, 0.7, 0.7],
            "estimate": [0.79, 0.75, 0.7, np.nan],
            "estimate_low": [0.75, 0.7, 0.65, np.nan],
            "estimate_high": [0.83, 0.8, 0.75, np.nan],
        }
    )


def test_estimates_are_held_against_the_truth_that_came_later() -> None:
    """Windows of which both are known, oldest first; the share that held is a figure."""
    check = check_estimates(_history())
    assert check.table["window"].tolist() == ["a", "b"]
    assert check.table["held"].tolist() == [False, True]
    assert check.share == 0.5
    assert "in 1 of 2 windows" in check.markdown()


def test_windows_of_an_older_code_have_no_estimates() -> None:
    """Nothing to hold against anything: said so, and no share."""
    check = check_estimates(_history().drop(columns=["estimate", "estimate_low", "estimate_high"]))
    assert np.isnan(check.share)
    assert "No window" in check.markdown()

"""Tests of `ml_lifecycle.monitoring.detectors.past`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml_lifecycle.monitoring.detectors.blocks import Blocks
from ml_lifecycle.monitoring.detectors.past import PastLosses


def _text(level: float) -> str:
    return Blocks.of(np.full(32, level)).to_text()


def test_the_past_of_a_window_is_what_the_same_version_did_before() -> None:
    """Oldest first; later windows, other versions and windows of an older code do not count."""
    history = pd.DataFrame(
        {
            "window": ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"],
            "model_version": ["1", "2", "1", None],
            "blocks": [_text(1.0), _text(2.0), _text(3.0), None],
        }
    )
    past = PastLosses.of(history)
    assert past.before("2026-01-05", "1", 1_000).sums.tolist() == [32.0, 96.0]
    assert past.before("2026-01-03", "1", 1_000).sums.tolist() == [32.0]
    past.add("2026-01-01", "1", _text(5.0))
    assert past.before("2026-01-05", "1", 32).sums.tolist() == [96.0]
    assert past.before("2026-01-02", "1", 32).sums.tolist() == [160.0]


def test_tables_of_an_older_code_hold_no_past() -> None:
    """Nor does a project that was never judged."""
    assert PastLosses.of(None).before("a", "1", 10).rows == 0
    assert PastLosses.of(pd.DataFrame({"window": ["a"]})).before("b", "1", 10).rows == 0

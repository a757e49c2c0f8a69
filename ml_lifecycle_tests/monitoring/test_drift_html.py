"""Tests of `ml_lifecycle.monitoring.drift_html`: the real Evidently."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.errors import DataError
from ml_lifecycle.monitoring.drift_html import render_html


def test_a_page_is_drawn_from_every_sort_of_column() -> None:
    """Numbers, labels, truth values, constants and gaps: one HTML page; Evidently is told not to report its use."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "number": generator.normal(size=120),
            "label": generator.choice(["a", "b", None], 120),
            "truth": generator.random(120) < 0.5,
            "code": generator.integers(0, 3, 120),
            "same": 1.0,
            "gaps": np.where(generator.random(120) < 0.5, np.nan, 2.0),
            "nothing": np.nan,
            "gone": 1,
        }
    )
    page = render_html(frame, frame.drop(columns="gone").iloc[::-1], categorical=["code"], max_rows=100)
    assert b"<html" in page[:2000].lower()
    assert b"number" in page
    assert os.environ["DO_NOT_TRACK"] == "1"


def test_nothing_to_draw_is_an_error() -> None:
    """Without a column that both sides know there is no page."""
    with pytest.raises(DataError, match="nothing to draw"):
        render_html(pd.DataFrame({"a": [1.0]}), pd.DataFrame({"b": [1.0]}))


def test_heavy_libraries_are_not_imported_with_the_room() -> None:
    """Evidently, matplotlib and mlflow come in only when something is drawn."""
    code = (
        "import sys, ml_lifecycle.monitoring.drift, ml_lifecycle.monitoring.drift_html, ml_lifecycle.monitoring.plots;"
        "print([name for name in ('evidently', 'matplotlib', 'mlflow', 'sklearn', 'dagster') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

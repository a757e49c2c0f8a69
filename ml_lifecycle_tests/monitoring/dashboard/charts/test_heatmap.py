"""The heatmap: a cell per window, and a mark on what has drifted."""

import math

from ml_lifecycle.monitoring.dashboard.charts.heatmap import Cell, FeatureRow, draw_heatmap, height_for
from ml_lifecycle.monitoring.dashboard.charts.svg import Plane

PLANE = Plane(["a", "b", "c"], 400, 100, left=100)


def test_what_drifted_is_marked_and_what_is_absent_is_empty() -> None:
    """A dot beside the shade; a window without the feature has no cell; NaN is not judged."""
    cells = {0: Cell(0.5, drifted=False, tip="x"), 1: Cell(math.nan, drifted=False, tip="y")}
    rows = [
        FeatureRow("age", cells, "", drifted=False),
        FeatureRow("city", {2: Cell(2.0, drifted=True, tip="z")}, "2.00", drifted=True),
    ]
    drawn = draw_heatmap(PLANE, rows, changes={}, kind="wide")
    assert drawn.count("<rect") == 3
    assert drawn.count('class="flag"') == 1
    assert "unknown" in drawn
    assert "drifted in the newest: 1" in drawn


def test_the_picture_grows_with_its_rows() -> None:
    """So that names never overlap."""
    assert height_for(30, PLANE) - height_for(29, PLANE) == 22


def test_a_long_name_is_shortened() -> None:
    """It must not leave the picture; the whole name stands in the tooltip and in the table."""
    drawn = draw_heatmap(PLANE, [FeatureRow("n" * 80, {}, "", drifted=False)], changes={}, kind="narrow")
    assert "n" * 12 not in drawn
    assert "…" in drawn

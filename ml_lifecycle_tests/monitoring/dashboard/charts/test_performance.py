"""The performance chart: hollow where estimated, a diamond where lost."""

from dataclasses import replace

from ml_lifecycle.monitoring.dashboard.charts.performance import Judged, draw_performance
from ml_lifecycle.monitoring.dashboard.charts.svg import Plane

MEASURED = Judged(
    0, 0.8, 0.75, 0.85, reference=0.82, tolerated=0.78, estimated=False, lost=False, version="1"
)  # fmt: skip
PLANE = Plane(["a", "b"], 400, 100, right=90)


def _draw(*judged: Judged) -> str:
    return draw_performance(PLANE, judged, metric="auc", changes={}, tips={}, kind="wide")


def test_what_is_estimated_is_hollow() -> None:
    """What is measured is filled."""
    assert "hollow" not in _draw(MEASURED)
    assert "hollow" in _draw(replace(MEASURED, estimated=True))


def test_what_is_lost_has_another_shape() -> None:
    """Not only another colour."""
    assert "<polygon" in _draw(replace(MEASURED, lost=True))
    assert "<polygon" not in _draw(MEASURED)


def test_a_guess_stands_beside_the_truth() -> None:
    """Where a window was estimated before it was measured."""
    assert _draw(replace(MEASURED, guess=0.9)).count("<circle") == 2


def test_versions_have_their_own_lines() -> None:
    """Test value and tolerated line are drawn over the windows of the version that they are of."""
    second = replace(MEASURED, place=1, version="2", reference=0.9, tolerated=0.86)
    drawn = _draw(MEASURED, second)
    assert drawn.count("level tolerated") == 2
    assert "tolerated 0.86" in drawn
    assert "tolerated 0.78" not in drawn

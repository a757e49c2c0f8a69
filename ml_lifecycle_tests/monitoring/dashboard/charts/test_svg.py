"""The plane and the scale that charts are drawn on."""

import math

from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.monitoring.dashboard.charts.svg import Plane, Scale, tag

PLANE = Plane(["a", "b", "c", "d"], 400, 100)
NUMBERS = st.floats(-1e9, 1e9, allow_nan=False)


def test_text_and_attributes_are_escaped() -> None:
    """Elements are taken as they are, text is not."""
    assert tag("g", tag("text", "<b>"), data_tip='"x"') == '<g data-tip="&#34;x&#34;"><text>&lt;b&gt;</text></g>'


def test_windows_share_the_plane() -> None:
    """Each has a band of the same width, and the names end where the plane ends."""
    assert PLANE.x(3) + PLANE.band / 2 == PLANE.width - PLANE.right
    assert 'text-anchor="end"' in PLANE.axis()


@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_a_scale_holds_all_values(values: list[float]) -> None:
    """Between its floor and its top, by at most a dozen round steps."""
    scale = Scale.over(values, PLANE)
    slack = 1e-6 * max(1.0, abs(scale.high), abs(scale.low))
    assert scale.low <= min(values) + slack
    assert scale.high >= max(values) - slack
    assert 2 <= len(scale.ticks()) <= 7
    assert all(PLANE.top <= scale.y(value) <= PLANE.floor for value in values)


def test_a_scale_needs_no_values() -> None:
    """And takes no notice of those that are none."""
    assert Scale.over([math.nan], PLANE).high == 1.0
    assert Scale.over([5.0, 5.0], PLANE, from_zero=True).low == 0.0


def test_a_late_change_is_named_on_its_left() -> None:
    """Else its name would leave the picture."""
    assert 'text-anchor="end"' in PLANE.changes({3: "2"})
    assert 'text-anchor="start"' in PLANE.changes({1: "2"})

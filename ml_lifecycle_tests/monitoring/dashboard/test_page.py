"""The page as a whole: it needs nothing from elsewhere, escapes what comes from data, leaves out what is absent."""

import re

import pandas as pd
import pytest

from ml_lifecycle.monitoring.dashboard import DashboardData, content_policy, render_dashboard
from ml_lifecycle_tests.monitoring.dashboard.pages import (
    NASTY,
    NOW,
    drift_frame,
    everything,
    healthy,
    performance_frame,
)

ADDRESS = re.compile(r"""(?:src|href|url)\s*[=(]\s*["']?(?!#)[^"'>)\s]""")


@pytest.fixture(scope="module")
def full() -> str:
    """The page with every part."""
    return render_dashboard(everything()).decode()


def test_nothing_is_asked_for(full: str) -> None:
    """No address in it leads anywhere but to itself."""
    assert not ADDRESS.search(full)
    assert "@import" not in full


def test_what_comes_from_data_is_escaped(full: str) -> None:
    """A name that is a script stands on the page as text, wherever names stand."""
    assert NASTY not in full
    assert full.count("<script>") == 1
    assert "&lt;script&gt;alert(" in full


def test_every_part_is_there(full: str) -> None:
    """Each with its heading."""
    for title in ("Performance", "Traffic", "Drift by feature", "Prediction drift", "Data quality", "Service levels"):
        assert f">{title}</h2>" in full
    for title in ("Retraining decisions", "Alerts", "Ledger", "What could not be read"):
        assert f">{title}</h2>" in full


def test_a_project_without_anything_has_a_page() -> None:
    """Parts that do not exist are absent, and the state says so."""
    page = render_dashboard(DashboardData("new", "p", NOW)).decode()
    assert "No version is in production" in page
    assert "<section" not in page


def test_styles_are_only_those_of_the_policy(full: str) -> None:
    """The policy names the style sheet and the script by their hashes, so no element may carry a style of its own."""
    assert "unsafe" not in content_policy()
    assert not re.search(r"<[a-z][^>]*\s(style|on[a-z]+)=", full)
    assert content_policy(framed=False) in full.replace("&#39;", "'")


def test_old_windows_are_left_out() -> None:
    """Only the newest are shown, on every chart."""
    page = render_dashboard(healthy(most_windows=5)).decode()
    assert "16 Mar 2026" in page
    assert "15 Mar 2026" not in page


def test_charts_say_what_they_show(full: str) -> None:
    """Each picture has a label, and a table behind it."""
    assert full.count('role="img" aria-label=') >= full.count('<svg viewBox="0 0 900')
    assert full.count("<summary>") > 5


def test_the_state_stands_in_the_title() -> None:
    """In words, so that a tab says it."""
    assert "<title>shop: healthy</title>" in render_dashboard(healthy()).decode()


def test_a_table_of_another_form_does_not_take_the_page_with_it() -> None:
    """The part is named, the others are drawn."""
    page = render_dashboard(
        healthy(quality=pd.DataFrame({"window": ["2026-03-20"], "value": 1.0, "check": None}))
    ).decode()
    assert ">Performance</h2>" in page
    broken = performance_frame().drop(columns="reference").assign(lost=False)
    page = render_dashboard(healthy(performance=broken, drift=drift_frame(drifted=3))).decode()
    assert "performance panel" in page
    assert ">Traffic</h2>" in page

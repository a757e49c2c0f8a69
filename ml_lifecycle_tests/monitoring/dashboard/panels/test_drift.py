"""The drift panel: the worst first, the rest folded; and what is not a feature beside it."""

import pandas as pd

from ml_lifecycle.monitoring.dashboard.panels.drift import drift_panel, output_panel
from ml_lifecycle_tests.monitoring.dashboard.pages import WINDOWS, drift_frame, healthy


def test_the_worst_are_shown_and_the_rest_is_folded() -> None:
    """No feature is lost."""
    panel = drift_panel(healthy(drift=drift_frame(12, drifted=3), most_features=5))
    assert panel is not None
    drawn = panel.figures[0].wide
    assert all(f"feature_{number}<" in drawn for number in range(3))
    assert drawn.count('class="feature') == 5
    assert len(panel.tables[0].rows) == 7
    assert "3 of 12 features drifted" in panel.text


def test_severity_counts_over_all_statistics() -> None:
    """A feature may drift by another statistic than the one that is shown."""
    frame = drift_frame(2, drifted=0, windows=WINDOWS[-1:]).assign(
        severity=[3.5, 0.1, 0.1], causes=["ks missing", "", ""]
    )
    frame.loc[0, "drifted"] = True
    panel = drift_panel(healthy(drift=frame, traffic=None, performance=None))
    assert panel is not None
    assert "3.50" in panel.figures[0].wide
    assert "drifted by ks, missing" in panel.figures[0].wide


def test_what_is_not_a_feature_has_a_chart_of_its_own() -> None:
    """Predictions, outcomes and all features together, each a line."""
    extra = pd.DataFrame({
        "window": WINDOWS[-1:] * 2,
        "feature": ["target", "pca"],
        "role": ["target", "multivariate"],
        "statistic": "psi",
        "value": 0.2,
        "limit": 0.1,
        "drifted": True,
    })  # fmt: skip
    panel = output_panel(healthy(drift=pd.concat([drift_frame(2), extra], ignore_index=True)))
    assert panel is not None
    assert [key.text for key in panel.legend] == ["predictions", "outcomes", "all features together (pca)", "drifted"]


def test_without_drift_reports_there_is_no_panel() -> None:
    """Absent, not empty."""
    assert drift_panel(healthy(drift=None)) is None
    assert output_panel(healthy(drift=None)) is None

"""The quality panel: measures from a wide or a long table, each with its limit."""

import pandas as pd

from ml_lifecycle.monitoring.dashboard.panels.quality import as_long, quality_panel
from ml_lifecycle_tests.monitoring.dashboard.pages import WINDOWS, everything, healthy


def test_a_wide_table_is_read_with_its_limits() -> None:
    """Volume has two limits; a measure that is never known is left out."""
    panel = quality_panel(everything())
    assert panel is not None
    titles = {figure.title: figure.bad for figure in panel.figures}
    assert titles == {"predictions": True, "rows that failed": False, "latency p95, ms": False}


def test_a_long_table_brings_its_verdicts() -> None:
    """A row per window and measure."""
    told = pd.DataFrame(
        {"window": WINDOWS[:1] * 2, "check": ["fresh", "full"], "value": [1.0, 2.0], "passed": [True, False]}
    )
    assert as_long(told)["passed"].tolist() == [True, False]
    panel = quality_panel(healthy(quality=told))
    assert panel is not None
    assert [figure.bad for figure in panel.figures] == [True, False]

"""What is kept lasts for all who read it."""

from __future__ import annotations

import pytest

from ml_lifecycle_tests.config.consistency.projects import build, refusal


@pytest.mark.parametrize(
    ("kept", "serving"),
    [({"runs_days": 29}, {}), ({"predictions_days": 29}, {}), ({"predictions_days": 90}, {"archive_after_days": 90})],
)
def test_records_that_would_go_before_they_are_read_are_refused(kept: dict[str, int], serving: dict[str, int]) -> None:
    """By the levels of operations, or by the move to the archive."""
    (key,) = kept
    said = refusal(monitoring={"housekeeping": kept}, serving=serving)
    assert f"monitoring.housekeeping.{key}: expected at least" in said


def test_records_that_outlast_their_readers_may_go() -> None:
    """Both at their limits."""
    build(monitoring={"housekeeping": {"runs_days": 30, "predictions_days": 91}}, serving={"archive_after_days": 90})

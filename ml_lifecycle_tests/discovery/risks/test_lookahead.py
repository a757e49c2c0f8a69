"""Times after the event and targets of later rows are found; plans and targets of earlier rows are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.discovery.risks.lookahead import find_late_times, find_shifted, report_shifted
from ml_lifecycle_tests.discovery.risks.tables import ROWS, people, prices, read

RANDOM = np.random.default_rng(13)
EVENT = pd.Series(pd.date_range("2024-01-01", periods=ROWS, freq="37min"))


def _late(values: Any, name: str = "touched_at") -> dict[str, int]:
    frame = people().assign(at=EVENT, **{name: values})
    return {f.columns[0]: f.confidence for f in find_late_times(read(frame, event_time="at"))}


def _days(share: float) -> pd.Series:
    late = RANDOM.random(ROWS) < share
    return EVENT + pd.to_timedelta(np.where(late, RANDOM.gamma(2, 5, ROWS) + 1, -3).round(3), unit="D")


@pytest.mark.parametrize(
    "write",
    [
        lambda times: times,
        lambda times: times.dt.strftime("%d.%m.%Y"),
        lambda times: times.astype("int64") // 10**9,
        lambda times: times.astype("int64") // 10**6,
        lambda times: times.dt.strftime("%Y%m%d").astype(int),
        lambda times: times.dt.strftime("%b %d, %Y %H:%M"),
    ],
    ids=["times", "text", "seconds", "milliseconds", "20240531", "months"],
)
def test_late_times_however_written(write: Any) -> None:
    """A tenth of the rows is enough, more is surer."""
    assert _late(write(_days(0.1)))["touched_at"] >= 80
    assert _late(write(_days(0.9)))["touched_at"] >= 93


def test_earlier_times_and_plans_are_honest() -> None:
    """What lies before, a term of thirty days, a date that is called due."""
    assert _late(_days(0.0)) == {}
    assert _late(EVENT + pd.Timedelta(days=30))["touched_at"] < 80
    assert _late(_days(1.0), "due_date")["due_date"] < 80


def test_a_number_that_says_how_long_the_outcome_took() -> None:
    """It is known when the outcome is."""
    days = RANDOM.gamma(2, 5, ROWS)
    frame = people().assign(at=EVENT, ended=EVENT + pd.to_timedelta(days, unit="D"), took=days.round(1))
    found = list(find_late_times(read(frame, event_time="at", outcome_time="ended")))
    assert [finding.name for finding in found] == ["lookahead:took"]


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_target_of_another_row(task: str) -> None:
    """Of a later row it is a finding, of an earlier one it is known."""
    frame = (people() if task == "classification" else prices()).assign(at=EVENT)
    frame = frame.assign(v=frame["y"].shift(-1), w=frame["y"].shift(2)).sample(frac=1, random_state=0)
    shifted = find_shifted(read(frame, task, event_time="at"))
    assert {item.column: item.shift for item in shifted} == {"v": 1, "w": -2}
    assert [finding.name for finding in report_shifted(shifted)] == ["lookahead:v"]


def test_a_mean_over_later_rows() -> None:
    """A centred mean looks ahead, one of the days before does not."""
    frame = prices().assign(at=EVENT)
    centred, before = frame["y"].rolling(5, center=True).mean(), frame["y"].shift(1).rolling(5).mean()
    frame = frame.assign(centred=centred, before=before).iloc[10:-10]
    found = {item.column: item.shift for item in find_shifted(read(frame, "regression", event_time="at"))}
    assert found == {"centred": 2, "before": -1}


def test_a_mean_that_ends_with_the_row_itself() -> None:
    """It holds the target of its own row, also in a smooth series, where its middle row is nearer."""
    for y in (prices()["y"], pd.Series(RANDOM.normal(size=ROWS)).rolling(40, min_periods=1).mean()):
        frame = prices().assign(at=EVENT, y=y, mean=y.rolling(7).mean(), before=y.shift(1).rolling(7).mean())
        shifted = find_shifted(read(frame, "regression", event_time="at"))
        assert [finding.name for finding in report_shifted(shifted)] == ["lookahead:mean"]

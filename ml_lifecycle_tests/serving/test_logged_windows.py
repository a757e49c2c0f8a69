"""Tests of `ml_lifecycle.serving.logged_windows`, on a real log."""

from datetime import datetime, timedelta

import pandas as pd
import pytest

from ml_lifecycle.serving.logged_windows import Bounds, LoggedWindows
from ml_lifecycle.serving.prediction_log import LoggedPrediction, PredictionLog

_START = datetime(2026, 1, 1)  # noqa: DTZ001 - naive UTC
_HOUR = timedelta(hours=1)


class _Counting:
    """A log that notes which stretches are read."""

    def __init__(self, log: PredictionLog) -> None:
        self.log = log
        self.rows = 0

    def window(self, project: str, start: datetime, end: datetime) -> pd.DataFrame:
        found = self.log.window(project, start, end)
        self.rows += len(found)
        return found

    def start_of_last(self, project: str, before: datetime, rows: int) -> datetime | None:
        return self.log.start_of_last(project, before, rows)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> PredictionLog:
    """Two days, with three rows an hour but none in the night."""
    made = PredictionLog(f"sqlite:///{tmp_path_factory.mktemp('log') / 'log.db'}")
    moments = [_START + number * timedelta(minutes=20) for number in range(144)]
    made.append(
        [
            LoggedPrediction("p", "1", f"k{place}", moment, {"x": place}, "yes", 0.5)
            for place, moment in enumerate(moments)
            if moment.hour >= 6
        ]
    )
    return made


@pytest.mark.parametrize("length", [1, 7, 30])
def test_rolling_windows_are_those_of_the_log_and_each_row_is_read_once(log: PredictionLog, length: int) -> None:
    """However far they overlap."""
    counting = _Counting(log)
    windows = LoggedWindows(counting, "p", _START + 48 * _HOUR)
    for number in range(1, 49):
        end = _START + number * _HOUR
        found = windows.read(Bounds(end - length * _HOUR, end))
        wanted = log.window("p", end - length * _HOUR, end)
        assert found["prediction_id"].tolist() == wanted["prediction_id"].tolist()
        assert found.index.tolist() == list(range(len(wanted)))
    assert counting.rows == log.count("p")


def test_windows_of_rows_end_with_their_partition(log: PredictionLog) -> None:
    """The last ten rows up to its end; fewer at the beginning, and the same through the night."""
    windows = LoggedWindows(_Counting(log), "p", _START + 48 * _HOUR)
    for number in range(1, 49):
        start, end = _START + (number - 1) * _HOUR, _START + number * _HOUR
        found = windows.read(Bounds(start, end, 10))
        assert found["x"].tolist() == log.window("p", _START, end)["x"].tolist()[-10:] if len(found) else True
        assert len(found) == min(10, len(log.window("p", _START, end)))


def test_windows_may_leave_gaps(log: PredictionLog) -> None:
    """What lies between is not read."""
    counting = _Counting(log)
    windows = LoggedWindows(counting, "p", _START + 48 * _HOUR)
    windows.read(Bounds(_START + 6 * _HOUR, _START + 7 * _HOUR))
    assert len(windows.read(Bounds(_START + 40 * _HOUR, _START + 41 * _HOUR))) == 3
    assert counting.rows == 6

"""Tests of `ml_lifecycle.serving.log_retention`: old predictions are deleted, and labelled ones are remembered."""

from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from ml_lifecycle.orchestration.lake_archive import LakeArchive
from ml_lifecycle.serving.compaction import move_to_archive
from ml_lifecycle.serving.log_retention import LogRetention
from ml_lifecycle.serving.prediction_log import LoggedPrediction, PredictionLog

_AT = datetime(2026, 5, 1)  # noqa: DTZ001 - naive UTC
_DAY = timedelta(days=1)


@pytest.fixture
def log(tmp_path: Path) -> PredictionLog:
    """Four days with a prediction each, whose outcome is known on the same day; the first two lie in the archive."""
    archive = LakeArchive(tmp_path / "lake")
    made = PredictionLog(f"sqlite:///{tmp_path / 'service.db'}", archive)
    made.append([LoggedPrediction("p", "1", str(day), _AT + day * _DAY, {"x": day}, 1.0, 1.0) for day in range(4)])
    known = {"key": [str(day) for day in range(4)], "outcome": 1.0, "known_at": [_AT + day * _DAY for day in range(4)]}
    made.add_outcomes("p", pd.DataFrame(known))
    move_to_archive(made, archive, "p", _AT + 2 * _DAY)
    return made


@pytest.fixture
def retention(tmp_path: Path, log: PredictionLog) -> LogRetention:
    """What deletes of it."""
    return LogRetention(log._database.url, LakeArchive(tmp_path / "lake"))


def test_a_look_touches_nothing(log: PredictionLog, retention: LogRetention) -> None:
    """It counts the database and the archive apart."""
    found = retention.look("p", _AT + 3 * _DAY)
    assert (found.lines, found.archived, found.outcomes, found.left) == (1, 2, 3, 1)
    assert found.bytes > 0
    assert log.count("p") == 4


def test_what_is_old_goes_wherever_it_lies(log: PredictionLog, retention: LogRetention) -> None:
    """Other projects' predictions stay."""
    log.append([LoggedPrediction("other", "1", "0", _AT, {}, 1.0, 1.0)])
    retention.forget("p", _AT + 3 * _DAY)
    assert log.window("p", _AT, _AT + 9 * _DAY)["row_key"].tolist() == ["3"]
    assert log.count("other") == 1
    assert retention.look("p", _AT + 3 * _DAY).outcomes == 0


def test_the_count_of_labelled_rows_goes_on(log: PredictionLog, retention: LogRetention) -> None:
    """By it retraining knows how many are new; twice the same deletion changes nothing."""
    retention.forget("p", _AT + 3 * _DAY)
    retention.forget("p", _AT + 3 * _DAY)
    assert log.labelled_count("p") == 4


def test_an_outcome_stays_as_long_as_a_prediction_of_its_row(log: PredictionLog, retention: LogRetention) -> None:
    """A row may be predicted again later."""
    log.append([LoggedPrediction("p", "2", "0", _AT + 5 * _DAY, {}, 1.0, 1.0)])
    retention.forget("p", _AT + 3 * _DAY)
    again = log.window("p", _AT + 5 * _DAY, _AT + 6 * _DAY)
    assert again["outcome"].notna().all()

"""Traffic by day and hour: every prediction counted once, wherever it lies."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ml_lifecycle.orchestration.lake_archive import LakeArchive
from ml_lifecycle.serving.compaction import move_to_archive
from ml_lifecycle.serving.log_lines import LoggedFailure
from ml_lifecycle.serving.log_traffic import Traffic, count_traffic
from ml_lifecycle.serving.prediction_log import CHAMPION, LoggedPrediction, PredictionLog

DAY = datetime(2026, 3, 1, 4, 30, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A service database."""
    return f"sqlite:///{tmp_path / 'service.db'}"


def _prediction(number: int, hours: int, *, version: str = "1", role: str = CHAMPION) -> LoggedPrediction:
    at = DAY + timedelta(hours=hours)
    return LoggedPrediction("tiny", version, f"r{number}", at, {}, 1, 0.5, role=role)


def _lines(traffic: Traffic) -> list[tuple[object, ...]]:
    return [tuple(row) for row in traffic.predictions.itertuples(index=False)]


def test_predictions_are_counted_by_stretch_version_and_role(url: str) -> None:
    """Days by their date, hours as hourly windows are named; other projects do not count."""
    log = PredictionLog(url)
    log.append(
        [_prediction(0, 0), _prediction(1, 1), _prediction(2, 24, version="2"), _prediction(3, 24, role="shadow")]
    )
    log.append([LoggedPrediction("other", "1", "r", DAY, {}, 1, 0.5)])
    days = [("2026-03-01", "1", "champion", 2), ("2026-03-02", "1", "shadow", 1), ("2026-03-02", "2", "champion", 1)]
    assert _lines(count_traffic(url, "tiny", hourly=False, most=10)) == days
    assert _lines(count_traffic(url, "tiny", hourly=True, most=48))[0] == ("2026-03-01-04:00", "1", "champion", 1)


def test_only_the_newest_stretches_are_counted(url: str) -> None:
    """Up to the newest prediction."""
    PredictionLog(url).append([_prediction(number, 24 * number) for number in range(5)])
    assert [line[0] for line in _lines(count_traffic(url, "tiny", hourly=False, most=2))] == [
        "2026-03-04",
        "2026-03-05",
    ]


def test_rows_with_errors_are_counted(url: str) -> None:
    """By when they got them."""
    log = PredictionLog(url)
    log.append([_prediction(0, 0)])
    log.add_failures([LoggedFailure("tiny", "1", "age", "range", rows, at=DAY) for rows in (2, 3)])
    failures = count_traffic(url, "tiny", hourly=False, most=2).failures
    assert failures.to_dict("list") == {"window": ["2026-03-01"], "rows": [5]}


def test_archived_lines_count_as_before(url: str, tmp_path: Path) -> None:
    """Moving lines out of the database changes nothing."""
    archive = LakeArchive(tmp_path / "lake")
    log = PredictionLog(url, archive)
    log.append([_prediction(number, 12 * number) for number in range(4)])
    before = _lines(count_traffic(url, "tiny", hourly=False, most=9, archive=archive))
    move_to_archive(log, archive, "tiny", before=DAY + timedelta(days=1))
    assert _lines(count_traffic(url, "tiny", hourly=False, most=9, archive=archive)) == before
    assert len(_lines(count_traffic(url, "tiny", hourly=False, most=9))) < len(before)


def test_nothing_is_no_traffic(url: str) -> None:
    """An empty log, such as before the first request."""
    found = count_traffic(url, "tiny", hourly=False, most=9)
    assert found.predictions.empty
    assert found.failures.empty

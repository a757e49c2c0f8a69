"""The quick way into an SQLite file: it waits for other writers, writes all or nothing, and says what is wrong."""

import sqlite3
import threading
from datetime import datetime
from pathlib import Path

import pytest

from ml_lifecycle.errors import StateError
from ml_lifecycle.serving.log_lines import LoggedFailure, LoggedPrediction, failure_values, values_of
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving.sqlite_lines import SqliteLines

_DAY = datetime(2026, 1, 1)  # noqa: DTZ001 - the log holds naive UTC
_FAILED = [failure_values(LoggedFailure("p", "1", "city", "isin"))]


def _line(key: str) -> tuple[object, ...]:
    return values_of(LoggedPrediction("p", "1", key, _DAY, {}, "yes", 0.5))


@pytest.fixture
def path(log: PredictionLog, tmp_path: Path) -> str:
    """A file with the log's tables."""
    log.count("p")
    return str(tmp_path / "service.db")


def test_another_writer_is_waited_for(path: str, log: PredictionLog) -> None:
    """Who holds the file for a moment delays us, and no more."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.2, other.execute, ["COMMIT"])
    timer.start()
    assert SqliteLines(path).write([_line("a")], _FAILED) == 1
    timer.join()
    assert log.count("p") == 1


@pytest.mark.parametrize("rows", [1, 200])
def test_nothing_is_written_where_a_part_is_refused(path: str, log: PredictionLog, rows: int) -> None:
    """The last line breaks the table's rules; afterwards the connection is as good as new."""
    lines = SqliteLines(path)
    bad = (*_line("bad")[:4], None, *_line("bad")[5:])
    good = [_line(str(number)) for number in range(rows)]
    with pytest.raises(StateError, match="NOT NULL"):
        lines.write([*good, bad], _FAILED)
    assert log.count("p") == 0
    assert log.failure_frame("p", _DAY).empty
    assert lines.write(good, _FAILED) == rows
    assert log.count("p") == rows


def test_a_file_without_tables_is_named(tmp_path: Path) -> None:
    """Somebody has dropped them."""
    with pytest.raises(StateError, match="no such table"):
        SqliteLines(str(tmp_path / "empty.db")).write([_line("a")], [])

"""Lines of the prediction log in the lake: by day, and only the files of the days that are asked for."""

from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

from ml_lifecycle.orchestration.lake_archive import LakeArchive
from ml_lifecycle.serving.log_archive import COLUMNS

_DAY = datetime(2026, 1, 1)  # noqa: DTZ001 - the log holds naive UTC


def _lines(name: str, moment: datetime) -> pd.DataFrame:
    cells = dict.fromkeys(COLUMNS, "text")
    return pd.DataFrame(
        [{**cells, "prediction_id": name, "event_time": moment, "logged_at": moment, "latency_ms": None}]
    )


def test_lines_come_back_as_they_were(tmp_path: Path) -> None:
    """All columns, to the microsecond, missing cells missing; a project that archived nothing has none."""
    archive = LakeArchive(tmp_path)
    assert not archive.holds("p")
    archive.append("p", "2026-01-01", _lines("a", _DAY + timedelta(microseconds=1)))
    found = archive.read("p", COLUMNS)
    assert archive.holds("p")
    assert list(found.columns) == list(COLUMNS)
    assert found["event_time"].tolist() == [pd.Timestamp(_DAY + timedelta(microseconds=1))]
    assert found["latency_ms"].isna().all()
    assert archive.read("p", ["prediction_id"], [("role", "in", ["champion"])]).empty


def test_files_of_other_days_are_not_opened(tmp_path: Path) -> None:
    """A file that is gone does not disturb who asks for another day."""
    archive = LakeArchive(tmp_path)
    for place in range(3):
        moment = _DAY + timedelta(days=place)
        archive.append("p", f"{moment:%Y-%m-%d}", _lines(str(place), moment))
    (gone,) = (tmp_path / "p").rglob("_day=2026-01-03/*.parquet")
    gone.unlink()
    whole = [("event_time", ">=", _DAY), ("event_time", "<", _DAY + timedelta(days=2))]
    assert sorted(archive.read("p", ["prediction_id"], whole)["prediction_id"]) == ["0", "1"]
    assert archive.read("p", ["prediction_id"], [("event_time", ">", _DAY + timedelta(days=30))]).empty

"""The prediction log on a private PostgreSQL cluster says what it says on SQLite, also under many writers."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pytest

from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.lake_archive import LakeArchive
from ml_lifecycle.serving.compaction import move_to_archive
from ml_lifecycle.serving.group_commit import GroupCommit
from ml_lifecycle.serving.log_lines import LoggedFailure
from ml_lifecycle.serving.prediction_log import Feedback, LoggedPrediction, PredictionLog, id_of
from ml_lifecycle_tests.real.postgres_cluster import PASSWORD, Cluster, postgres_cluster

pytestmark = [pytest.mark.real, pytest.mark.servers]

_DAY = datetime(2026, 1, 1)  # noqa: DTZ001 - the log holds naive UTC
_END = _DAY + timedelta(days=1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """One server for all tests of this module."""
    with postgres_cluster() as cluster:
        yield cluster


@pytest.fixture
def log(cluster: Cluster, tmp_path: Path) -> Iterator[PredictionLog]:
    """An empty log, with an archive."""
    yield PredictionLog(_url(cluster), LakeArchive(tmp_path / "lake"))
    cluster.execute("drop table if exists predictions, outcomes, prediction_failures")


def _url(cluster: Cluster) -> str:
    """As a person writes it, without the name of a driver."""
    return cluster.url("X").replace("${X}", quote(PASSWORD, safe=""))


def _entry(key: str, **changes: Any) -> LoggedPrediction:
    said: dict[str, Any] = {"inputs": {"n": key, "odd": "\x00%s:y"}, "event_time": _DAY, **changes}
    return LoggedPrediction("p", "1", key, prediction="yes", score=0.75, **said)


def _outcomes(key: str, outcome: str, known: datetime) -> pd.DataFrame:
    return pd.DataFrame({"key": [key], "outcome": [outcome], "known_at": [pd.Timestamp(known)]})


def test_rows_are_kept_once_and_join_their_outcomes(log: PredictionLog) -> None:
    """Appended, again, with outcomes early and late, read as a window and as rows to learn from."""
    entries = [_entry(str(number), prediction_id=id_of("p", "1", str(number)), request_id="r") for number in range(300)]
    assert log.append(entries) == 300
    assert log.append([*entries[:5], _entry("new"), _entry("next day", event_time=_END)]) == 2
    assert log.append(entries[:1]) == 0
    assert log.add_outcomes("p", _outcomes("7", "no", _END)) == 1
    assert log.add_outcomes("p", _outcomes("7", "yes", _DAY)) == 0
    strange = [Feedback(name, 1) for name in ("nobody's", "a\x00", "long" * 100)]
    told = log.add_feedback("p", [Feedback(id_of("p", "1", "8"), "yes", _END), *strange])
    assert told == [item.prediction_id for item in strange]
    window = log.window("p", _DAY, _END).set_index("row_key")
    assert len(window) == 301
    assert window["outcome"].dropna().to_dict() == {"7": "no", "8": "yes"}
    assert window.loc["9", "odd"] == "\x00%s:y"
    assert log.window("p", _DAY, _END, as_of=_DAY)["outcome"].isna().all()
    assert log.labelled_rows("p", target="y", id_column="id")["id"].tolist() == ["7", "8"]
    assert (log.count("p"), log.labelled_count("p")) == (302, 2)
    assert len(log.evidence_frame("p", _DAY)) == 302


def test_many_callers_share_commits_and_one_bad_line_harms_nobody_else(log: PredictionLog) -> None:
    """A row key that is too long for PostgreSQL's index; names with NUL; failures beside them."""
    commit = GroupCommit(log)
    lines = [_entry(f"{number}\x00") for number in range(50)]
    bad = _entry("".join(chr(0x4E00 + number % 20_000 * 7 % 20_000) for number in range(20_000)))

    async def append() -> list[Any]:
        return await asyncio.gather(*[commit.append([line]) for line in [*lines, bad]], return_exceptions=True)

    commit.count_failures([LoggedFailure("p", "1", "ci\x00ty", "isin")])
    told = asyncio.run(append())
    commit.close()
    assert told[:50] == [None] * 50
    assert isinstance(told[50], StateError)
    assert log.count("p") == 50
    assert log.failure_frame("p", _DAY)["rows"].tolist() == [1]


def test_old_lines_move_to_the_lake(log: PredictionLog, tmp_path: Path) -> None:
    """And are read from there."""
    log.append([_entry(str(number)) for number in range(20)])
    before = log.window("p", _DAY, _END)
    assert move_to_archive(log, LakeArchive(tmp_path / "lake"), "p", _END, portion=7).lines == 20
    pd.testing.assert_frame_equal(log.window("p", _DAY, _END), before)


def test_a_log_of_an_earlier_version_goes_on(cluster: Cluster, log: PredictionLog) -> None:
    """Its table has no request id."""
    log.append([_entry("old")])
    cluster.execute("alter table predictions drop column request_id")
    again = PredictionLog(_url(cluster))
    assert again.append([_entry("new", request_id="r")]) == 1
    assert set(again.window("p", _DAY, _END)["row_key"]) == {"old", "new"}

"""What people decide about quarantined rows is written down, and holds until they take it back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from ml_lifecycle.dataset.decisions import Decision
from ml_lifecycle.dataset.releases import ReleaseLog
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.errors import DataError, StateError

LONG = 2**62 + 1
QUARANTINED = pd.DataFrame(
    {
        ROW_ID: [LONG, LONG, -8],
        "column": ["age", "job", "job"],
        "check": ["in_range", "isin", "isin"],
        "value": ["99", "king", "queen"],
        "row": ['{"age":99,"job":"king","x":1.5}'] * 2 + ['{"age":20,"job":"queen","x":null}'],
    }
)


@pytest.fixture
def log(tmp_path: Path) -> ReleaseLog:
    """An empty log, at noon."""
    return ReleaseLog(tmp_path / "quarantine" / "shop.jsonl", clock=lambda: datetime(2024, 1, 1, 12, tzinfo=UTC))


def test_a_release_is_kept_with_what_was_there(log: ReleaseLog) -> None:
    """Who, when, why, and the cells as they came."""
    (made,) = log.release(QUARANTINED, [LONG], corrections={"age": 33, "x": None}, by="ada", reason="asked him")
    assert log.read() == [made]
    assert (made.row_id, made.was, made.by, made.at) == (
        LONG,
        {"age": 99, "x": 1.5},
        "ada",
        "2024-01-01T12:00:00+00:00",
    )
    assert ReleaseLog.of(log.path.parent.parent, "shop").in_effect() == {LONG: made}


def test_later_decisions_go_before_earlier_ones(log: ReleaseLog) -> None:
    """Column by column; waived checks add up; a withdrawal takes all of them back."""
    log.release(QUARANTINED, [LONG], corrections={"age": 33, "job": "cook"}, waive=["isin"])
    log.release(QUARANTINED, [LONG], corrections={"age": 34}, waive=["age: in_range"])
    held = log.in_effect()[LONG]
    assert (held.corrections, held.waive) == ({"age": 34, "job": "cook"}, ("isin", "age: in_range"))
    log.withdraw([LONG])
    assert log.in_effect() == {}
    assert len(log.read()) == 3


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        (Decision(5), "there is no such row.*such as"),
        (Decision(LONG, {"agee": 1}), "one of the columns age, job, x, got 'agee'"),
        (Decision(-8, waive=("in_range",)), "one that it fails: job: isin"),
    ],
)
def test_what_does_not_fit_is_refused_as_a_whole(log: ReleaseLog, decision: Decision, message: str) -> None:
    """A row that is not there, a column or a check that is misspelt: nothing is recorded then."""
    with pytest.raises(DataError, match=message):
        log.record(QUARANTINED, [Decision(LONG, {"age": 1}), decision])
    assert log.read() == []


def test_only_what_was_released_can_be_withdrawn(log: ReleaseLog) -> None:
    """A slip of the pen does not pass for a withdrawal."""
    with pytest.raises(DataError, match="a row that was released"):
        log.withdraw([LONG])


def test_the_fingerprint_changes_with_each_decision(log: ReleaseLog) -> None:
    """So that the next run does not take its old result for the new one."""
    before = log.fingerprint()
    log.release(QUARANTINED, [-8])
    assert log.fingerprint() != before == ReleaseLog(log.path.parent / "none.jsonl").fingerprint()


def test_a_torn_line_is_cut_off(log: ReleaseLog) -> None:
    """What a killed process left unfinished was promised to nobody, and spoils no later line."""
    (first,) = log.release(QUARANTINED, [-8])
    with log.path.open("ab") as file:
        file.write(b'{"row_id": 4')
    assert log.read() == [first]
    log.release(QUARANTINED, [LONG])
    assert [item.row_id for item in log.read()] == [-8, LONG]


def test_a_damaged_line_is_told(log: ReleaseLog) -> None:
    """With its number and what to do."""
    log.release(QUARANTINED, [-8])
    with log.path.open("ab") as file:
        file.write(b"{}\n")
    with pytest.raises(StateError, match="line 2 of"):
        log.read()


def test_many_people_at_once(log: ReleaseLog) -> None:
    """No decision is lost."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: log.release(QUARANTINED, [LONG, -8]), range(20)))
    assert len(log.read()) == 40


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """Of the state, not of the data."""
    (tmp_path / "quarantine").write_text("a file")
    with pytest.raises(StateError, match="cannot be read or written"):
        ReleaseLog.of(tmp_path, "shop").release(QUARANTINED, [LONG])

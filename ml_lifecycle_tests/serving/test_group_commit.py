"""Many callers share a transaction; whoever returns has their lines in the log, and an error reaches them all."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ml_lifecycle.errors import StateError
from ml_lifecycle.serving.group_commit import GroupCommit
from ml_lifecycle.serving.log_lines import LoggedFailure, Values
from ml_lifecycle.serving.prediction_log import LoggedPrediction, PredictionLog

_DAY = datetime(2026, 1, 1)  # noqa: DTZ001 - the log holds naive UTC


def _line(key: str, **more: Any) -> LoggedPrediction:
    said = {"event_time": _DAY, "inputs": {"income": 5.5}, **more}
    return LoggedPrediction("p", "1", key, prediction="yes", score=0.75, **said)


@pytest.fixture
def commit(log: PredictionLog) -> Iterator[GroupCommit]:
    """A group commit into an empty log."""
    commit = GroupCommit(log)
    yield commit
    commit.close()


class _Stuck(PredictionLog):
    """A log whose writes wait until they are let go, and then may fail."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.let_go = threading.Event()
        self.error: Exception | None = None

    def write(
        self, lines: Sequence[Values], failures: Sequence[LoggedFailure] = (), blocks: Sequence[Values] = ()
    ) -> int:
        """Wait first."""
        self.let_go.wait(30)
        if self.error is not None:
            raise self.error
        return super().write(lines, failures, blocks)


async def _append_all(commit: GroupCommit, lines: Sequence[LoggedPrediction]) -> list[BaseException | None]:
    return await asyncio.gather(*[commit.append([line]) for line in lines], return_exceptions=True)


def test_callers_of_one_moment_share_a_commit(commit: GroupCommit, log: PredictionLog) -> None:
    """All lines are there when they return, in one transaction and not in forty."""
    told = asyncio.run(_append_all(commit, [_line(str(number)) for number in range(40)]))
    assert told == [None] * 40
    assert log.count("p") == 40
    facts = commit.facts()
    assert (facts.commits, facts.lines, facts.waiting, facts.refused) == (1, 40, 0, 0)
    assert facts.last_seconds > 0


def test_whoever_returns_finds_the_line_in_the_log(commit: GroupCommit, tmp_path: Path) -> None:
    """As another connection sees it, at once; from an event loop and from threads."""
    other = PredictionLog(f"sqlite:///{tmp_path / 'service.db'}")

    async def append_and_look(number: int) -> None:
        await commit.append([_line(f"{number}a"), _line(f"{number}b")])
        assert other.count("p") == 2 * (number + 1)

    async def one_after_the_other() -> None:
        for number in range(10):
            await append_and_look(number)

    asyncio.run(one_after_the_other())
    threads = [threading.Thread(target=commit.append_sync, args=([_line(str(number))],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert other.count("p") == 28
    asyncio.run(commit.append([]))
    commit.append_sync([])


def test_a_line_keeps_what_it_was_given(commit: GroupCommit, log: PredictionLog) -> None:
    """Times sort and read as SQLAlchemy's do; what no database keeps as text does not stop others."""
    half = _DAY.replace(hour=12, microsecond=5)
    lines = [_line("a\x00b", event_time=half, role="canary", request_id="r1"), _line("big", inputs={"n": 2**70})]
    asyncio.run(_append_all(commit, [*lines, *[_line(str(number)) for number in range(150)]]))
    canary = log.window("p", half, half.replace(microsecond=6), role="canary")
    assert canary["row_key"].tolist() == ["a\N{REPLACEMENT CHARACTER}b"]
    assert len(log.window("p", _DAY, half)) == 151
    assert log.window("p", half.replace(microsecond=6), half.replace(day=2)).empty


def test_an_error_reaches_every_caller_and_the_next_ones_are_served(tmp_path: Path) -> None:
    """The database refuses: nobody is told that a line is kept; when it is back, all goes on."""
    log = _Stuck(f"sqlite:///{tmp_path / 'service.db'}")
    log.error = StateError("the disk is full")
    log.let_go.set()
    commit = GroupCommit(log)
    told = asyncio.run(_append_all(commit, [_line(str(number)) for number in range(10)]))
    assert [str(error) for error in told] == ["the disk is full."] * 10
    assert commit.facts().refused == 10
    log.error = RuntimeError("a surprise")
    with pytest.raises(StateError, match="a surprise"):
        commit.append_sync([_line("a")])
    log.error = None
    commit.append_sync([_line("a")])
    assert log.count("p") == 1
    commit.close()


def test_a_line_that_the_database_refuses_harms_only_its_caller(commit: GroupCommit, log: PredictionLog) -> None:
    """The others of the same commit are kept."""
    bad = _line("bad", entity="half a character: \ud800")
    told = asyncio.run(_append_all(commit, [_line("a"), bad, _line("b")]))
    assert [type(error) for error in told] == [type(None), StateError, type(None)]
    assert set(log.window("p", _DAY, _DAY.replace(day=2))["row_key"]) == {"a", "b"}


def test_too_many_that_wait_are_refused_at_once(tmp_path: Path) -> None:
    """A database that stands still does not fill the memory; one request alone is always taken, however large."""
    log = _Stuck(f"sqlite:///{tmp_path / 'service.db'}")
    commit = GroupCommit(log, most_waiting=5)

    async def crowd() -> list[BaseException | None]:
        large = asyncio.create_task(commit.append([_line(str(number)) for number in range(10)]))
        await asyncio.sleep(0.05)
        with pytest.raises(StateError, match="at most 5 lines"):
            await commit.append([_line("late")])
        log.let_go.set()
        await large
        return await _append_all(commit, [_line("after")])

    assert asyncio.run(crowd()) == [None]
    assert log.count("p") == 11
    assert commit.facts().refused == 1
    commit.close()


def test_closing_writes_what_waits_and_refuses_later_calls(tmp_path: Path) -> None:
    """Also what a caller has given up waiting for, and failures."""
    log = _Stuck(f"sqlite:///{tmp_path / 'service.db'}")
    commit = GroupCommit(log)

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(commit.append([_line("a")]), 0.05)

    asyncio.run(give_up())
    commit.count_failures([LoggedFailure("p", "1", "city", "isin")] * 3)
    log.let_go.set()
    commit.close()
    assert log.count("p") == 1
    assert log.failure_frame("p", _DAY)["rows"].tolist() == [3]
    with pytest.raises(StateError, match="closed"):
        commit.append_sync([_line("b")])


def test_closing_in_the_moment_of_the_first_line_keeps_it(log: PredictionLog) -> None:
    """Before the writer was called at all."""
    commit = GroupCommit(log)

    async def append_and_close() -> None:
        waiting = asyncio.create_task(commit.append([_line("a")]))
        await asyncio.sleep(0)
        commit.close()
        await waiting

    asyncio.run(asyncio.wait_for(append_and_close(), 20))
    assert log.count("p") == 1


def test_failures_are_counted_by_kind(log: PredictionLog) -> None:
    """Thousands of the same kind are one line of the database."""
    commit = GroupCommit(log)
    commit.count_failures(LoggedFailure("p", "1", "city", "isin") for _ in range(1000))
    commit.count_failures([LoggedFailure("p", "2", "", "row", rows=5, role="canary")])
    commit.close()
    found = log.failure_frame("p", _DAY)
    assert found.to_numpy().tolist() == [["1", "champion", "city", "isin", 1000], ["2", "canary", "", "row", 5]]
    assert log.failure_frame("q", _DAY).empty


_WRITER = """
import asyncio, sys
from datetime import datetime
from ml_lifecycle.serving.group_commit import GroupCommit
from ml_lifecycle.serving.prediction_log import LoggedPrediction, PredictionLog

async def write(mine, each):
    commit = GroupCommit(PredictionLog(sys.argv[1]))
    async def caller(number):
        for place in range(each):
            key = f"{mine}-{number}-{place}"
            await commit.append([LoggedPrediction("p", mine, key, datetime(2026, 1, 1), {"x": 1}, "yes", 0.5)])
    await asyncio.gather(*[caller(number) for number in range(4)])
    commit.close()

asyncio.run(write(sys.argv[2], 50))
"""


def test_several_processes_write_one_file(log: PredictionLog, tmp_path: Path) -> None:
    """Four at the same time, each with four callers: no line is lost, none refused."""
    url = f"sqlite:///{tmp_path / 'service.db'}"
    running = [
        subprocess.Popen([sys.executable, "-c", _WRITER, url, str(number)], stderr=subprocess.PIPE, text=True)
        for number in range(4)
    ]
    said = [process.communicate(timeout=120)[1] for process in running]
    assert [process.returncode for process in running] == [0] * 4, said
    assert log.window("p", _DAY, _DAY.replace(day=2))["row_key"].nunique() == 4 * 4 * 50

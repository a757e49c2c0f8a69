"""`GroupCommit`: many requests, one transaction; whoever is told that a line is kept can rely on it.

One thread writes. While it commits, new lines gather, and the next commit takes all of them: the busier the server, the
less a line costs. What a line is lives in `log_lines`, the tables' door in `prediction_log`.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic, perf_counter
from typing import Final

from ml_lifecycle.errors import StateError
from ml_lifecycle.serving.log_blocks import LoggedBlock
from ml_lifecycle.serving.log_lines import LoggedFailure, LoggedPrediction, Values, values_of
from ml_lifecycle.serving.prediction_log import PredictionLog

#: Lines that may wait for a commit; at 10,000 lines a second a database that stands still is noticed after seconds.
_MOST_WAITING: Final = 20_000
#: The writer looks by itself this often: for failures, which nobody waits for, and if an event loop ended meanwhile.
_LOOK_SECONDS: Final = 1.0
#: How long nothing must have come before a block is laid out.
_PAUSE_SECONDS: Final = 0.25
#: A commit that is refused sooner is tried again for each caller alone; a later one has waited for a lock in vain.
_QUICK_SECONDS: Final = 1.0
#: So many callers refused one after the other: the database is down, and not their lines to blame.
_DOWN: Final = 3


@dataclass(frozen=True, slots=True)
class CommitFacts:
    """What has happened since the start.

    Args:
        waiting: Lines that wait for a commit now.
        commits: Transactions that were committed.
        lines: Lines that were committed.
        refused: Lines that were not kept: the database refused, or too many were waiting.
        last_seconds: How long the last commit took.
    """

    waiting: int
    commits: int
    lines: int
    refused: int
    last_seconds: float


@dataclass(slots=True)
class _Waiting:
    """What one caller brought, how many predictions that are, and whom to tell."""

    lines: Sequence[Values]
    told: asyncio.Future[None] | Future[None]
    loop: asyncio.AbstractEventLoop | None
    rows: int
    blocks: Sequence[Values] = ()


class GroupCommit:
    """Writes lines of many callers to the prediction log together.

    Args:
        log: The prediction log.
        most_waiting: Lines that may wait; beyond them callers are refused at once.
    """

    def __init__(self, log: PredictionLog, *, most_waiting: int = _MOST_WAITING) -> None:
        self._log = log
        self._most = most_waiting
        self._queue: deque[_Waiting] = deque()
        self._failures: dict[tuple[str, ...], LoggedFailure] = {}
        self._failures_due = 0.0
        self._changed = threading.Condition(threading.Lock())
        self._closed = False
        self._idle = False
        self._waiting = self._commits = self._lines = self._refused = 0
        self._last_seconds = 0.0
        self._blocks = False
        self._writer: threading.Thread | None = None

    async def append(self, lines: Sequence[LoggedPrediction]) -> None:
        """Keep predictions; when this returns, they survive a killed process.

        Raises:
            StateError: The database refuses, too many lines wait, or the log is closed; then none was kept.
        """
        if not lines:
            return
        loop = asyncio.get_running_loop()
        told: asyncio.Future[None] = loop.create_future()
        self._put(_Waiting([values_of(line) for line in lines], told, loop, len(lines)))
        await told

    async def append_block(self, block: LoggedBlock) -> None:
        """Keep the predictions of a large request as one line, which is laid out later; as `append`.

        Raises:
            StateError: As `append`.
        """
        loop = asyncio.get_running_loop()
        told: asyncio.Future[None] = loop.create_future()
        self._put(_Waiting((), told, loop, len(block.names), [block.values()]))
        await told

    def append_sync(self, lines: Sequence[LoggedPrediction]) -> None:
        """Keep predictions from a thread that is no event loop's; as `append`.

        Raises:
            StateError: As `append`.
        """
        if not lines:
            return
        told: Future[None] = Future()
        self._put(_Waiting([values_of(line) for line in lines], told, None, len(lines)))
        told.result()

    def count_failures(self, failures: Iterable[LoggedFailure]) -> None:
        """Count rows that got an error, within two seconds; nobody waits for that."""
        with self._changed:
            for item in failures:
                self._count(item)
            if self._writer is None and not self._closed:
                self._start()

    def facts(self) -> CommitFacts:
        """What has happened since the start."""
        return CommitFacts(self._waiting, self._commits, self._lines, self._refused, self._last_seconds)

    def close(self) -> None:
        """Commit what waits and end; later calls are refused."""
        with self._changed:
            if self._queue and self._writer is None:
                self._start()
            self._closed = True
            self._changed.notify()
        if self._writer is not None:
            self._writer.join()

    def _put(self, item: _Waiting) -> None:
        with self._changed:
            if self._closed:
                raise _refusal("a log that is open", "one that was closed")
            if self._waiting and self._waiting + item.rows > self._most:
                self._refused += item.rows
                raise _refusal(f"at most {self._most:,} lines that wait for the database", f"{self._waiting:,}")
            self._queue.append(item)
            self._waiting += item.rows
            first = len(self._queue) == 1
        if not first:  # somebody has called the writer already
            return
        if item.loop is None:
            self._call_writer()
        else:  # all that come with this turn of the event loop share a commit
            item.loop.call_soon(self._call_writer)

    def _call_writer(self) -> None:
        with self._changed:
            if self._writer is None:
                self._start()
            elif self._idle:
                self._changed.notify()

    def _start(self) -> None:
        self._writer = threading.Thread(target=self._write_until_closed, name="prediction-log", daemon=True)
        self._writer.start()

    def _write_until_closed(self) -> None:
        while True:
            with self._changed:
                if not self._queue and not self._closed:
                    self._idle = True
                    self._changed.wait(_PAUSE_SECONDS if self._blocks else _LOOK_SECONDS)
                    self._idle = False
                batch, self._queue = self._queue, deque()
                failures = self._take_failures()
                if self._closed and not batch and not failures:
                    return
            if batch or failures:
                self._commit(batch, failures)
            else:
                self._lay_out_while_idle()

    def _lay_out_while_idle(self) -> None:
        """Turn blocks into lines until somebody waits. What cannot be turned now, a reader will turn."""
        while self._blocks and not self._queue and not self._closed:
            try:
                self._blocks = self._log.lay_out(most=1) > 0
            except StateError:
                self._blocks = False

    def _take_failures(self) -> Sequence[LoggedFailure]:
        """What is to be counted, once in a while."""
        if not self._failures or (monotonic() < self._failures_due and not self._closed):
            return ()
        self._failures_due = monotonic() + _LOOK_SECONDS
        taken, self._failures = list(self._failures.values()), {}
        return taken

    def _count(self, item: LoggedFailure) -> None:
        kind = (item.project, item.model_version, item.role, item.column, item.check)
        known = self._failures.get(kind)
        self._failures[kind] = item if known is None else replace(known, rows=known.rows + item.rows)

    def _commit(self, batch: Sequence[_Waiting], failures: Sequence[LoggedFailure]) -> None:
        began = perf_counter()
        error = self._write(batch, failures)
        if error is not None and not self._closed:
            self.count_failures(failures)  # another time
        if error is None or len(batch) < 2 or perf_counter() - began > _QUICK_SECONDS:  # noqa: PLR2004 - several callers
            self._tell(batch, error)
            return
        refused = 0  # what one caller brought may be to blame: the others must not suffer for it
        for item in batch:
            if refused < _DOWN:
                error = self._write([item], ())
                refused = 0 if error is None else refused + 1
            self._tell([item], error)

    def _write(self, batch: Sequence[_Waiting], failures: Sequence[LoggedFailure]) -> StateError | None:
        """One transaction; the error, if it was refused."""
        lines = [line for item in batch for line in item.lines]
        blocks = [block for item in batch for block in item.blocks]
        began = perf_counter()
        try:
            self._log.write(lines, failures, blocks)
        except Exception as error:  # noqa: BLE001 - the boundary of a thread: it must live, and the callers be told
            return error if isinstance(error, StateError) else _refusal("lines that the database takes", repr(error))
        self._commits += 1
        self._lines += sum(item.rows for item in batch)
        self._blocks = self._blocks or bool(blocks)
        self._last_seconds = perf_counter() - began
        return None

    def _tell(self, batch: Sequence[_Waiting], error: StateError | None) -> None:
        rows = sum(item.rows for item in batch)
        with self._changed:
            self._waiting -= rows
            self._refused += rows if error is not None else 0
        _wake(batch, error)


def _wake(batch: Sequence[_Waiting], error: StateError | None) -> None:
    """Wake the callers, each event loop once."""
    loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for item in batch:
        if isinstance(item.told, Future):
            _settle([item.told], error)
        elif item.loop is not None:
            loops.setdefault(item.loop, []).append(item.told)
    for loop, futures in loops.items():
        with suppress(RuntimeError):  # the loop has been closed: nobody waits there
            loop.call_soon_threadsafe(_settle, futures, error)


def _settle(futures: Sequence[asyncio.Future[None] | Future[None]], error: StateError | None) -> None:
    for future in futures:
        if future.done():  # the caller has gone
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)


def _refusal(expected: str, got: str) -> StateError:
    return StateError(
        "the prediction cannot be logged",
        expected=expected,
        got=got,
        advice="see whether the service database is reachable and quick enough, or send fewer requests",
    )

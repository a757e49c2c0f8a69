"""`Desk`: rows in; each is scored by the version that is to answer it, and in the log before its answer goes out.

Which version that is, the provider says; what an answer is, `scoring`; how bodies become rows and answers bodies, the
`protocols`; keys and limits are the business of `front`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Final

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.cell_rows import CellRows
from ml_lifecycle.dataset.rows import is_missing, text_of
from ml_lifecycle.errors import StateError
from ml_lifecycle.serving.champion import Provider
from ml_lifecycle.serving.log_lines import LoggedFailure
from ml_lifecycle.serving.metrics import Metrics
from ml_lifecycle.serving.replies import Refused
from ml_lifecycle.serving.routing import CHAMPION, SHADOW, Pick, Served

if TYPE_CHECKING:
    from ml_lifecycle.serving.group_commit import GroupCommit
    from ml_lifecycle.serving.online_log import OnlineLog
    from ml_lifecycle.serving.scoring import Answer

#: From so many rows on they are scored in a thread, so that other callers do not wait for them.
_THREAD_ROWS: Final = 64
#: Rows that may wait for the shadow; beyond them it is not asked.
_SHADOW_ROWS: Final = 2_000
#: What the check is called when a version could not answer at all.
BROKEN: Final = "broken"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answered:
    """What is said of the rows of a request.

    Args:
        version: The version that answered; of several, that of the first row.
        answers: One for each row.
        names: The id of each prediction; None for rows that got none, and where nothing is kept.
        versions: The version of each row, where there are several.
    """

    version: str
    answers: Sequence[Answer]
    names: Sequence[str | None]
    versions: Sequence[str] | None = None

    @property
    def status(self) -> int:
        """422 where there is no good row."""
        all_bad = len(self.answers) > 0 and all(answer.failures for answer in self.answers)
        return HTTPStatus.UNPROCESSABLE_ENTITY if all_bad else HTTPStatus.OK


class Desk:
    """Has rows answered.

    Args:
        config: The project.
        provider: Which version answers.
        kept: Makes the lines of the log; None where nothing is kept.
        commit: Writes them, many callers' together; None where nothing is kept.
        metrics: Where rows are counted.
    """

    def __init__(
        self,
        config: ProjectConfig,
        provider: Provider,
        *,
        kept: OnlineLog | None,
        commit: GroupCommit | None,
        metrics: Metrics,
    ) -> None:
        self.provider = provider
        self._project = config.name
        self._by = config.dataset.entity if config.serving.sticky_by == "entity" else None
        self._kept = kept
        self._commit = commit
        self._metrics = metrics
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="many-rows")
        self._waiting = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def served(self) -> Served:
        """The version in production.

        Raises:
            Refused: There is none.
        """
        served = self.provider.served
        if served is None:
            raise Refused(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "no version is in production",
                got=self.provider.problem,
                what_to_do=f"run `ml-lifecycle run {self._project}` first",
            )
        return served

    async def answer(self, rows: Sequence[object], request_id: str, *, version: str | None = None) -> Answered:
        """Score rows, and keep what is answered.

        Args:
            rows: What came in the place of each row.
            request_id: What names the request.
            version: The version that is to answer, where the caller asks for one.

        Raises:
            Refused: No version answers, not the one that is asked for, or the log cannot be written.
        """
        picks = self._pick(rows, request_id, version)
        first = picks[0]
        if all(pick.served is first.served for pick in picks):
            answered = await self._answer_by(first, rows, request_id)
        else:
            answered = await self._answer_apart(rows, picks, request_id)
        self._ask_shadow(rows, request_id, answered.names)
        return answered

    async def close(self) -> None:
        """Let what is under way come to its end, and write what waits."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._commit is not None:
            await asyncio.to_thread(self._commit.close)

    async def score(self, served: Served, rows: Sequence[object]) -> Sequence[Answer]:
        """Score rows without keeping anything."""
        return await self._score(served, rows)

    async def _answer_by(self, pick: Pick, rows: Sequence[object], request_id: str) -> Answered:
        """Rows that one version answers; where that is a new one which breaks, the champion answers in its place."""
        began = perf_counter()
        try:
            answers = await self._score(pick.served, rows)
        except Exception:
            if pick.role == CHAMPION:
                raise
            _log.exception("%s: version %s broke as %s", self._project, pick.served.version, pick.role)
            self._count_broken(pick, len(rows))
            pick, began = Pick(self.served, CHAMPION), perf_counter()
            answers = await self._score(pick.served, rows)
        names = await self._keep(pick, rows, answers, request_id, began)
        return Answered(pick.served.version, answers, names)

    def _count_broken(self, pick: Pick, rows: int) -> None:
        """Rows on which a version broke count against it."""
        self._metrics.count_failure("", BROKEN)
        if self._commit is not None:
            failure = LoggedFailure(self._project, pick.served.version, "", BROKEN, rows=rows, role=pick.role)
            self._commit.count_failures([failure])

    async def _answer_apart(self, rows: Sequence[object], picks: Sequence[Pick], request_id: str) -> Answered:
        """Rows of callers that different versions answer."""
        places: dict[str, tuple[Pick, list[int]]] = {}
        for place, pick in enumerate(picks):
            places.setdefault(pick.served.version, (pick, []))[1].append(place)
        answers: dict[int, Answer] = {}
        names: dict[int, str | None] = {}
        versions: dict[int, str] = {}
        for pick, own in places.values():
            answered = await self._answer_by(pick, [rows[place] for place in own], request_id)
            answers.update(zip(own, answered.answers, strict=True))
            names.update(zip(own, answered.names, strict=True))
            versions.update(dict.fromkeys(own, answered.version))
        order = range(len(rows))
        return Answered(
            versions[0],
            [answers[place] for place in order],
            [names[place] for place in order],
            [versions[place] for place in order],
        )

    def _pick(self, rows: Sequence[object], request_id: str, version: str | None) -> Sequence[Pick]:
        """Who answers each row; one for all where that is the same."""
        served = self.served
        pick = self.provider.pick
        if version is not None and version != served.version:
            raise Refused(HTTPStatus.NOT_FOUND, "this version does not answer", got=version, what_to_do="leave it out")
        if version is not None:
            return [Pick(served, CHAMPION)]
        if self._by is None or not rows:
            return [pick(request_id)]
        if not isinstance(rows, CellRows):
            return [pick(_entity(row, self._by) or request_id) for row in rows]
        cells = rows.column(self._by)
        if cells is None:
            return [pick(request_id)]
        return [pick(_name(cell) or request_id) for cell in cells]

    async def _score(self, served: Served, rows: Sequence[object]) -> Sequence[Answer]:
        scorer = served.scorer
        if len(rows) < _THREAD_ROWS or not scorer.threadable:
            return scorer.score_rows(rows)
        return await asyncio.get_running_loop().run_in_executor(self._thread, scorer.score_rows, rows)

    async def _keep(
        self,
        pick: Pick,
        rows: Sequence[object],
        answers: Sequence[Answer],
        request_id: str,
        began: float,
        keys: Sequence[str | None] = (),
    ) -> Sequence[str | None]:
        good = 0
        for answer in answers:
            if answer.failures:
                self._metrics.count_failure(answer.failures[0].column, answer.failures[0].check)
            else:
                good += 1
        version = pick.served.version
        self._metrics.count_rows(version, pick.role, good)
        if self._kept is None or self._commit is None:
            return [None] * len(answers)
        took = (perf_counter() - began) * 1000
        if good < len(answers):
            self._commit.count_failures(self._kept.failures(pick, answers))
        try:
            names = await self._log(pick, rows, answers, request_id, took, keys)
        except StateError as error:  # what is not in the log is not answered
            raise Refused(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "the prediction cannot be logged",
                what_to_do="ask the operator of this server; try again later",
                headers=((b"retry-after", b"1"),),
            ) from error
        if pick.role != SHADOW:  # what is only tried has not happened
            pick.served.scorer.learn(answers)
        return names

    async def _log(
        self,
        pick: Pick,
        rows: Sequence[object],
        answers: Sequence[Answer],
        request_id: str,
        took: float,
        keys: Sequence[str | None],
    ) -> Sequence[str | None]:
        """Write what was answered into the log; the names of the predictions."""
        assert self._kept is not None and self._commit is not None, "whoever asks has seen it"  # noqa: S101, PT018 - same
        if len(rows) >= _THREAD_ROWS:
            block = self._kept.block(pick, rows, answers, request_id=request_id, latency_ms=took, keys=keys)
            if block is not None:
                await self._commit.append_block(block)
                return block.names
        lines, names = self._kept.lines(pick, rows, answers, request_id=request_id, latency_ms=took, keys=keys)
        await self._commit.append(lines)
        return names

    def _ask_shadow(self, rows: Sequence[object], request_id: str, names: Sequence[str | None]) -> None:
        """Have the shadow answer after the caller was answered; where there is no time for it, not at all."""
        shadow = self.provider.shadow
        if shadow is None:
            return
        if self._waiting + len(rows) > _SHADOW_ROWS:
            self._metrics.count_dropped()
            return
        self._waiting += len(rows)
        task = asyncio.get_running_loop().create_task(self._answer_in_shadow(shadow, rows, request_id, names))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_in_shadow(
        self, shadow: Served, rows: Sequence[object], request_id: str, names: Sequence[str | None]
    ) -> None:
        pick = Pick(shadow, SHADOW)
        try:
            await asyncio.sleep(0)
            began = perf_counter()
            answers = await self._score(shadow, rows)
            # Outcomes come under the name of the answer that was returned.
            await self._keep(pick, rows, answers, request_id, began, names)
        except Refused:  # nobody waits for it
            self._metrics.count_dropped()
        except Exception:  # noqa: BLE001 - the boundary of a task that nobody awaits
            _log.exception("%s: version %s broke as %s", self._project, shadow.version, SHADOW)
            self._count_broken(pick, len(rows))
        finally:
            self._waiting -= len(rows)


def _entity(row: object, column: str) -> str | None:
    return _name(row.get(column)) if isinstance(row, Mapping) else None


def _name(cell: object) -> str | None:
    return None if is_missing(cell) else text_of(cell)

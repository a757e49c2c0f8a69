"""Several processes that search side by side: they share the journal, the tickets and the rows, nothing else.

Rows are handed over as .npy files that each process maps into memory. Processes are spawned, never forked: a forked
process hangs in OpenMP. The cores are divided among them.

What is the same again: random and grid searches try the same configurations as one process does, whoever runs them.
Guided methods learn from what has finished when they draw, and pruning compares with what has finished: with several
processes both depend on who was quicker.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cloudpickle  # type: ignore[import-untyped]
import numpy as np
from optuna import Study

from ml_lifecycle.config.modeling import ModelingConfig
from ml_lifecycle.errors import ModelError
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.estimators import Goal, get_family
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.score import Score
from ml_lifecycle.modeling.search import Part, Search
from ml_lifecycle.modeling.tuning.loop import Clock, Progress, run_trials
from ml_lifecycle.modeling.tuning.study import find_best, join_study, list_finished, score_of

#: Seconds between two looks of the parent at how far its workers are.
LOOK_SECONDS = 0.2
_ARRAYS = ("y", "row_ids", "query", "time", "weight")


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker needs to know; the rows lie in `folder`.

    Args:
        folder: Where the rows are.
        names: Names of the features.
        categorical: Positions of those that are codes.
        parts: Number of pairs of rows.
        goal: What is fitted, with this worker's threads.
        config: The configuration.
        score: The metric, by cloudpickle: metrics are made of inner functions.
        journal: The journal.
        study: Name of the study.
        deadline: Moment of `time.time()` when the seconds are over.
        total_rows: Rows of the final fit.
    """

    folder: Path
    names: tuple[str, ...]
    categorical: tuple[int, ...]
    parts: int
    goal: Goal
    config: ModelingConfig
    score: bytes
    journal: Path
    study: str
    deadline: float
    total_rows: int


class SharedTickets:
    """Tickets that processes share.

    Args:
        semaphore: One of `multiprocessing`, with as many places as there are trials.
    """

    def __init__(self, semaphore: Any) -> None:  # noqa: ANN401 - its class depends on the platform
        self._semaphore = semaphore

    def take(self) -> bool:
        """Take one, if there is one; none without the process that started this one: it was killed."""
        parent = multiprocessing.parent_process()
        orphaned = parent is not None and not parent.is_alive()
        return not orphaned and bool(self._semaphore.acquire(block=False))


def run_workers(
    study: Study,
    search: Search,
    clock: Clock,
    trials: int,
    *,
    journal: Path,
    total_rows: int,
    progress: Progress | None,
) -> None:
    """Run so many trials in the configured number of processes, and wait for them.

    A process that dies takes its trial with it; who calls this makes up for what is missing.

    Raises:
        ModelError: A process ended by an error.
    """
    count = min(search.config.search.workers, trials)
    context = multiprocessing.get_context("spawn")
    tickets = context.Semaphore(trials)
    with tempfile.TemporaryDirectory(dir=journal.parent, prefix="search-") as folder:
        store_parts(search.parts, Path(folder))
        matrix = search.parts[0].train.matrix
        task = Task(
            Path(folder), tuple(matrix.names), tuple(matrix.categorical), len(search.parts),
            replace(search.goal, threads=max(1, search.goal.threads // count)), search.config,
            cloudpickle.dumps(search.score),
            journal, study.study_name, clock.deadline, total_rows,
        )  # fmt: skip
        workers = [context.Process(target=work, args=(task, tickets)) for _ in range(count)]
        for worker in workers:
            worker.start()
        try:
            _watch(workers, study, search, progress)
        finally:
            for worker in workers:
                worker.terminate() if worker.is_alive() else None
                worker.join()
    failed = [worker.exitcode for worker in workers if worker.exitcode and worker.exitcode > 0]
    if failed:
        raise ModelError(
            "a process of the search failed",
            expected=f"{count} processes that end well",
            got=f"{len(failed)} that ended with code {failed[0]}; their errors were printed",
            advice="run with modeling.search.workers: 1 to see the error here",
        )


def work(task: Task, semaphore: Any) -> None:  # noqa: ANN401 - its class depends on the platform
    """What one process does: join the study, and run trials until tickets or seconds are over."""
    parts = load_parts(task.folder, task.parts, task.names, task.categorical)
    score: Score = cloudpickle.loads(task.score)
    search = Search(get_family(task.config.family), task.goal, task.config, score, parts)
    study = join_study(task.journal, task.study, search)
    clock = Clock(task.config.search.seconds, deadline=task.deadline)
    run_trials(study, search, clock, SharedTickets(semaphore), total_rows=task.total_rows, leads=False)


def store_parts(parts: Sequence[Part], folder: Path) -> None:
    """Write the rows of all parts as .npy files."""
    for number, part in enumerate(parts):
        for side, samples in (("train", part.train), ("judged", part.judged)):
            np.save(folder / f"{number}-{side}-values.npy", samples.matrix.values)
            for name in _ARRAYS:
                array = getattr(samples, name)
                if array is not None:
                    np.save(folder / f"{number}-{side}-{name}.npy", array)


def load_parts(folder: Path, count: int, names: tuple[str, ...], categorical: tuple[int, ...]) -> tuple[Part, ...]:
    """Map what `store_parts` wrote into memory; processes that do so share it."""

    def load(number: int, side: str) -> Samples:
        arrays = {
            name: np.load(path, mmap_mode="r")
            for name in ("values", *_ARRAYS)
            if (path := folder / f"{number}-{side}-{name}.npy").exists()
        }
        return Samples(FeatureMatrix(arrays.pop("values"), names, categorical), **arrays)

    return tuple(Part(load(number, "train"), load(number, "judged")) for number in range(count))


def _watch(workers: Sequence[Any], study: Study, search: Search, progress: Progress | None) -> None:
    seen = len(list_finished(study))
    while any(worker.is_alive() for worker in workers):
        time.sleep(LOOK_SECONDS)
        finished = len(list_finished(study)) if progress is not None else seen
        if progress is not None and finished != seen:
            best = find_best(study, search)
            progress(finished, None if best is None else score_of(best))
        seen = finished

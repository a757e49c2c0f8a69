"""One session of a search: what is missing of its trials is run, here or in several processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from optuna import Study

from ml_lifecycle.modeling.search import Search
from ml_lifecycle.modeling.search_space import Parameter
from ml_lifecycle.modeling.tuning.loop import Clock, CountedTickets, Progress, count_left, run_trials
from ml_lifecycle.modeling.tuning.queue import SLOWER_FROM, enqueue_first
from ml_lifecycle.modeling.tuning.study import give_back_lost, has_ended, list_finished, note_end
from ml_lifecycle.modeling.tuning.workers import run_workers


def search_on(
    study: Study,
    search: Search,
    clock: Clock,
    known: Sequence[Mapping[str, Parameter]],
    *,
    journal: Path,
    total_rows: int,
    progress: Progress | None = None,
) -> None:
    """Run trials up to the budget; nothing where the search came to its end before.

    With several workers the last trial is left to this process, which also makes up for what a dead one lost.
    """
    budget = search.config.search
    if len(list_finished(study)) >= budget.trials or has_ended(study, budget):
        return
    give_back_lost(study)
    enqueue_first(study, search, known)
    trials = count_left(study, search)
    side_by_side = trials - 1 if budget.trials >= SLOWER_FROM else trials
    if budget.workers > 1 and side_by_side > 1:
        run_workers(study, search, clock, side_by_side, journal=journal, total_rows=total_rows, progress=progress)
        give_back_lost(study)
    tickets = CountedTickets(count_left(study, search))
    run_trials(study, search, clock, tickets, total_rows=total_rows, progress=progress)
    note_end(study, budget)

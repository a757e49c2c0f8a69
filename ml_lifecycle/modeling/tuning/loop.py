"""The loop of a search: trial after trial until the budget of trials or seconds is used up.

The seconds are those of the search and the final fit together: the search ends early enough for the final fit to take
what the best trial's pace says it needs, at most half of all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from optuna import Study
from optuna.trial import TrialState

from ml_lifecycle.modeling.search import Search
from ml_lifecycle.modeling.tuning.methods import count_grid, place_among_drawn
from ml_lifecycle.modeling.tuning.queue import (
    SLOWER,
    SLOWER_FROM,
    enqueue_slower,
    plan_slower,
    was_slowed,
)
from ml_lifecycle.modeling.tuning.study import find_best, list_complete, list_finished, read_facts, score_of
from ml_lifecycle.modeling.tuning.trial import run_trial

#: Share of the seconds that one trial may take at most, so that a slow configuration cannot use up the search.
TRIAL_SHARE = 0.34
#: The least that this share comes down to where the final fit sees many times the rows.
LEAST_SHARE = 0.1
#: Share of the seconds that the final fit may take at most.
FINAL_SHARE = 0.5
#: How much longer than expected the slower form of the best trial may take.
MARGIN = 1.3
#: Trials that are made before time is kept for more rounds of the best of them.
FIRST_TRIALS = 4
#: Trials that are made before the slower form of the best, however long they take.
BEFORE_SLOWER = 2

Progress = Callable[[int, float | None], None]


class Tickets(Protocol):
    """How many trials may still begin; processes share them."""

    def take(self) -> bool:
        """Take one, if there is one."""
        ...


class CountedTickets:
    """Tickets of one process."""

    def __init__(self, count: int) -> None:
        self._left = count

    def take(self) -> bool:
        """Take one, if there is one."""
        self._left -= 1
        return self._left >= 0


class Clock:
    """The seconds of a search.

    Args:
        seconds: The budget.
        spent: What earlier calls used of it.
        deadline: Moment of `time.time()` when it is over, in a process that joins a search; by default it begins now.
    """

    def __init__(self, seconds: float, spent: float = 0.0, deadline: float | None = None) -> None:
        self.seconds = seconds
        self.deadline = time.time() + seconds - spent if deadline is None else deadline

    def left(self) -> float:
        """Seconds that are left; 0 when it is over."""
        return max(self.deadline - time.time(), 0.0)


def spent_before(study: Study, search: Search) -> float:
    """Seconds that earlier calls spent on trials."""
    durations = (trial.duration for trial in list_finished(study))
    spent: float = sum(taken.total_seconds() for taken in durations if taken)
    return spent / search.config.search.workers


def count_left(study: Study, search: Search) -> int:
    """Trials that are still to be made: up to the budget, or to the end of the grid."""
    left = max(search.config.search.trials - len(list_finished(study)), 0)
    if search.config.search.method != "grid":
        return left
    trials = study.get_trials(deepcopy=False)
    waiting = sum(trial.state is TrialState.WAITING for trial in trials)
    drawn = place_among_drawn(trials, len(trials))
    return min(left, waiting + max(count_grid(search.space, search.config.search.grid_points) - drawn, 0))


def run_trials(
    study: Study,
    search: Search,
    clock: Clock,
    tickets: Tickets,
    *,
    total_rows: int,
    progress: Progress | None = None,
    leads: bool = True,
    ends: bool = True,
) -> None:
    """Run trials as long as there are tickets and seconds; one is made in any case.

    Args:
        study: The study.
        search: The search.
        clock: Its seconds.
        tickets: Its trials.
        total_rows: Rows of the final fit, for which time is left.
        progress: Told the number of finished trials and the best value so far, after each trial.
        leads: Whether this process queues the slower form of the best trial.
        ends: Whether the final fit follows, for which time is kept; else one trial may take all seconds.
    """
    while True:
        left = clock.left() - (_reserve(study, search, clock, total_rows) if ends else 0.0)
        if (left <= 0 and list_complete(study)) or not tickets.take():
            return
        slowed = leads and ends and _slow_down(study, search, left, total_rows)
        most = _trial_share(search, total_rows) * clock.seconds if ends and not slowed else left
        run_trial(study, search, max(min(left, most), 0.0))
        if progress is not None:
            finished, best = list_finished(study), find_best(study, search)
            progress(len(finished), None if best is None else score_of(best))


def _trial_share(search: Search, total_rows: int) -> float:
    """Share of the seconds for one trial: where the final fit sees more rows, what that could still repeat on them."""
    return float(min(TRIAL_SHARE, max(LEAST_SHARE, FINAL_SHARE * search.rows / max(total_rows, 1))))


def _reserve(study: Study, search: Search, clock: Clock, total_rows: int) -> float:
    """Seconds of the final fit: none where the best trial saw all rows, ended by itself, and its model is at hand.

    If only its deadline ended it, more rounds are a surer gain than more trials, once a few were made.
    """
    best = find_best(study, search)
    if best is None:
        return 0.0
    facts, most = read_facts(best), FINAL_SHARE * clock.seconds
    pace = facts["fit_seconds"] / max(facts["rows"], 1)
    if total_rows > search.rows or search.has_folds or search.for_latency or search.config.search.workers > 1:
        return float(min(most, pace * total_rows))
    looked_around = len(list_finished(study)) >= FIRST_TRIALS
    return most if looked_around and facts["stopped"] == "deadline" else 0.0


def _slow_down(study: Study, search: Search, left: float, total_rows: int) -> bool:
    """Queue the slower form of the best trial when it is time: before the last trial, or before the seconds are over.

    Where a trial takes much of the seconds, that is soon: the slower form is a surer gain than one more configuration.
    Not where the final fit sees more rows than the search: it takes the slower rate itself, if time allows.

    Returns:
        Whether it was queued; it may take all seconds that are left.
    """
    budget = search.config.search
    best = find_best(study, search)
    if best is None or budget.trials < SLOWER_FROM or budget.method not in {"tpe", "cmaes", "gp"}:
        return False
    final_slows = total_rows > search.rows and not search.has_folds
    if search.for_latency or final_slows or was_slowed(study, best):
        return False
    seconds = float(read_facts(best)["fit_seconds"]) * (len(search.parts) if search.has_folds else 1)
    finished = len(list_finished(study))
    last = finished == budget.trials - 1
    due = seconds / SLOWER * MARGIN >= left - seconds
    params = plan_slower(best, search, affordable=seconds * MARGIN / max(left, 1e-9))
    if params is None or not (last or (due and finished >= BEFORE_SLOWER)):
        return False
    enqueue_slower(study, best, params)
    return True

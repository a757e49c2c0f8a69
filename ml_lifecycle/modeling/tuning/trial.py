"""One trial: a configuration is drawn, fitted, watched while it is fitted, and noted in the journal.

Holdout: where there are many rows a trial begins with some of them, and goes on with all rows only if it is among the
best third of what was tried there (asynchronous successive halving, Li et al. 2020, over rows). Trials that end before
they saw all rows are `pruned`; only complete ones can be the best. Folds: a trial's value is the mean over the folds,
and it may end after each of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np
import optuna
from optuna import Study, Trial
from optuna.trial import TrialState

from ml_lifecycle.modeling.estimators import Fit
from ml_lifecycle.modeling.score import is_better
from ml_lifecycle.modeling.search import Search, in_seconds
from ml_lifecycle.modeling.search_space import Parameter
from ml_lifecycle.modeling.tuning.latency import count_work, time_trial
from ml_lifecycle.modeling.tuning.methods import HALVING, to_distribution
from ml_lifecycle.modeling.tuning.study import FACTS, ORIGIN, find_best, score_of

#: The step under which the journal keeps the score of a trial on fewer rows.
SMALL_STEP = 0
#: Share of a trial's time that fewer rows may take.
SMALL_SHARE = 0.3
#: Trials that see all rows from the start.
TRUSTED = frozenset({"default", "slower"})
#: A trial is cut when its pace says that it would take so many times the time it has.
TOO_SLOW = 2.0
#: Points that the journal keeps of the curve of a trial that is the best so far.
CURVE_POINTS = 200
#: Models that are kept in memory: the best, and those that an ensemble may take.
KEPT = 3


class Hopeless(optuna.TrialPruned):  # type: ignore[misc]
    """A trial ends early.

    Args:
        reason: `pruner`, `too slow`, `fewer rows` or `folds`.
        rounds: Rounds that were made.
    """

    def __init__(self, reason: str, rounds: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.rounds = rounds


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a complete trial found.

    Args:
        score: Its score.
        facts: What the journal keeps of it.
        fit: Its model; the last fold's where there are folds.
    """

    score: float
    facts: dict[str, Any]
    fit: Fit


def run_trial(study: Study, search: Search, seconds: float) -> None:
    """Draw one configuration, fit it in at most so many seconds, and note how it went.

    Raises:
        ModelError: Nothing can be learnt, or the score is not a number; the trial is noted as failed.
    """
    trial = study.ask({name: to_distribution(domain) for name, domain in search.space.items()})
    began = time.monotonic()
    params = search.fill(trial.params)
    deadline = in_seconds(seconds)
    fit = _fit_folds if search.has_folds else _fit_holdout
    try:
        outcome = fit(trial, search, params, deadline)
    except Hopeless as end:
        facts = {"seconds": time.monotonic() - began, "rounds": end.rounds, "stopped": end.reason}
        trial.set_user_attr(FACTS, facts)
        study.tell(trial, state=TrialState.PRUNED)
        return
    except Exception:
        study.tell(trial, state=TrialState.FAIL)
        raise
    _keep_best(study, search, trial.number, outcome)
    facts = {"seconds": time.monotonic() - began, **outcome.facts}
    if search.for_latency:
        rows = search.parts[0].judged.matrix.values
        facts |= {"work": count_work(outcome.fit.model), "latency_us": time_trial(outcome.fit.model, rows)}
    trial.set_user_attr(FACTS, facts)
    study.tell(trial, [outcome.score, facts["work"]] if search.for_latency else outcome.score)


def _fit_holdout(trial: Trial, search: Search, params: Mapping[str, Parameter], deadline: float) -> Outcome:
    if search.grows and trial.user_attrs.get(ORIGIN, "search") not in TRUSTED:
        _fit_small(trial, search, params, deadline)
    watch = CurveWatch(trial, search, params, deadline)
    began = time.monotonic()
    fit = search.family.fit(search.prepared(), params, search.rounds(deadline, params, watch.report))
    facts = {
        "rounds": fit.rounds,
        "iterations": fit.model.iterations,
        "stopped": fit.stopped,
        "rows": len(search.parts[0].train),
        "fit_seconds": time.monotonic() - began,
    }
    return Outcome(fit.score, facts, fit)


def _fit_small(trial: Trial, search: Search, params: Mapping[str, Parameter], deadline: float) -> None:
    """Fit on fewer rows, in a part of the trial's time, and go on only if that is among the best third."""
    seconds = SMALL_SHARE * (deadline - time.monotonic())
    fit = search.family.fit(search.prepared_small(), params, search.rounds(in_seconds(seconds), params))
    trial.report(fit.score, SMALL_STEP)
    others = [
        other.intermediate_values[SMALL_STEP]
        for other in trial.study.get_trials(deepcopy=False)
        if SMALL_STEP in other.intermediate_values and other.number != trial.number
    ]
    above = sum(is_better(search.score, other, fit.score) for other in others)
    if above >= max(1, (len(others) + 1) // HALVING):
        raise Hopeless("fewer rows", fit.rounds)


def _fit_folds(trial: Trial, search: Search, params: Mapping[str, Parameter], deadline: float) -> Outcome:
    fits: list[Fit] = []
    began = time.monotonic()
    for number in range(len(search.parts)):
        left = max(deadline - time.monotonic(), 0.0) / (len(search.parts) - number)
        fits.append(search.family.fit(search.prepared(number), params, search.rounds(in_seconds(left), params)))
        if not search.for_latency:
            trial.report(fmean(fit.score for fit in fits), number + 1)
            if number + 1 < len(search.parts) and trial.should_prune():
                raise Hopeless("folds", round(fmean(fit.rounds for fit in fits)))
    stops = {fit.stopped for fit in fits}
    facts = {
        "rounds": round(fmean(fit.rounds for fit in fits)),
        "iterations": max(1, round(fmean(fit.model.iterations for fit in fits))),
        "stopped": "deadline" if "deadline" in stops else "patience" if "patience" in stops else "most",
        "rows": len(search.parts[-1].train),
        "fit_seconds": (time.monotonic() - began) / len(fits),
    }
    return Outcome(fmean(fit.score for fit in fits), facts, fits[-1])


def _keep_best(study: Study, search: Search, number: int, outcome: Outcome) -> None:
    """Keep the models of the best trials in memory: where they saw all rows there is nothing left to fit."""
    if search.has_folds or search.for_latency:
        return
    best = find_best(study, search)
    if best is None or is_better(search.score, outcome.score, score_of(best)):
        outcome.facts["curve"] = _thin_out(outcome.fit.curve)
    search.kept[number] = outcome.fit
    if len(search.kept) > KEPT:
        sign = 1 if search.score.greater_is_better else -1
        del search.kept[min(search.kept, key=lambda one: sign * search.kept[one].score)]


def _thin_out(curve: np.ndarray) -> list[tuple[int, float]]:
    """Rounds and scores of a curve, few enough for the journal."""
    judged = np.flatnonzero(~np.isnan(curve))
    few = judged[np.unique(np.linspace(0, len(judged) - 1, CURVE_POINTS).astype(int))] if len(judged) else judged
    return [(int(at) + 1, float(curve[at])) for at in few]


class CurveWatch:
    """Tells the pruner the curve of a trial, at ever wider steps, and cuts a trial that its time cannot hold.

    Args:
        trial: The trial.
        search: The search.
        params: All hyperparameters of the trial.
        deadline: When its time is over.
    """

    def __init__(self, trial: Trial, search: Search, params: Mapping[str, Parameter], deadline: float) -> None:
        self._trial = trial
        self._search = search
        self._progress = search.progress(params)
        self._began = time.monotonic()
        self._deadline = deadline
        self._steps = _list_steps(search.last_step)
        self._reported = 0
        self._done = 0
        self._best: float | None = None
        self._incumbent = find_best(trial.study, search)
        silent = search.config.search.pruner == "none" or search.for_latency
        self.report: Callable[[int, float], None] | None = None if silent else self._report

    def _report(self, done: int, value: float) -> None:
        if self._best is None or is_better(self._search.score, value, self._best):
            self._best = value
        self._done = done
        at = self._progress(done)
        step = max((step for step in self._steps if step <= at), default=0)
        if step <= self._reported:
            return
        self._reported = step
        self._trial.report(self._best, step)
        if self._trial.user_attrs.get(ORIGIN) == "slower":
            return
        if self._trial.should_prune():
            raise Hopeless("pruner", self._done)
        self._cut_if_too_slow(step)

    def _cut_if_too_slow(self, step: int) -> None:
        """Extrapolate the time by the steps that the best trial took, where this one is behind it."""
        if self._incumbent is None or self._best is None:
            return
        curve = self._incumbent.intermediate_values
        there, last = curve.get(step), max(curve, default=0)
        if there is None or last <= step or not is_better(self._search.score, there, self._best):
            return
        needed = (time.monotonic() - self._began) / step * last
        if needed > TOO_SLOW * (self._deadline - self._began):
            raise Hopeless("too slow", self._done)


def _list_steps(last: int) -> list[int]:
    """Steps that are told: each at first, then ever fewer, since telling costs as much as a small tree.

    >>> _list_steps(20)
    [1, 2, 3, 4, 6, 9, 13, 19]
    """
    steps = [1]
    while steps[-1] < last:
        steps.append(max(steps[-1] + 1, steps[-1] * 3 // 2))
    return [step for step in steps if step <= last] or [1]

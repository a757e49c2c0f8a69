"""The final fit: the chosen configuration on all training rows.

Where the best trial saw all of them its model is taken as it is. Where it saw fewer, as many rows are taken as the
seconds allow by its pace, at a slower rate of learning if they allow that too. After folds the number of rounds is the
mean of the folds' best rounds, and the validation rows stay unseen. The journal keeps what came out: a later call for
the same search fits the same, without a clock. What is about to be fitted is kept there too, and the fit writes
checkpoints: a process that is killed in it goes on in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from optuna import Study
from optuna.trial import FrozenTrial

from ml_lifecycle.modeling.estimators import Fit, Rounds
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.sampling import cap_rows
from ml_lifecycle.modeling.score import is_better
from ml_lifecycle.modeling.search import Search, in_seconds
from ml_lifecycle.modeling.search_space import Parameter
from ml_lifecycle.modeling.training import fit_model
from ml_lifecycle.modeling.tuning.queue import plan_slower
from ml_lifecycle.modeling.tuning.study import read_facts, score_of

_FINAL, _PLAN = "final", "final_plan"
#: Seconds that are kept back of those that are left, as a share: a pace is not exact.
RESERVED = 0.2
#: Seconds between two checkpoints of the final fit at most; a short one has four.
CHECKPOINT_SECONDS = 30.0
#: A trial that its deadline ended is continued if there is so many times its time.
WORTH_CONTINUING = 1.2


@dataclass(frozen=True, slots=True)
class Final:
    """The final fit and its hyperparameters."""

    fit: Fit
    params: Mapping[str, Parameter]


def fit_final(
    study: Study, search: Search, train: Samples, best: FrozenTrial, left: float, *, checkpoint: Path | None = None
) -> Final:
    """Fit the configuration of a trial on as many training rows as the seconds allow.

    Args:
        study: The study; it keeps what came out.
        search: The search.
        train: All training rows, augmented.
        best: The trial.
        left: Seconds that are left.
        checkpoint: Where the fit writes how far it has come.
    """
    known = study.user_attrs.get(_FINAL)
    if known is not None and known["trial"] == best.number and known["of"] == len(train):
        return _repeat(search, train, known)
    final = _no_worse(search, best, _fit(study, search, train, best, left, checkpoint))
    facts = final.fit.model.facts
    study.set_user_attr(
        _FINAL,
        {
            "trial": best.number,
            "of": len(train),
            "rows": facts.rows,
            "rounds": facts.iterations,
            "stopped": final.fit.stopped,
            "params": dict(final.params),
        },
    )
    return final


def _repeat(search: Search, train: Samples, known: Mapping[str, Any]) -> Final:
    params = dict(known["params"])
    part = cap_rows(train, int(known["rows"]), search.goal)
    rounds = Rounds(most=int(known["rounds"]))
    fit = fit_model(search.family, part, None, params, goal=search.goal, rounds=rounds)
    return Final(replace(fit, stopped=known["stopped"]), params)


def _no_worse(search: Search, best: FrozenTrial, final: Final) -> Final:
    """The fit on all rows, or, where the clock has ended that too early to be as good, the best trial's own model."""
    cut = final.fit.stopped == "deadline" and not search.has_folds
    if not cut or not is_better(search.score, score_of(best), final.fit.score):
        return final
    params = search.fill(best.params)
    return Final(take_over(search, best, params, 0.0), params)


def _fit(
    study: Study, search: Search, train: Samples, best: FrozenTrial, left: float, checkpoint: Path | None
) -> Final:
    planned = study.user_attrs.get(_PLAN)
    if planned is not None and planned["trial"] == best.number and planned["of"] == len(train):
        return _fit_planned(search, train, planned, checkpoint)
    facts, params = read_facts(best), search.fill(best.params)
    seconds, iterations = float(facts["fit_seconds"]), int(facts["iterations"])
    learnt = search.parts[0].train
    affordable = int(max(left, 1e-9) / max(seconds, 1e-9) * int(facts["rows"]))
    part = cap_rows(train, max(affordable, search.rows), search.goal)
    if search.has_folds:
        fit = fit_model(search.family, part, None, params, goal=search.goal, rounds=Rounds(most=iterations))
        return Final(fit, params)
    if len(part) == len(learnt):
        return Final(take_over(search, best, params, left), params)
    slow = seconds * len(part) / len(learnt) / max((1 - RESERVED) * left, 1e-9)
    slower = plan_slower(best, search, affordable=slow) if slow < 1 else None
    chosen = params if slower is None or search.for_latency else search.fill(slower)
    plan = {"trial": best.number, "of": len(train), "rows": len(part), "seconds": left, "params": dict(chosen)}
    study.set_user_attr(_PLAN, plan)
    return _fit_planned(search, train, plan, checkpoint)


def _fit_planned(search: Search, train: Samples, plan: Mapping[str, Any], checkpoint: Path | None) -> Final:
    params, part = dict(plan["params"]), cap_rows(train, int(plan["rows"]), search.goal)
    rounds = search.rounds(in_seconds(float(plan["seconds"])), params)
    rounds = replace(
        rounds, checkpoint=checkpoint, checkpoint_seconds=min(CHECKPOINT_SECONDS, float(plan["seconds"]) / 4)
    )
    fit = fit_model(search.family, part, search.parts[0].judged, params, goal=search.goal, rounds=rounds)
    return Final(fit, params)


def take_over(search: Search, best: FrozenTrial, params: Mapping[str, Parameter], left: float) -> Fit:
    """The best trial's own model, made again if it is not at hand, made longer if only its deadline ended it."""
    facts = read_facts(best)
    stopped, seconds = str(facts["stopped"]), float(facts["fit_seconds"])
    if stopped == "deadline" and left > WORTH_CONTINUING * seconds:
        return search.family.fit(search.prepared(), params, search.rounds(in_seconds(left), params))
    if best.number in search.kept:
        return search.kept[best.number]
    fit = search.family.fit(search.prepared(), params, Rounds(most=int(facts["iterations"])))
    return replace(fit, stopped=facts["stopped"], score=score_of(best))

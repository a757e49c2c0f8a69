"""`family: auto`: each family has a first look at the rows, and the one that does best is searched.

A first look is the family's default configuration within a share of the seconds. What is installed and able takes part,
but for slow families where the first one had too little time already; the rest of the budget is the winner's. The
journals keep all of it, so that a killed contest goes on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd

from ml_lifecycle.config.modeling import ModelingConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.modeling.estimators import Goal
from ml_lifecycle.modeling.score import Score, is_better
from ml_lifecycle.modeling.search_space import Parameter
from ml_lifecycle.modeling.tuning.family_search import FamilySearch, SearchRows
from ml_lifecycle.modeling.tuning.loop import Clock, Progress
from ml_lifecycle.modeling.tuning.result import OTHER_FAMILY, TuningResult
from ml_lifecycle.modeling.tuning.study import list_finished, read_facts, score_of
from ml_lifecycle.modeling.tuning.trial import KEPT

#: Share of the seconds that all first looks may take together.
LOOKING_SHARE: Final = 0.5
#: A family that takes so many times as long as the first has no look where the first came to no end in its own.
TOO_SLOW: Final = 1.5


def hold_contest(
    rows: SearchRows,
    goal: Goal,
    config: ModelingConfig,
    score: Score,
    *,
    storage: Path,
    study_name: str,
    known: Sequence[Mapping[str, Parameter]],
    progress: Progress | None,
) -> TuningResult:
    """Let the families of `config.search.families` have a look, and search the best one.

    Args:
        rows: The rows.
        goal: What is fitted.
        config: Families, budget, method, seed.
        score: The project's metric.
        storage: Folder of the journals.
        study_name: Name of the journals, one for each family.
        known: Hyperparameters of models that were good before; those of a family's space are tried there.
        progress: Told the number of finished trials and the best value so far.

    Raises:
        ConfigError: None of the families is installed and can do what the goal asks.
    """
    began = time.monotonic()
    looks = _look_around(rows, goal, config, score, storage=storage, study_name=study_name, known=known)
    winner = looks[0]
    for contestant in looks[1:]:
        if is_better(score, _value(contestant), _value(winner)):
            winner = contestant
    others = [contestant for contestant in looks if contestant is not winner]
    elsewhere = sum(contestant.spent for contestant in others)
    clock = Clock(config.search.seconds, min(winner.spent + elsewhere, config.search.seconds))
    winner.go_on(clock, _of_family(known, winner), progress)
    found = replace(winner.finish(clock, began), families=_tabulate(looks, winner))
    if config.ensemble.method == "none":
        return found
    mates = [(number, model) for number, model in winner.best_models(KEPT) if number != found.best_trial]
    rivals = [(OTHER_FAMILY, contestant.best_models(1)[0][1]) for contestant in others]
    return replace(found, others=(*rivals, *mates))


def _look_around(
    rows: SearchRows,
    goal: Goal,
    config: ModelingConfig,
    score: Score,
    *,
    storage: Path,
    study_name: str,
    known: Sequence[Mapping[str, Parameter]],
) -> list[FamilySearch]:
    """The families that can do what is asked and had their look, in the order of the YAML."""
    names, looks, refused = config.search.families, list[FamilySearch](), []
    seconds = config.search.seconds * LOOKING_SHARE / len(names)
    for name in names:
        own = config.model_copy(update={"family": name})
        try:
            contestant = FamilySearch(rows, goal, own, score, storage, f"{study_name}-{name}")
            if looks and _is_too_slow(contestant, looks[0]):
                continue
            contestant.look(seconds, _of_family(known, contestant))
        except ConfigError as error:  # its library is not installed, or it cannot do what the goal asks
            refused.append(f"{name}: {error.what}")
            continue
        looks.append(contestant)
    if not looks:
        raise ConfigError(
            "no family can be searched",
            expected=f"one of {', '.join(names)}, installed and able to do what is asked",
            got="; ".join(refused),
            advice="install an extra, or name another family under modeling.search.families",
        )
    return looks


def _is_too_slow(contestant: FamilySearch, first: FamilySearch) -> bool:
    """Whether a look would show nothing: the clock has ended that of the first family, and this one is slower."""
    best = first.best
    if best is None or read_facts(best)["stopped"] != "deadline":
        return False
    rows, features = first.search.rows, len(first.rows.learnt.matrix.names)
    slower, quicker = (one.search.family.cost_hint(rows, features, one.search.goal) for one in (contestant, first))
    return slower > TOO_SLOW * quicker


def _of_family(known: Sequence[Mapping[str, Parameter]], contestant: FamilySearch) -> list[Mapping[str, Parameter]]:
    """Known hyperparameters that are this family's: those of another one have other names."""
    search = contestant.search
    names = search.family.also_known | set(search.fill({})) | set(search.space)
    return [params for params in known if names.issuperset(params)]


def _value(contestant: FamilySearch) -> float:
    best = contestant.best
    assert best is not None, "a look makes one trial to its end"  # noqa: S101 - invariant
    return score_of(best)


def _tabulate(looks: Sequence[FamilySearch], winner: FamilySearch) -> pd.DataFrame:
    rows = [
        (one.search.family.name, len(list_finished(one.study)), _value(one), one.spent, one is winner) for one in looks
    ]
    return pd.DataFrame(rows, columns=["family", "trials", "value", "seconds", "chosen"])

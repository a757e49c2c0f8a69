"""The study of a search in its journal: opening, reading and mending it, and what it says as a table.

A journal is a file of lines that several processes may append to. One journal holds all searches of a project.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
from optuna import Study
from optuna.trial import FrozenTrial, TrialState

from ml_lifecycle.config.modeling import SearchConfig
from ml_lifecycle.errors import StateError
from ml_lifecycle.modeling.search import Search
from ml_lifecycle.modeling.search_space import Parameter
from ml_lifecycle.modeling.tuning.journal import cut_torn_line, open_journal
from ml_lifecycle.modeling.tuning.methods import SeededSampler, make_pruner, make_sampler

#: What the journal keeps of a trial besides its parameters and value.
FACTS = "facts"
ORIGIN = "origin"
_ABOUT = "about"
_ENDED = "ended_at"


def open_study(journal: Path, name: str, search: Search) -> Study:
    """The study of that name, which begins if it is new.

    Raises:
        StateError: The journal cannot be read or written.
        ConfigError: The method cannot be used.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = make_sampler(search.config, search.space)
    better = "maximize" if search.score.greater_is_better else "minimize"
    try:
        journal.parent.mkdir(parents=True, exist_ok=True)
        cut_torn_line(journal)
        study = optuna.create_study(
            storage=open_journal(journal),
            study_name=name,
            directions=[better, "minimize"] if search.for_latency else [better],
            load_if_exists=True,
            sampler=sampler,
            pruner=make_pruner(search),
        )
    except (OSError, ValueError, KeyError) as error:
        raise StateError(
            "the journal of the search cannot be used",
            expected=f"a journal that can be read and written at {journal}",
            got=f"{type(error).__name__}: {error}",
            advice="mend its permissions or free space; if it is damaged, remove it and the search begins anew",
        ) from error
    if isinstance(sampler, SeededSampler):
        sampler.study = study
    if _ABOUT not in study.user_attrs:
        study.set_user_attr(_ABOUT, _about(search))
    return study


def join_study(journal: Path, name: str, search: Search) -> Study:
    """The study of another process that is under way.

    The journal is not mended: a line that has no end yet is being written.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = make_sampler(search.config, search.space)
    study = optuna.load_study(
        storage=open_journal(journal), study_name=name, sampler=sampler, pruner=make_pruner(search)
    )
    if isinstance(sampler, SeededSampler):
        sampler.study = study
    return study


def list_finished(study: Study) -> list[FrozenTrial]:
    """Trials that count: complete and pruned ones."""
    return list(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED)))


def list_complete(study: Study) -> list[FrozenTrial]:
    """Trials that went to their end, with all rows."""
    return list(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)))


def find_best(study: Study, search: Search) -> FrozenTrial | None:
    """The complete trial with the best score; the earliest of equals."""
    sign = -1 if search.score.greater_is_better else 1
    return min(list_complete(study), key=lambda trial: (sign * score_of(trial), trial.number), default=None)


def give_back_lost(study: Study) -> None:
    """Mark trials whose process was killed as failed, and put their configurations back into the queue."""
    for lost in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(lost.number, state=TrialState.FAIL)
        params = lost.system_attrs.get("fixed_params", lost.params)
        study.enqueue_trial(dict(params), user_attrs={ORIGIN: "search", **lost.user_attrs})


def read_facts(trial: FrozenTrial) -> Mapping[str, Any]:
    """What the journal keeps of a trial: `seconds`, `rounds`, `iterations`, `stopped`, `rows`, ..."""
    facts: Mapping[str, Any] = trial.user_attrs.get(FACTS, {})
    return facts


def score_of(trial: FrozenTrial) -> float:
    """The score of a complete trial: its first value."""
    return float(trial.values[0])  # noqa: PD011 - Optuna's word, no table


def work_of(trial: FrozenTrial) -> float:
    """The work of a prediction of a complete trial of a search for latency: its second value."""
    return float(trial.values[1])  # noqa: PD011 - Optuna's word, no table


def note_end(study: Study, budget: SearchConfig) -> None:
    """Keep that the search came to its end with this budget."""
    study.set_user_attr(_ENDED, {"trials": budget.trials, "seconds": budget.seconds})


def has_ended(study: Study, budget: SearchConfig) -> bool:
    """Whether the search came to its end before, with a budget that was not smaller."""
    at = study.user_attrs.get(_ENDED)
    return at is not None and at["trials"] >= budget.trials and at["seconds"] >= budget.seconds


def list_earlier_best(study: Study, search: Search, most: int) -> list[dict[str, Parameter]]:
    """The best configurations of other searches in the journal for the same family and space, the latest first."""
    found: list[tuple[float, dict[str, Parameter]]] = []
    for other in optuna.get_all_study_summaries(study._storage):  # noqa: SLF001 - the one handle on the open journal
        if other.study_name == study.study_name or other.user_attrs.get(_ABOUT) != _about(search):
            continue
        there = optuna.load_study(study_name=other.study_name, storage=study._storage)  # noqa: SLF001
        best = find_best(there, search)
        if best is not None and best.datetime_complete is not None:
            found.append((best.datetime_complete.timestamp(), dict(best.params)))
    return [params for _, params in sorted(found, key=lambda pair: -pair[0])[:most]]


def tabulate(study: Study, search: Search) -> pd.DataFrame:
    """The table of trials, as `TuningResult` describes it."""
    rows = [_row(trial) for trial in study.get_trials(deepcopy=False) if trial.state is not TrialState.WAITING]
    table = pd.DataFrame(rows)
    return table if search.for_latency else table.drop(columns=["work", "latency_us"])


def tabulate_curve(trial: FrozenTrial) -> pd.DataFrame:
    """The score of a trial by its rounds: `round`, `value`; empty where the trial was not the best of its moment."""
    return pd.DataFrame(read_facts(trial).get("curve", []), columns=["round", "value"])


def rank_importance(study: Study, search: Search, least: int = 10) -> pd.DataFrame:
    """How much each hyperparameter decides about the quality of trials, by PED-ANOVA (Watanabe et al. 2023)."""
    complete = list_complete(study)
    columns = ["parameter", "share"]
    if len(search.space) < 2 or len({score_of(trial) for trial in complete}) < least:  # noqa: PLR2004 - one has it all
        return pd.DataFrame(columns=columns)
    sign = -1 if search.score.greater_is_better else 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that low targets are the good ones is what the sign is for
        shares = optuna.importance.get_param_importances(
            study,
            evaluator=optuna.importance.PedAnovaImportanceEvaluator(),
            target=lambda trial: sign * score_of(trial),
        )
    return pd.DataFrame([(name, float(share)) for name, share in shares.items()], columns=columns)


def _row(trial: FrozenTrial) -> dict[str, object]:
    facts = read_facts(trial)
    last = max(trial.intermediate_values, default=0)
    return {
        "number": trial.number,
        "state": trial.state.name.lower(),
        "value": float("nan") if trial.state is not TrialState.COMPLETE else score_of(trial),
        "seconds": trial.duration.total_seconds() if trial.duration else float("nan"),
        "params": json.dumps(trial.params, sort_keys=True),
        "rounds": int(facts.get("rounds", last)),
        "stopped": str(facts.get("stopped", "")),
        "origin": str(trial.user_attrs.get(ORIGIN, "search")),
        "rows": int(facts.get("rows", 0)),
        "work": float(facts.get("work", "nan")),
        "latency_us": float(facts.get("latency_us", "nan")),
    }


def _about(search: Search) -> dict[str, object]:
    names = sorted(search.space)
    return {"family": search.family.name, "space": names, "metric": search.score.name, "kind": str(search.goal.kind)}

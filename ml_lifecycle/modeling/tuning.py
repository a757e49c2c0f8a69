"""The search for hyperparameters: the one door to Optuna. How one model is fitted lives in `training`.

A search is a study in a journal file. A process that is killed loses the trial under way and nothing else: the next
call with the same data and settings goes on where the journal ends, and a finished search is not searched again.
Trial 0 is the family's good fixed configuration. Later ones are pruned by the median rule (Golovin et al. 2017) on the
boosting curve.

Time: the search ends at its budget of trials or seconds, also inside a trial, which then counts with the best round it
reached; no trial takes more than `TRIAL_SHARE` of the seconds. The final fit takes at most the same seconds again, on
all training rows if the best trial's pace says they fit in, else on as many as do.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.dataset import AugmentationConfig
from ml_lifecycle.config.modeling import ModelingConfig, SearchConfig
from ml_lifecycle.errors import StateError
from ml_lifecycle.modeling.augmentation import augment
from ml_lifecycle.modeling.estimators import Fit, FittedModel, Goal, Rounds, get_family, load_model
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.sampling import cap_rows
from ml_lifecycle.modeling.score import Score
from ml_lifecycle.modeling.search import Search, identify_search
from ml_lifecycle.modeling.search_space import Choice, Parameter, Range
from ml_lifecycle.modeling.training import count_threads, fit_model
from ml_lifecycle.parts import Parts

#: Share of the seconds that one trial may take at most, so that a slow configuration cannot use up the search.
TRIAL_SHARE = 0.34
#: Rounds between two looks of the pruner, and trials that are never pruned.
REPORT_STEP = 20
FREE_TRIALS = 5
_FACTS_FILE = "tuning.json"


@dataclass(frozen=True, slots=True)
class TuningResult:
    """The tuned model and how it was found.

    Args:
        model: The final model.
        params: Its hyperparameters, also those that were not searched.
        metric: The name of the score.
        score: Its score on all validation rows.
        trials: One row per trial: `number`, `state`, `value`, `seconds`, `params` (JSON), `rounds`, `stopped`,
            `origin` (`default` or `search`).
        best_trial: Number of the trial whose parameters were taken.
        resumed_from: Trials that were finished before this call; 0 for a new search.
        seconds: Time of this call.
        search_rows: Training rows that the search learnt from.
        final_stopped: What ended the final fit: `most` rounds, `patience` or `deadline`.
    """

    model: FittedModel
    params: Mapping[str, Parameter]
    metric: str
    score: float
    trials: pd.DataFrame
    best_trial: int
    resumed_from: int
    seconds: float
    search_rows: int
    final_stopped: str

    def to_parts(self) -> Parts:
        """The trials, the model's files, and the figures."""
        names = ("metric", "score", "best_trial", "resumed_from", "seconds", "search_rows", "final_stopped")
        facts = {name: getattr(self, name) for name in names} | {"params": dict(self.params)}
        files = {f"model/{name}": content for name, content in self.model.to_files().items()}
        return Parts(tables={"trials": self.trials}, files={_FACTS_FILE: json.dumps(facts).encode(), **files})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put them together again."""
        files = {name.removeprefix("model/"): content for name, content in parts.files.items() if "/" in name}
        trials = parts.tables["trials"].sort_values("number").reset_index(drop=True)
        return cls(model=load_model(files), trials=trials, **json.loads(parts.files[_FACTS_FILE]))


def tune(
    train: Samples,
    valid: Samples,
    *,
    kind: Kind,
    classes: int,
    config: ModelingConfig,
    score: Score,
    storage: Path,
    study_name: str,
    progress: Callable[[int, float | None], None] | None = None,
    augmentation: AugmentationConfig | None = None,
) -> TuningResult:
    """Search, then fit the best configuration on the training rows.

    Training rows are augmented once, before anything is drawn from them; the rows to judge on never are. What fits
    the model again (`training.refit`, `fit_twice`) takes the augmented rows: `augmentation.augment` with the same
    configuration and `config.seed` gives them again.

    Args:
        train: Training rows.
        valid: Rows that trials and rounds are judged on.
        kind: The kind of problem.
        classes: Number of classes of the target (0 for regression and ranking).
        config: Family, budget, fixed hyperparameters, seed.
        score: The project's metric.
        storage: Folder of the journals.
        study_name: Name of the journal. Within it a search is told from others by its data and settings.
        progress: Told the number of finished trials and the best value so far, after each trial.
        augmentation: What is done about rare classes; nothing by default.

    Raises:
        ConfigError: The family or a fixed hyperparameter is unknown, or the problem has no classes to augment.
        ModelError: Nothing can be learnt, or the score is not a number.
        StateError: The journal cannot be written or read.
    """
    began = time.monotonic()
    goal = Goal(kind, classes, config.seed, count_threads(config.threads))
    family = get_family(config.family)
    if augmentation is not None:
        train = augment(train, augmentation, kind=kind, seed=config.seed)
    family.check_parameters(config.parameters, len(train.y), goal)
    search = Search(family, goal, config, score, cap_rows(train, config.search.max_rows, goal), valid)
    journal = storage / f"{study_name}.journal"
    study = _open_study(journal, f"{study_name}-{identify_search(train, valid, goal, config, score)}", config, score)
    resumed_from = len(_finished(study))
    _run(study, search, progress)
    best = study.best_trial
    params = search.fill(best.params)
    final = _fit_final(study, search, train, params)
    return TuningResult(
        model=final.model,
        params=params,
        metric=score.name,
        score=float(score(valid.y, final.model.predict_matrix(valid.matrix), valid.query)),
        trials=_tabulate(study),
        best_trial=best.number,
        resumed_from=resumed_from,
        seconds=time.monotonic() - began,
        search_rows=len(search.train.y),
        final_stopped=final.stopped,
    )


def _run(study: Any, search: Search, progress: Callable[[int, float | None], None] | None) -> None:  # noqa: ANN401
    from optuna.trial import TrialState

    budget = search.config.search
    finished = _finished(study)
    if len(finished) >= budget.trials or _ended(study, budget):
        return
    for stale in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(stale.number, state=TrialState.FAIL)  # its process was killed
    spent = sum(trial.duration.total_seconds() for trial in finished)
    if not any(trial.user_attrs.get("origin") == "default" for trial in finished):
        _enqueue_first(study, search)
    while len(finished) < budget.trials and (spent < budget.seconds or not _complete(finished)):
        began = time.monotonic()
        left = max(budget.seconds - spent, 0.0)
        _run_trial(study, search, min(left, TRIAL_SHARE * budget.seconds))
        spent += time.monotonic() - began
        finished = _finished(study)
        if progress is not None:
            progress(len(finished), study.best_value if _complete(finished) else None)
    study.set_user_attr("ended_at", {"trials": budget.trials, "seconds": budget.seconds})


def _enqueue_first(study: Any, search: Search) -> None:  # noqa: ANN401
    from optuna.trial import TrialState

    waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
    if not any(trial.user_attrs.get("origin") == "default" for trial in waiting):
        study.enqueue_trial(search.first(), user_attrs={"origin": "default"})


def _run_trial(study: Any, search: Search, seconds: float) -> None:  # noqa: ANN401
    import optuna
    from optuna.trial import TrialState

    trial = study.ask()
    found = {name: _suggest(trial, name, domain) for name, domain in search.space.items()}
    began = time.monotonic()
    try:
        rounds = search.rounds(seconds, _reporter(trial, search))
        fit = search.family.fit(search.prepared, search.fill(found), rounds)
    except optuna.TrialPruned:
        study.tell(trial, state=TrialState.PRUNED)
        return
    except Exception:
        study.tell(trial, state=TrialState.FAIL)
        raise
    facts = {"seconds": time.monotonic() - began, "rounds": fit.rounds, "stopped": fit.stopped}
    for name, value in facts.items():
        trial.set_user_attr(name, value)
    study.tell(trial, fit.score)


def _suggest(trial: Any, name: str, domain: Range | Choice) -> Parameter:  # noqa: ANN401
    if isinstance(domain, Choice):
        value: Parameter = trial.suggest_categorical(name, domain.options)
    elif domain.integer:
        value = trial.suggest_int(name, int(domain.low), int(domain.high), log=domain.log)
    else:
        value = trial.suggest_float(name, domain.low, domain.high, log=domain.log)
    return value


def _reporter(trial: Any, search: Search) -> Callable[[int, float], None] | None:  # noqa: ANN401
    """Tell the pruner the curve, at steps that are the same for all trials."""
    import optuna

    if not search.config.search.pruning:
        return None
    step = REPORT_STEP if search.most > REPORT_STEP else 1
    reported = 0

    def report(done: int, value: float) -> None:
        nonlocal reported
        at = done // step * step
        if at > reported:
            reported = at
            trial.report(value, at)
            if trial.should_prune():
                raise optuna.TrialPruned

    return report


def _fit_final(study: Any, search: Search, train: Samples, params: Mapping[str, Parameter]) -> Fit:  # noqa: ANN401
    """Fit on as many training rows as the seconds allow by the pace of the best trial.

    The journal keeps how many rows and rounds that gave: a later call for the same search fits the same, without a
    clock.
    """
    best, seconds = study.best_trial, search.config.search.seconds
    known = study.user_attrs.get("final")
    if known is not None and known["trial"] == best.number:
        part = cap_rows(train, known["rows"], search.goal)
        rounds = Rounds(most=known["rounds"])
        again = fit_model(search.family, part, None, params, goal=search.goal, rounds=rounds)
        return replace(again, stopped=known["stopped"])
    affordable = int(seconds / max(best.user_attrs["seconds"], 1e-9) * len(search.train.y))
    part = cap_rows(train, max(affordable, len(search.train.y)), search.goal)
    fit = fit_model(search.family, part, search.judged, params, goal=search.goal, rounds=search.rounds(seconds))
    facts = {"trial": best.number, "rows": len(part.y), "rounds": fit.model.iterations, "stopped": fit.stopped}
    study.set_user_attr("final", facts)
    return fit


def _open_study(journal: Path, name: str, config: ModelingConfig, score: Score) -> Any:  # noqa: ANN401
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        journal.parent.mkdir(parents=True, exist_ok=True)
        _cut_torn_line(journal)
        lock = JournalFileOpenLock(str(journal), grace_period=5)  # a killed writer leaves its lock behind
        storage = JournalStorage(JournalFileBackend(str(journal), lock_obj=lock))
        study = optuna.create_study(
            storage=storage,
            study_name=name,
            direction="maximize" if score.greater_is_better else "minimize",
            load_if_exists=True,
            pruner=_pruner(config.search),
        )
    except (OSError, ValueError, KeyError) as error:
        raise StateError(
            "the journal of the search cannot be used",
            expected=f"a journal that can be read and written at {journal}",
            got=f"{type(error).__name__}: {error}",
            advice="mend its permissions or free space; if it is damaged, remove it and the search begins anew",
        ) from error
    # A sampler that began with the same seed after a resumption would repeat its first suggestions.
    study.sampler = _sampler(config, begun=len(study.get_trials(deepcopy=False)))
    return study


def _cut_torn_line(journal: Path) -> None:
    """Remove a last line that a killed writer did not finish; the next line would be glued to it."""
    if not journal.exists():
        return
    with journal.open("rb+") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            file.truncate(whole)


def _sampler(config: ModelingConfig, begun: int) -> Any:  # noqa: ANN401
    from optuna.samplers import RandomSampler, TPESampler

    seed = config.seed + begun
    return RandomSampler(seed=seed) if config.search.method == "random" else TPESampler(seed=seed)


def _pruner(search: SearchConfig) -> Any:  # noqa: ANN401
    from optuna.pruners import MedianPruner, NopPruner

    return MedianPruner(n_startup_trials=FREE_TRIALS, n_warmup_steps=REPORT_STEP) if search.pruning else NopPruner()


def _finished(study: Any) -> list[Any]:  # noqa: ANN401
    from optuna.trial import TrialState

    trials: list[Any] = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    return trials


def _complete(trials: list[Any]) -> bool:
    return any(trial.value is not None for trial in trials if trial.state.name == "COMPLETE")


def _ended(study: Any, budget: SearchConfig) -> bool:  # noqa: ANN401
    """Whether this search came to its end before, with a budget that was not smaller."""
    at = study.user_attrs.get("ended_at")
    return at is not None and at["trials"] >= budget.trials and at["seconds"] >= budget.seconds


def _tabulate(study: Any) -> pd.DataFrame:  # noqa: ANN401
    from optuna.trial import TrialState

    rows = [
        {
            "number": trial.number,
            "state": trial.state.name.lower(),
            "value": float("nan") if trial.value is None else float(trial.value),
            "seconds": trial.duration.total_seconds() if trial.duration else float("nan"),
            "params": json.dumps(trial.params, sort_keys=True),
            "rounds": int(trial.user_attrs.get("rounds", trial.last_step or 0)),
            "stopped": str(trial.user_attrs.get("stopped", "")),
            "origin": str(trial.user_attrs.get("origin", "search")),
        }
        for trial in study.get_trials(deepcopy=False)
        if trial.state is not TrialState.WAITING
    ]
    return pd.DataFrame(rows)

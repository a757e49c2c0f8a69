"""`tune`: the search for hyperparameters from its beginning to the final model.

A search is a study in a journal file. A process that is killed loses the trial under way and nothing else: the next
call with the same data and settings goes on where the journal ends, and a finished search is not searched again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.dataset import AugmentationConfig
from ml_lifecycle.config.modeling import ModelingConfig
from ml_lifecycle.dataset.folds import Folds
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.modeling.augmentation import augment
from ml_lifecycle.modeling.estimators import Goal, get_family
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.score import Score
from ml_lifecycle.modeling.search import Search, identify_search, split_parts
from ml_lifecycle.modeling.search_space import Parameter
from ml_lifecycle.modeling.training import count_threads
from ml_lifecycle.modeling.tuning.loop import Progress
from ml_lifecycle.modeling.tuning.result import TuningResult


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
    progress: Progress | None = None,
    augmentation: AugmentationConfig | None = None,
    folds: Folds | None = None,
    known: Sequence[Mapping[str, Parameter]] = (),
) -> TuningResult:
    """Search, then fit the best configuration on the training rows.

    Training rows are augmented once, before anything is drawn from them (with folds: in each fold); the rows to judge
    on never are. What fits the model again (`training.refit`, `fit_twice`) takes the augmented rows:
    `augmentation.augment` with the same configuration and `config.seed` gives them again.

    Args:
        train: Training rows.
        valid: Rows that trials and rounds are judged on. With folds the search does not see them at all.
        kind: The kind of problem.
        classes: Number of classes of the target (0 for regression and ranking).
        config: Family, budget, method, fixed hyperparameters, seed.
        score: The project's metric.
        storage: Folder of the journals.
        study_name: Name of the journal. Within it a search is told from others by its data and settings.
        progress: Told the number of finished trials and the best value so far, after each trial.
        augmentation: What is done about rare classes; nothing by default.
        folds: Folds of the training rows, where `config.search.validation` is `folds`.
        known: Hyperparameters of models that were good before, such as the champion's; those of the space are tried
            right after the default configuration, at most a few, where `config.search.warm_start` allows it.

    Raises:
        ConfigError: The family or a fixed hyperparameter is unknown, folds or an extra are missing, or the problem has
            no classes to augment.
        ModelError: Nothing can be learnt, or the score is not a number.
        StateError: The journal cannot be written or read.
    """
    from ml_lifecycle.modeling.tuning.final import fit_final
    from ml_lifecycle.modeling.tuning.latency import choose_trial, tabulate_front
    from ml_lifecycle.modeling.tuning.loop import Clock, spent_before
    from ml_lifecycle.modeling.tuning.session import search_on
    from ml_lifecycle.modeling.tuning.study import list_finished, open_study, rank_importance, tabulate, tabulate_curve

    began = time.monotonic()
    goal = Goal.of(kind, classes, config, count_threads(config.threads))
    family = get_family(config.family)
    folds = _check_folds(config, folds)
    learnt = train if augmentation is None else augment(train, augmentation, kind=kind, seed=config.seed)
    family.check_parameters(config.parameters, len(learnt.y), goal)
    parts = split_parts(train, valid, folds, config, goal, augmentation)
    search = Search(family, goal, config, score, parts)
    journal = storage / f"{study_name}.journal"
    study = open_study(journal, f"{study_name}-{identify_search(parts, learnt, valid, goal, config, score)}", search)
    resumed_from = len(list_finished(study))
    clock = Clock(config.search.seconds, spent_before(study, search))
    search_on(study, search, clock, known, journal=journal, total_rows=len(learnt), progress=progress)
    best = choose_trial(study, search)
    checkpoint = storage / f"{study_name}.checkpoint"
    final = fit_final(study, search, learnt, best, clock.left(), checkpoint=checkpoint)
    return TuningResult(
        model=final.fit.model,
        params=final.params,
        metric=score.name,
        score=float(score(valid.y, final.fit.model.predict_matrix(valid.matrix), valid.query)),
        trials=tabulate(study, search),
        best_trial=best.number,
        resumed_from=resumed_from,
        seconds=time.monotonic() - began,
        search_rows=search.rows,
        final_stopped=final.fit.stopped,
        curve=tabulate_curve(best),
        front=tabulate_front(study, search, best.number),
        importance=rank_importance(study, search),
    )


def _check_folds(config: ModelingConfig, folds: Folds | None) -> Folds | None:
    if config.search.validation == "holdout":
        return None
    if folds is None:
        raise ConfigError(
            "the search is to be judged on folds, and there are none",
            expected="folds of the training rows",
            got="modeling.search.validation: folds without dataset.split.folds",
            advice="describe them under dataset.split.folds, or set modeling.search.validation to holdout",
        )
    return folds

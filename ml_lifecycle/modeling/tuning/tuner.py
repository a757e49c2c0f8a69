"""`tune`: the search for hyperparameters from its beginning to the final model, in one family or in several.

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
from ml_lifecycle.modeling.estimators import Goal
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.score import Score
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
    from ml_lifecycle.modeling.tuning.contest import hold_contest
    from ml_lifecycle.modeling.tuning.family_search import FamilySearch, SearchRows
    from ml_lifecycle.modeling.tuning.loop import Clock

    began = time.monotonic()
    goal = Goal.of(kind, classes, config, count_threads(config.threads))
    folds = _check_folds(config, folds)
    learnt = train if augmentation is None else augment(train, augmentation, kind=kind, seed=config.seed)
    rows = SearchRows(train, learnt, valid, folds, augmentation)
    if config.family == "auto":
        return hold_contest(
            rows, goal, config, score, storage=storage, study_name=study_name, known=known, progress=progress
        )
    one = FamilySearch(rows, goal, config, score, storage, study_name)
    clock = Clock(config.search.seconds, one.spent)
    one.go_on(clock, known, progress)
    return one.finish(clock, began)


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

"""`FamilySearch`: the search within one family, from the first trial to the final model.

Which family is searched is `tuner`'s and `contest`'s to say; the loop itself is `loop`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from optuna import Study
from optuna.trial import FrozenTrial

from ml_lifecycle.config.dataset import AugmentationConfig
from ml_lifecycle.config.modeling import ModelingConfig
from ml_lifecycle.dataset.folds import Folds
from ml_lifecycle.modeling.estimators import FittedModel, Goal, get_family
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.score import Score
from ml_lifecycle.modeling.search import Search, identify_search, split_parts
from ml_lifecycle.modeling.search_space import Parameter
from ml_lifecycle.modeling.tuning.final import fit_final, take_over
from ml_lifecycle.modeling.tuning.latency import choose_trial, tabulate_front
from ml_lifecycle.modeling.tuning.loop import Clock, CountedTickets, Progress, run_trials, spent_before
from ml_lifecycle.modeling.tuning.queue import enqueue_first
from ml_lifecycle.modeling.tuning.result import TuningResult
from ml_lifecycle.modeling.tuning.session import search_on
from ml_lifecycle.modeling.tuning.study import (
    find_best,
    give_back_lost,
    list_complete,
    list_finished,
    open_study,
    rank_importance,
    score_of,
    tabulate,
    tabulate_curve,
)


@dataclass(frozen=True, slots=True)
class SearchRows:
    """The rows of a search.

    Args:
        train: Training rows, not augmented.
        learnt: The same with the rows that augmentation adds.
        valid: Validation rows.
        folds: Folds of the training rows, where trials are judged on them.
        augmentation: What is done about rare classes.
    """

    train: Samples
    learnt: Samples
    valid: Samples
    folds: Folds | None
    augmentation: AugmentationConfig | None


class FamilySearch:
    """One family's study, and what goes on in it.

    Args:
        rows: The rows.
        goal: What is fitted.
        config: Names the family.
        score: The project's metric.
        storage: Folder of the journals.
        study_name: Name of the journal.

    Raises:
        ConfigError: The family or a fixed hyperparameter is unknown.
        StateError: The journal cannot be written or read.
    """

    def __init__(
        self, rows: SearchRows, goal: Goal, config: ModelingConfig, score: Score, storage: Path, study_name: str
    ) -> None:
        family = get_family(config.family)
        family.check_parameters(config.parameters, len(rows.learnt.y), goal)
        parts = split_parts(rows.train, rows.valid, rows.folds, config, goal, rows.augmentation)
        self.rows = rows
        self.search = Search(family, goal, config, score, parts)
        self._journal = storage / f"{study_name}.journal"
        self._checkpoint = storage / f"{study_name}.checkpoint"
        identity = identify_search(parts, rows.learnt, rows.valid, goal, config, score)
        self.study: Study = open_study(self._journal, f"{study_name}-{identity}", self.search)
        self.resumed_from = len(list_finished(self.study))

    @property
    def best(self) -> FrozenTrial | None:
        """The best trial so far."""
        return find_best(self.study, self.search)

    @property
    def spent(self) -> float:
        """Seconds that its trials have taken."""
        return spent_before(self.study, self.search)

    def look(self, seconds: float, known: Sequence[Mapping[str, Parameter]]) -> None:
        """Make the first trial within so many seconds, unless it was made before."""
        if list_complete(self.study):
            return
        give_back_lost(self.study)
        enqueue_first(self.study, self.search, known)
        total = len(self.rows.learnt)
        run_trials(self.study, self.search, Clock(seconds), CountedTickets(1), total_rows=total, ends=False)

    def go_on(self, clock: Clock, known: Sequence[Mapping[str, Parameter]], progress: Progress | None) -> None:
        """Make the trials that are left."""
        total = len(self.rows.learnt)
        search_on(self.study, self.search, clock, known, journal=self._journal, total_rows=total, progress=progress)

    def best_models(self, most: int) -> list[tuple[int, FittedModel]]:
        """The numbers and models of the best complete trials, as the trials fitted them; the best first."""
        sign = -1 if self.search.score.greater_is_better else 1
        ordered = sorted(list_complete(self.study), key=lambda trial: (sign * score_of(trial), trial.number))[:most]
        return [
            (trial.number, take_over(self.search, trial, self.search.fill(trial.params), 0.0).model)
            for trial in ordered
        ]

    def finish(self, clock: Clock, began: float) -> TuningResult:
        """Fit the best configuration on the training rows, and tell the whole.

        Args:
            clock: The seconds that are left.
            began: Moment of `time.monotonic()` when the call began.
        """
        study, search, valid = self.study, self.search, self.rows.valid
        best = choose_trial(study, search)
        final = fit_final(study, search, self.rows.learnt, best, clock.left(), checkpoint=self._checkpoint)
        return TuningResult(
            model=final.fit.model,
            params=final.params,
            metric=search.score.name,
            score=float(search.score(valid.y, final.fit.model.predict_matrix(valid.matrix), valid.query)),
            trials=tabulate(study, search),
            best_trial=best.number,
            resumed_from=self.resumed_from,
            seconds=time.monotonic() - began,
            search_rows=search.rows,
            final_stopped=final.fit.stopped,
            curve=tabulate_curve(best),
            front=tabulate_front(study, search, best.number),
            importance=rank_importance(study, search),
        )

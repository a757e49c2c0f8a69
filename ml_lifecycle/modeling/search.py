"""`Search`: what all trials of one search share. Who makes the trials is `tuning`."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from ml_lifecycle.config.dataset import AugmentationConfig
from ml_lifecycle.config.modeling import ModelingConfig
from ml_lifecycle.dataset.folds import Folds
from ml_lifecycle.errors import DataError
from ml_lifecycle.modeling.augmentation import augment
from ml_lifecycle.modeling.estimators import Family, Fit, Goal, Prepared, Rounds
from ml_lifecycle.modeling.portfolio import clip
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.sampling import cap_rows
from ml_lifecycle.modeling.score import Score
from ml_lifecycle.modeling.search_space import Parameter, without

#: Validation rows that rounds are judged on: enough to tell rounds apart, few enough to look often.
JUDGED_ROWS = 20_000
#: Rounds between two looks at the score, where a round is one tree; a look costs about as much as a small tree.
LOOK_EVERY = 5
#: From so many rows on a trial begins with fewer of them, and with which share.
GROW_FROM = 30_000
GROW_SHARE = 0.25
#: A look of the pruner: every so much of learning rate times rounds, or every so many rounds where there are few.
PROGRESS_STEP = 0.5
ROUNDS_STEP = 20
#: Below so many looks of the default configuration, progress is counted in rounds.
FEW_LOOKS = 20


@dataclass(frozen=True, slots=True)
class Part:
    """Rows to learn from and rows to judge on."""

    train: Samples
    judged: Samples


class Search:
    """What all trials of one search share: rows made ready once, the space, and how long a fit may go on.

    Args:
        family: The family.
        goal: What is fitted, with how many threads.
        config: Budget, method, fixed hyperparameters.
        score: The project's metric.
        parts: One pair of rows for holdout; one per fold for folds.
    """

    def __init__(
        self, family: Family, goal: Goal, config: ModelingConfig, score: Score, parts: tuple[Part, ...]
    ) -> None:
        self.family = family
        self.goal = goal
        self.config = config
        self.score = score
        self.parts = parts
        self.rows = max(len(part.train) for part in parts)
        self.most = min(config.max_trees, family.most_rounds or config.max_trees)
        self.space = without(family.space(self.rows, goal), {*config.parameters, *family.idle(parts[0].train)})
        self.kept: dict[int, Fit] = {}
        self._prepared: dict[int, Prepared] = {}
        self._small: tuple[Prepared] | None = None

    @property
    def has_folds(self) -> bool:
        """Whether trials are judged on folds."""
        return self.config.search.validation == "folds"

    @property
    def for_latency(self) -> bool:
        """Whether latency is searched for too."""
        return self.config.search.objective == "quality_and_latency"

    @property
    def grows(self) -> bool:
        """Whether trials begin with fewer rows."""
        wanted = self.config.search.grow and not self.has_folds and self.config.search.pruner != "none"
        return wanted and not self.for_latency and self.rows >= GROW_FROM

    def prepared(self, part: int = 0) -> Prepared:
        """The samples of a part made ready, once: a search that is finished needs none."""
        if part not in self._prepared:
            train, judged = self.parts[part].train, self.parts[part].judged
            self._prepared[part] = self.family.prepare(train, judged, self.goal, self.fill({}))
        return self._prepared[part]

    def prepared_small(self) -> Prepared:
        """Fewer rows to learn from, made ready, once."""
        if self._small is None:
            part = self.parts[0]
            few = cap_rows(part.train, int(self.rows * GROW_SHARE), self.goal)
            self._small = (self.family.prepare(few, part.judged, self.goal, self.fill({})),)
        return self._small[0]

    def fill(self, found: Mapping[str, Parameter]) -> dict[str, Parameter]:
        """All hyperparameters: the family's defaults, what is fixed by hand, what the search found."""
        return {**self.family.default_parameters(self.rows, self.goal), **self.config.parameters, **found}

    def first(self) -> dict[str, Parameter]:
        """The good fixed configuration, within the space."""
        defaults = self.family.default_parameters(self.rows, self.goal)
        return clip(defaults, self.space, defaults)

    def rounds(
        self,
        deadline: float | None,
        params: Mapping[str, Parameter],
        on_round: Callable[[int, float], None] | None = None,
    ) -> Rounds:
        """The rules of one fit that ends at a moment of `time.monotonic()`.

        Patience is longer where the rate of learning is lower: it takes so many more rounds to come as far.
        """
        patience = self.family.patience
        if patience is not None and "learning_rate" in params:
            slowness = self._default_rate() / float(params["learning_rate"])
            patience = int(np.clip(round(patience * slowness), patience // 2, 3 * patience))
        every = max(1, min(LOOK_EVERY // self.goal.outputs, self.most // 20))
        return Rounds(self.most, patience, self.score, deadline, on_round, every=every)

    def progress(self, params: Mapping[str, Parameter]) -> Callable[[int], int]:
        """How far a fit is after so many rounds, in steps that mean the same for all trials.

        A curve of boosting advances with the sum of its learning rates: after equally many rounds a slow trial looks
        worse than it is, so steps are counted in rounds times rate. Where the number of rounds is what ends a fit,
        they are counted in rounds.
        """
        rate = self._default_rate()
        if "learning_rate" not in params or self.most * rate < FEW_LOOKS * PROGRESS_STEP:
            step = ROUNDS_STEP if self.most > ROUNDS_STEP else 1
            return lambda done: done // step
        own = float(params["learning_rate"])
        return lambda done: int(done * own / PROGRESS_STEP + 1e-9)

    @property
    def last_step(self) -> int:
        """The most steps that `progress` can count."""
        space = self.space.get("learning_rate")
        params = self.fill({} if space is None else {"learning_rate": getattr(space, "high", self._default_rate())})
        return max(1, self.progress(params)(self.most))

    def _default_rate(self) -> float:
        return float(self.fill({}).get("learning_rate", 1.0))


def split_parts(
    train: Samples,
    valid: Samples,
    folds: Folds | None,
    config: ModelingConfig,
    goal: Goal,
    augmentation: AugmentationConfig | None,
) -> tuple[Part, ...]:
    """The rows that trials learn from and are judged on.

    Rows made by augmentation are made of a fold's rows to learn from only: none is made of a row that is judged.

    Args:
        train: Training rows, not augmented yet.
        valid: Validation rows; folds leave them alone.
        folds: The folds, where trials are judged on them.
        config: Caps the rows.
        goal: What is fitted; its seed draws.
        augmentation: What is done about rare classes.

    Raises:
        DataError: A fold has no row left.
    """
    if folds is None:
        learnt = _augment(train, augmentation, goal)
        return (Part(cap_rows(learnt, config.search.max_rows, goal), cap_rows(valid, JUDGED_ROWS, goal)),)
    capped = cap_rows(train, config.search.max_rows, goal)
    parts = []
    for number, (learn, judge) in enumerate(folds, start=1):
        learnt, judged = (capped.take(np.isin(capped.row_ids, ids)) for ids in (learn, judge))
        if not len(learnt) or not len(judged):
            raise DataError(
                f"fold {number} of the search has no rows",
                expected="training rows to learn from and to judge on in each fold",
                got=f"{len(learnt)} and {len(judged)}",
                advice="ask for fewer folds under dataset.split.folds, or raise modeling.search.max_rows",
            )
        parts.append(Part(_augment(learnt, augmentation, goal), cap_rows(judged, JUDGED_ROWS, goal)))
    return tuple(parts)


def identify_search(
    parts: tuple[Part, ...], train: Samples, valid: Samples, goal: Goal, config: ModelingConfig, score: Score
) -> str:
    """Which search this is: the hash of its rows and of all settings but the budget, which may be raised."""
    wanted = config.search
    about = {name: str(value) for name, value in asdict(goal).items() if name != "threads"}
    grid = wanted.grid_points if wanted.method == "grid" else 0
    settings: list[object] = [about, score.name, config.family, config.max_trees, config.parameters, grid]
    settings += [wanted.method, wanted.max_rows, wanted.pruner, wanted.validation, wanted.grow, wanted.objective]
    settings += [train.matrix.names, train.matrix.categorical]
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for rows in (train, valid):
        for array in (rows.row_ids, rows.y, rows.matrix.values, *(() if rows.weight is None else (rows.weight,))):
            digest.update(np.ascontiguousarray(array).data)
    for part in parts if wanted.validation == "folds" else ():
        digest.update(np.ascontiguousarray(part.train.row_ids).data)
        digest.update(np.ascontiguousarray(part.judged.row_ids).data)
    return digest.hexdigest()[:16]


def in_seconds(seconds: float) -> float:
    """The moment of `time.monotonic()` after so many seconds."""
    return time.monotonic() + seconds


def _augment(samples: Samples, augmentation: AugmentationConfig | None, goal: Goal) -> Samples:
    return samples if augmentation is None else augment(samples, augmentation, kind=goal.kind, seed=goal.seed)

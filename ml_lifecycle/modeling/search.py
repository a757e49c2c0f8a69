"""`Search`: what all trials of one search share. Who makes the trials is `tuning`."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping

import numpy as np

from ml_lifecycle.config.modeling import ModelingConfig
from ml_lifecycle.modeling.estimators import Family, Goal, Prepared, Rounds
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.sampling import cap_rows
from ml_lifecycle.modeling.score import Score
from ml_lifecycle.modeling.search_space import Choice, Parameter, Range, without

#: Validation rows that rounds are judged on: enough to tell rounds apart, few enough to look after every round.
JUDGED_ROWS = 20_000


class Search:
    """What all trials of one search share."""

    def __init__(
        self, family: Family, goal: Goal, config: ModelingConfig, score: Score, train: Samples, valid: Samples
    ) -> None:
        self.family = family
        self.goal = goal
        self.config = config
        self.score = score
        self.train = train
        self.judged = cap_rows(valid, JUDGED_ROWS, goal)
        self.most = min(config.max_trees, family.most_rounds or config.max_trees)
        self.space = without(family.space(len(train.y), goal), config.parameters)
        self._prepared: Prepared | None = None

    @property
    def prepared(self) -> Prepared:
        """The samples made ready once, at the first trial: a search that is finished needs none."""
        if self._prepared is None:
            self._prepared = self.family.prepare(self.train, self.judged, self.goal, self.fill({}))
        return self._prepared

    def fill(self, found: Mapping[str, Parameter]) -> dict[str, Parameter]:
        """All hyperparameters: the family's defaults, what is fixed by hand, what the search found."""
        return {**self.family.default_parameters(len(self.train.y), self.goal), **self.config.parameters, **found}

    def first(self) -> dict[str, Parameter]:
        """The good fixed configuration, within the space."""
        defaults = self.family.default_parameters(len(self.train.y), self.goal)
        return {name: _within(defaults[name], domain) for name, domain in self.space.items()}

    def rounds(self, seconds: float, on_round: Callable[[int, float], None] | None = None) -> Rounds:
        """The rules of one fit of so many seconds."""
        return Rounds(self.most, self.family.patience, self.score, time.monotonic() + seconds, on_round)


def identify_search(train: Samples, valid: Samples, goal: Goal, config: ModelingConfig, score: Score) -> str:
    """Which search this is: the hash of its rows and of all settings but the budget, which may be raised."""
    settings = [goal.kind, goal.classes, score.name, config.family, config.seed, config.max_trees, config.parameters]
    settings += [config.search.method, config.search.max_rows, train.matrix.names, train.matrix.categorical]
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for part in (train, valid):
        for array in (part.row_ids, part.y, part.matrix.values, *(() if part.weight is None else (part.weight,))):
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]


def _within(value: Parameter, domain: Range | Choice) -> Parameter:
    if isinstance(domain, Choice):
        return value if value in domain.options else domain.options[0]
    bounded = min(max(float(value), domain.low), domain.high)
    return int(bounded) if domain.integer else bounded

"""Persistence: every row is predicted by the newest label that was known at its time.

The label of a row is known from its time plus the label delay on. Rows of one moment never see each other, so that a
table with many rows per moment has no unfair advantage; where several labels are the newest, their mean counts. Which
of those there are is found by `newest`; whether persistence is the best baseline, in `fitting`.

For classes the prediction is the share of each class after the class that was seen last (a Markov chain of the first
order, fitted on training rows), so that log loss and ROC AUC judge it fairly. It can thereby also say that classes
alternate.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

import numpy as np
import pandas as pd

from ml_lifecycle.errors import ModelError
from ml_lifecycle.modeling.baselines.entities import entity_keys
from ml_lifecycle.modeling.baselines.newest import NEVER, Newest
from ml_lifecycle.modeling.estimators import Goal
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.parts import Parts

LAST_VALUE_FILE = "last_value.json"
_TABLE = "last_value"
#: Training rows, the newest, that the shares of classes after classes are counted in.
MOST_COUNTED = 200_000


@dataclass(frozen=True, slots=True)
class LastValue:
    """Persistence, with the labels it remembers.

    Args:
        history: What it remembers: `row_id`, `time` (int64 nanoseconds), `entity` (int64; 0 where it does not go by
            entity) and `y`.
        level: What it predicts where no label is known yet: shares of the classes, or the mean, shape (outputs,).
        shares: Classification: share of each class (column) after each class (row), shape (k, k).
        delay: Nanoseconds after which a label is known.
        by_entity: Whether a row is predicted by the labels of its own entity only.
        binary: Whether one probability per row is predicted in place of one per class.
    """

    history: pd.DataFrame
    level: np.ndarray
    shares: np.ndarray | None
    delay: int
    by_entity: bool
    binary: bool

    @classmethod
    def fit(
        cls,
        train: Samples,
        valid: Samples,
        goal: Goal,
        *,
        level: np.ndarray,
        delay: timedelta | np.timedelta64,
        entity: pd.Series | None = None,
    ) -> Self:
        """Remember labels, and count which class follows which.

        Args:
            train: Training rows with times.
            valid: The rows to be judged on; their labels serve later rows.
            goal: What is predicted; no ranking.
            level: What is predicted where nothing is known, shape (outputs,); for classes the shares of all.
            delay: How long after its time a label is known.
            entity: Entities by `_row_id`; a row is then predicted by the labels of its own.

        Raises:
            ModelError: There are no times, or rows without entity.
            ValueError: The delay is negative.
        """
        nanoseconds = int(pd.Timedelta(delay).value)
        if nanoseconds < 0:
            msg = f"expected a label delay of at least 0, got {delay}"
            raise ValueError(msg)
        learnt, judged = (_rows(samples, entity) for samples in (train, valid))
        kept = learnt[_still_asked_for(learnt, judged, nanoseconds)]
        history = pd.concat([kept, judged], ignore_index=True)
        binary = goal.is_classification and goal.outputs == 1
        blank = cls(history, level, None, nanoseconds, by_entity=entity is not None, binary=binary)
        if not goal.is_classification:
            return blank
        return replace(blank, shares=_count_shares(learnt, train.weight, level, nanoseconds))

    def predict_samples(self, samples: Samples, entity: pd.Series | None = None) -> np.ndarray:
        """Predict rows by what is remembered and by their own earlier labels; shaped as `FittedModel.predict`.

        Raises:
            ModelError: The rows have no times, or no entities where those count.
        """
        asked = _rows(samples, entity if self.by_entity else None, needed=self.by_entity)
        older = self.history[~self.history["row_id"].isin(asked["row_id"])]
        seen = pd.concat([older, asked], ignore_index=True)
        newest = Newest.find(seen["time"], seen["entity"], asked["time"], asked["entity"], self.delay)
        known = newest.mean(self._meaning(seen["y"].to_numpy()[newest.sources]))
        known[newest.nothing] = self.level
        return np.asarray(known[:, 1] if self.binary else known if self.shares is not None else known[:, 0])

    def _meaning(self, y: np.ndarray) -> np.ndarray:
        """What a label says of the next one, shape (n, outputs or k)."""
        return y[:, None].astype(np.float64) if self.shares is None else self.shares[y.astype(np.intp)]

    def to_parts(self) -> Parts:
        """The remembered labels as a table, the rest as JSON."""
        facts = {
            "level": self.level.tolist(),
            "shares": None if self.shares is None else self.shares.tolist(),
            "delay": self.delay,
            "by_entity": self.by_entity,
            "binary": self.binary,
        }
        return Parts(tables={_TABLE: self.history}, files={LAST_VALUE_FILE: json.dumps(facts).encode()})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put it together again."""
        facts = json.loads(parts.files[LAST_VALUE_FILE])
        shares = facts.pop("shares")
        level = np.asarray(facts.pop("level"))
        return cls(parts.tables[_TABLE], level, None if shares is None else np.asarray(shares), **facts)


def _rows(samples: Samples, entity: pd.Series | None, *, needed: bool = False) -> pd.DataFrame:
    if samples.time is None:
        raise ModelError(
            "there is no last value without times",
            expected="samples with an event time",
            got="none",
            advice="name dataset.event_time, and gather the samples with it",
        )
    time = samples.time.astype("datetime64[ns]").view(np.int64)
    keys = entity_keys(entity, samples.row_ids) if needed or entity is not None else np.zeros(len(time), dtype=np.int64)
    return pd.DataFrame({"row_id": samples.row_ids, "time": time, "entity": keys, "y": samples.y})


def _still_asked_for(learnt: pd.DataFrame, judged: pd.DataFrame, delay: int) -> np.ndarray:
    """Training rows that a row to be judged or a later one can see: the newest of each entity, and what follows.

    Where rows were not split by time all of them can be, and all are kept.
    """
    times, first = learnt["time"].to_numpy(), judged["time"].to_numpy()
    first = first[first != NEVER]
    if len(first) == 0 or first.min() < times.max():
        return np.ones(len(times), dtype=bool)
    codes, entities = pd.factorize(learnt["entity"])
    known = times < first.min() - delay
    newest = np.full(len(entities), NEVER)
    np.maximum.at(newest, codes[known], times[known])
    return np.asarray(times >= newest[codes])


def _count_shares(learnt: pd.DataFrame, weight: np.ndarray | None, level: np.ndarray, delay: int) -> np.ndarray:
    """Share of each class after each class; one further row in the shares of all stands behind each."""
    part = learnt.assign(weight=1.0 if weight is None else weight)
    if len(part) > MOST_COUNTED:
        part = part.iloc[np.argpartition(part["time"].to_numpy(), -MOST_COUNTED)[-MOST_COUNTED:]]
    codes = part["y"].to_numpy(dtype=np.intp)
    newest = Newest.find(part["time"], part["entity"], part["time"], part["entity"], delay)
    before = newest.mean(np.eye(len(level))[codes[newest.sources]])
    counts = np.zeros((len(level), len(level)))
    known = ~newest.nothing
    np.add.at(counts.T, codes[known], before[known] * part["weight"].to_numpy()[known, None])
    return np.asarray((counts + level) / (counts.sum(axis=1, keepdims=True) + 1))

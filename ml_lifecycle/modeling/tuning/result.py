"""`TuningResult`: what a search hands on. How it comes about is `tuner`; who draws it lives elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import pandas as pd

from ml_lifecycle.modeling.estimators import FittedModel, load_model
from ml_lifecycle.modeling.search_space import Parameter
from ml_lifecycle.parts import Parts

_FACTS_FILE = "tuning.json"
#: Stands for the number of a trial in a family that was not searched on.
OTHER_FAMILY = -1
#: Tables that may be empty; results that were stored before there were any have none of them.
_MORE_TABLES = ("curve", "front", "importance", "families")


@dataclass(frozen=True, slots=True)
class TuningResult:
    """The tuned model and how it was found.

    Args:
        model: The final model.
        params: Its hyperparameters, also those that were not searched.
        metric: The name of the score.
        score: Its score on all validation rows.
        trials: One row per trial: `number`, `state`, `value`, `seconds`, `params` (JSON of what was searched),
            `rounds`, `stopped`, `origin` (`default`, `known`, `portfolio`, `search` or `slower`), `rows` (training
            rows of the trial), `work` and `latency_us` (of one row, where both quality and latency are searched for).
        best_trial: Number of the trial whose parameters were taken.
        resumed_from: Trials that were finished before this call; 0 for a new search.
        seconds: Time of this call.
        search_rows: Training rows that the search learnt from.
        final_stopped: What ended the final fit: `most` rounds, `patience` or `deadline`.
        curve: Score of the best trial by its rounds on the rows that trials are judged on: `round`, `value`; empty
            where rounds were not judged one by one, as with folds.
        front: Trials that none beats in both score and latency: `number`, `value`, `work`, `latency_us`, `params`,
            `chosen`; empty where only quality was searched for.
        others: Where several families had a look and an ensemble is asked for: the best model of each other one, and
            those of the next best trials, each after the number of its trial. They are not stored: what they are worth
            is decided right after the search.
        families: Where several families had a look: `family`, `trials`, `value`, `seconds`, `chosen`; else empty.
        importance: Share of each searched hyperparameter in how good trials are: `parameter`, `share`; empty where
            there are too few trials to tell.
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
    curve: pd.DataFrame = field(default_factory=pd.DataFrame)
    front: pd.DataFrame = field(default_factory=pd.DataFrame)
    importance: pd.DataFrame = field(default_factory=pd.DataFrame)
    families: pd.DataFrame = field(default_factory=pd.DataFrame)
    others: tuple[tuple[int, FittedModel], ...] = ()

    def to_parts(self) -> Parts:
        """The trials, the model's files, and the figures."""
        names = ("metric", "score", "best_trial", "resumed_from", "seconds", "search_rows", "final_stopped")
        facts = {name: getattr(self, name) for name in names} | {"params": dict(self.params)}
        files = {f"model/{name}": content for name, content in self.model.to_files().items()}
        more = {name: getattr(self, name) for name in _MORE_TABLES if len(getattr(self, name))}
        tables = {"trials": self.trials, **more}
        return Parts(tables=tables, files={_FACTS_FILE: json.dumps(facts).encode(), **files})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put them together again."""
        files = {name.removeprefix("model/"): content for name, content in parts.files.items() if "/" in name}
        order = {"trials": "number", "front": "number"}
        tables: dict[str, Any] = {
            name: parts.tables[name].sort_values(order.get(name, parts.tables[name].columns[0])).reset_index(drop=True)
            for name in ("trials", *_MORE_TABLES)
            if name in parts.tables
        }
        return cls(model=load_model(files), **tables, **json.loads(parts.files[_FACTS_FILE]))

"""Nested cross-validation: a search anew inside every fold, the honest estimate of search and fit together.

The chosen configuration on folds, and the record of both, is `cross_validation`.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ml_lifecycle.config.dataset import AugmentationConfig
from ml_lifecycle.config.modeling import ModelingConfig
from ml_lifecycle.dataset.folds import Folds
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.evaluation.validation.cross_validation import INNER, CrossValidation, run_folds
from ml_lifecycle.evaluation.validation.inner_split import split_inside
from ml_lifecycle.modeling.estimators import Goal
from ml_lifecycle.modeling.kept_fits import KeptFit, KeptFits, hash_rows, identify_fit
from ml_lifecycle.modeling.samples import Samples


def cross_validate_search(
    train: Samples,
    folds: Folds,
    *,
    goal: Goal,
    config: ModelingConfig,
    metric: Metric,
    seconds: float,
    metrics: Sequence[Metric] = (),
    groups: np.ndarray | None = None,
    confidence: float = 0.95,
    augmentation: AugmentationConfig | None = None,
    keep_predictions: bool = False,
    storage: Path | None = None,
) -> CrossValidation:
    """Search anew inside every fold, and judge what was found on the rows the fold left out (Cawley and Talbot 2010).

    Inside a fold the rows to learn from are divided once more: the newest of folds in time, whole groups or queries
    where there are any, else random rows are what its search is judged on.

    Args:
        train: Training rows with the selected features, not augmented.
        folds: Folds of them.
        goal: What is fitted.
        config: Family, space and budget of the search.
        metric: The primary metric, which the search optimises.
        seconds: Seconds of the search in each fold.
        metrics: What else is computed; all metrics of the kind of problem by default.
        groups: Group of each training row where rows are not independent, shape (n,).
        confidence: Level of the intervals.
        augmentation: What is done about rare classes; only in the rows that are learnt from.
        keep_predictions: Whether predictions out of fold are kept.
        storage: Where searches and models of folds are kept, so that a killed validation goes on in them.

    Raises:
        DataError: A fold has no row of `train` on one side.
    """
    search = config.search.model_copy(update={"seconds": seconds, "validation": "holdout", "warm_start": False})
    config, kept = config.model_copy(update={"search": search}), KeptFits(storage)
    inside = _Inside(folds.method, None if groups is None else pd.Series(groups, index=train.row_ids), goal)
    searcher = _Searcher(goal, config, metric, augmentation, inside, kept)
    found = run_folds(
        train, folds, searcher, goal, metric, metrics=metrics, confidence=confidence, keep_predictions=keep_predictions
    )
    kept.prune()
    return found


@dataclass(frozen=True, slots=True)
class _Inside:
    """How the rows of a fold are divided once more."""

    method: str
    groups: pd.Series | None
    goal: Goal

    def __call__(self, learning: Samples) -> tuple[Samples, Samples]:
        groups = None if self.groups is None else self.groups.loc[learning.row_ids].to_numpy()
        in_time = self.method in {"rolling", "purged"}
        sides = split_inside(learning, in_time=in_time, groups=groups, goal=self.goal)
        return learning.take(sides[0]), learning.take(sides[1])


@dataclass(frozen=True, slots=True)
class _Searcher:
    """Makes the model of one fold by a search, or takes the one that an earlier, killed validation has made."""

    goal: Goal
    config: ModelingConfig
    metric: Metric
    augmentation: AugmentationConfig | None
    inside: _Inside
    kept: KeptFits

    def __call__(self, learning: Samples, number: int) -> KeptFit:
        sides = self.inside(learning)
        key = self._identify(sides) if self.kept.folder is not None else ""
        found = self.kept.find(key)
        if found is not None:
            return found
        with self._place(number) as folder:
            found = self._search(sides, folder, number)
            self.kept.keep(key, found)
        return found

    def _search(self, sides: tuple[Samples, Samples], folder: Path, number: int) -> KeptFit:
        from ml_lifecycle.modeling.tuning import tune

        began = time.monotonic()
        found = tune(
            *sides,
            kind=self.goal.kind,
            classes=self.goal.classes,
            config=self.config,
            score=self.metric,
            storage=folder,
            study_name=f"fold_{number}",
            augmentation=self.augmentation,
        )
        return KeptFit(found.model, time.monotonic() - began, {INNER: found.score})

    def _identify(self, sides: tuple[Samples, Samples]) -> str:
        augmented = None if self.augmentation is None else self.augmentation.model_dump(mode="json")
        settings = {
            "goal": asdict(self.goal),
            "config": self.config.model_dump(mode="json"),
            "metric": self.metric.name,
        }
        return identify_fit(hash_rows(*sides), **settings, augmentation=augmented)

    @contextmanager
    def _place(self, number: int) -> Iterator[Path]:
        """The folder of a fold's search: it is left where the search is killed, and removed once its model is kept."""
        if self.kept.folder is None:
            with tempfile.TemporaryDirectory() as passing:
                yield Path(passing)
            return
        folder = self.kept.folder / f"search_{number}"
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        shutil.rmtree(folder, ignore_errors=True)

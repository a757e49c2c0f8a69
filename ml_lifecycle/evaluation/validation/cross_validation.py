"""Judging the way a model is made on folds of the training rows: cross-validation and walk-forward.

A search inside each fold is `nested`. Where folds are made is `dataset/folds` (the method `rolling` is walk-forward),
how values of folds are tested is `inference/fold_tests`. The test split is not touched here; how good the final model
is on it says `report`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
import pandas as pd

from ml_lifecycle.config.dataset import AugmentationConfig
from ml_lifecycle.dataset.folds import Folds
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.errors import DataError
from ml_lifecycle.evaluation.inference.fold_tests import corrected_interval
from ml_lifecycle.evaluation.metrics import Metric, metrics_of
from ml_lifecycle.modeling.augmentation import augment
from ml_lifecycle.modeling.cross_fitting import refit_once
from ml_lifecycle.modeling.estimators import FittedModel, Goal
from ml_lifecycle.modeling.kept_fits import KeptFit, KeptFits
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.parts import Parts

_FOLDS, _PREDICTIONS, _FILE = "folds", "predictions", "cross_validation.json"
_FACTS = ("method", "metric", "greater_is_better", "metrics", "confidence")
#: Column of the table of folds, and fact of a fit: what a search inside the fold believed to have reached.
INNER = "inner"


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """How a way of making a model did on folds.

    Args:
        method: How rows were divided into folds.
        metric: The primary metric.
        greater_is_better: Its direction.
        metrics: Names of all metrics, the primary one first.
        confidence: Level of the intervals.
        folds: One row per fold: `fold`, `train_rows`, `judged_rows`, `judged_hash` (of their ids: two results are of
            the same folds where these are equal), `seconds`, a column per metric, and for a nested search `inner`:
            the primary metric that the search believed to have reached.
        predictions: Out of fold, where they were asked for: `_row_id`, `fold`, `y`, `p_0`, and `p_1` ... for classes.
    """

    method: str
    metric: str
    greater_is_better: bool
    metrics: tuple[str, ...]
    confidence: float
    folds: pd.DataFrame
    predictions: pd.DataFrame | None = None

    @property
    def nested(self) -> bool:
        """Whether the search was done anew inside each fold."""
        return INNER in self.folds.columns

    @property
    def optimism(self) -> float | None:
        """Nested: by how much the search believed its model to be better than it was, in the mean over folds."""
        if not self.nested:
            return None
        gain = self.folds[INNER] - self.folds[self.metric]
        return float(gain.mean()) * (1 if self.greater_is_better else -1)

    def summarize(self) -> pd.DataFrame:
        """One row per metric: `metric`, `mean`, `deviation` between folds, `low`, `high` (corrected interval)."""
        rows = []
        for name in self.metrics:
            known = self.folds[self.folds[name].notna()]
            values = known[name].to_numpy()
            if not len(values):
                continue
            found = corrected_interval(
                values,
                known["train_rows"].to_numpy(),
                known["judged_rows"].to_numpy(),
                confidence=self.confidence,
            )
            deviation = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
            rows.append((name, found.value, deviation, found.low, found.high))
        return pd.DataFrame(rows, columns=["metric", "mean", "deviation", "low", "high"])

    @property
    def title(self) -> str:
        """What was done, in words."""
        name = "walk-forward" if self.method == "rolling" else "cross-validation"
        how = "with a search inside each fold" if self.nested else "of the chosen configuration"
        return f"{name} {how}, {len(self.folds)} {self.method} folds"

    def markdown(self) -> str:
        """The means with their intervals, how each fold did, and how to read them."""
        lines = [f"**{self.title}**", "", f"| metric | mean | {self.confidence:.0%} interval | deviation |"]
        lines += ["| --- | ---: | ---: | ---: |"]
        lines += [
            f"| {row.metric} | {row.mean:.5g} | {row.low:.5g} to {row.high:.5g} | {row.deviation:.3g} |"
            for row in self.summarize().itertuples()
        ]
        lines += ["", f"| fold | learnt from | judged | {self.metric} |", "| ---: | ---: | ---: | ---: |"]
        lines += [
            f"| {row['fold']} | {row['train_rows']:,} | {row['judged_rows']:,} | {row[self.metric]:.5g} |"
            for row in self.folds.to_dict("records")
        ]
        return "\n".join([*lines, "", self._caveat()])

    def to_parts(self) -> Parts:
        """The tables, and the facts as JSON."""
        facts = {name: getattr(self, name) for name in _FACTS}
        predictions = {} if self.predictions is None else {_PREDICTIONS: self.predictions}
        return Parts({_FOLDS: self.folds, **predictions}, {_FILE: json.dumps(facts, sort_keys=True).encode()})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put it together again."""
        facts: dict[str, Any] = json.loads(parts.files[_FILE])
        predictions = parts.tables.get(_PREDICTIONS)
        if predictions is not None:
            predictions = predictions.sort_values(["fold", ROW_ID], ignore_index=True)
        folds = parts.tables[_FOLDS].sort_values("fold", ignore_index=True)
        return cls(**{**facts, "metrics": tuple(facts["metrics"])}, folds=folds, predictions=predictions)

    def _caveat(self) -> str:
        if self.optimism is None:
            return (
                "The configuration was chosen with rows that the folds judge, or that are like them: these values say "
                "how much it varies; evaluation.cross_validation.nested gives the honest estimate of search and fit."
            )
        return (
            f"Inside the folds the search believed in a {self.metric} better by {self.optimism:.3g} than its models "
            "then reached: that is its optimism."
        )


#: From the rows to learn from and the fold's number to a fit; its fact `INNER` is the value its search believed in.
MakeModel: TypeAlias = Callable[[Samples, int], KeptFit]


def cross_validate(
    train: Samples,
    folds: Folds,
    model: FittedModel,
    *,
    metric: Metric,
    metrics: Sequence[Metric] = (),
    confidence: float = 0.95,
    augmentation: AugmentationConfig | None = None,
    keep_predictions: bool = False,
    kept: KeptFits | None = None,
) -> CrossValidation:
    """Fit a model's configuration on every fold, and judge it on the rows the fold left out.

    Family, parameters, seed and number of rounds are the model's; nothing is stopped early. Features and their
    selection are those of all training rows.

    Args:
        train: Training rows with the model's features, not augmented.
        folds: Folds of them.
        model: The model whose configuration is meant.
        metric: The primary metric.
        metrics: What else is computed; all metrics of the kind of problem by default.
        confidence: Level of the intervals.
        augmentation: What is done about rare classes; only in the rows that are learnt from.
        keep_predictions: Whether predictions out of fold are kept.
        kept: Where the models of finished folds are kept, so that a killed validation goes on after them.

    Raises:
        DataError: A fold has no row of `train` on one side.
    """
    goal, kept = model.facts.goal, kept or KeptFits()

    def make(learning: Samples, number: int) -> KeptFit:
        del number
        return refit_once(model, _augmented(learning, augmentation, goal), kept)

    found = run_folds(
        train, folds, make, goal, metric, metrics=metrics, confidence=confidence, keep_predictions=keep_predictions
    )
    kept.prune()
    return found


def run_folds(
    train: Samples,
    folds: Folds,
    make: MakeModel,
    goal: Goal,
    metric: Metric,
    *,
    metrics: Sequence[Metric],
    confidence: float,
    keep_predictions: bool,
) -> CrossValidation:
    """Make a model on every fold, and judge it on the rows the fold left out.

    Args:
        train: Training rows.
        folds: Folds of them.
        make: Makes the model of one fold.
        goal: What is fitted.
        metric: The primary metric.
        metrics: What else is computed; all metrics of the kind of problem by default.
        confidence: Level of the intervals.
        keep_predictions: Whether predictions out of fold are kept.

    Raises:
        DataError: A fold has no row of `train` on one side.
    """
    judged_by = {each.name: each for each in (metric, *(metrics or metrics_of(goal.kind)))}
    judged_by[metric.name] = metric
    rows, kept = [], []
    for number, (learning, judging) in enumerate(_sides(train, folds), start=1):
        fit = make(learning, number)
        began, inner = time.monotonic(), fit.facts.get(INNER)
        predictions = fit.model.predict_matrix(judging.matrix)
        row = {
            "fold": number,
            "train_rows": len(learning),
            "judged_rows": len(judging),
            "judged_hash": _hash_ids(judging.row_ids),
            "seconds": fit.seconds + time.monotonic() - began,
        }
        row |= {name: each(judging.y, predictions, judging.query) for name, each in judged_by.items()}
        rows.append(row if inner is None else {**row, INNER: inner})
        if keep_predictions:
            kept.append(tabulate_predictions(judging, predictions).assign(fold=number))
    return CrossValidation(
        method=folds.method,
        metric=metric.name,
        greater_is_better=metric.greater_is_better,
        metrics=tuple(judged_by),
        confidence=confidence,
        folds=pd.DataFrame(rows),
        predictions=pd.concat(kept, ignore_index=True).sort_values(["fold", ROW_ID], ignore_index=True)
        if kept
        else None,
    )


def tabulate_predictions(samples: Samples, predictions: np.ndarray) -> pd.DataFrame:
    """Predictions as a table: `_row_id`, `y`, `p_0`, and `p_1` ... where there is one for each class."""
    columns = predictions[:, None] if predictions.ndim == 1 else predictions
    named = {f"p_{place}": column for place, column in enumerate(columns.T)}
    return pd.DataFrame({ROW_ID: samples.row_ids, "y": samples.y, **named})


def _sides(train: Samples, folds: Folds) -> Iterator[tuple[Samples, Samples]]:
    for number, ids in enumerate(folds, start=1):
        learning, judging = (train.take(np.flatnonzero(np.isin(train.row_ids, side))) for side in ids)
        if not len(learning) or not len(judging):
            raise DataError(
                f"fold {number} cannot be judged",
                expected="training rows on both of its sides",
                got=f"{len(learning)} to learn from and {len(judging)} to judge on",
                advice="make the folds of the same rows",
            )
        yield learning, judging


def _augmented(learning: Samples, augmentation: AugmentationConfig | None, goal: Goal) -> Samples:
    return learning if augmentation is None else augment(learning, augmentation, kind=goal.kind, seed=goal.seed)


def _hash_ids(row_ids: np.ndarray) -> str:
    import hashlib

    return hashlib.sha256(np.sort(row_ids).astype("<i8").tobytes()).hexdigest()[:16]

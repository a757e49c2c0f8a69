"""`Baselines`: what the baselines of a project reached, and the best of them, ready to predict and to be stored.

Which baselines there are lives in `menu`; how they are fitted and scored, in `fitting`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
import pandas as pd

from ml_lifecycle.modeling.baselines.last_value import LAST_VALUE_FILE, LastValue
from ml_lifecycle.modeling.baselines.popularity import POPULARITY_FILE, Popularity
from ml_lifecycle.modeling.estimators import FittedModel, load_model
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.parts import Parts

#: A model that reads features, or one that reads what the features do not hold: earlier labels, the item of a row.
BaselineModel: TypeAlias = FittedModel | LastValue | Popularity


@dataclass(frozen=True, slots=True)
class Baselines:
    """The baselines of one project.

    Args:
        table: One row per baseline, the best first: `baseline`, `score`, `low` and `high` (its interval; NaN where
            none was asked for), `seconds`, `description`, `best`, `rank`.
        metric: The name of the score.
        model: The best baseline.
    """

    table: pd.DataFrame
    metric: str
    model: BaselineModel

    @property
    def best(self) -> str:
        """The name of the best baseline."""
        return str(self.table.loc[self.table["best"], "baseline"].iloc[0])

    @property
    def best_score(self) -> float:
        """Its score on the validation rows."""
        return float(self.table.loc[self.table["best"], "score"].iloc[0])

    @property
    def best_seconds(self) -> float:
        """How long it took to fit and score it."""
        return float(self.table.loc[self.table["best"], "seconds"].iloc[0])

    @property
    def size_bytes(self) -> int:
        """Size of what the best baseline consists of when it is stored."""
        parts = _parts_of(self.model)
        tables = sum(int(table.memory_usage(index=False).sum()) for table in parts.tables.values())
        return tables + sum(len(content) for content in parts.files.values())

    def predict_best(self, samples: Samples, entity: pd.Series | None = None) -> np.ndarray:
        """Predictions of the best baseline for any samples with the same features.

        Persistence also reads the labels of `samples`: of each row it may know those that are older than the row by
        more than the label delay, never the row's own.

        Args:
            samples: The rows.
            entity: Entities by `_row_id`, where the baselines were fitted with them.

        Raises:
            ModelError: The best baseline needs times or entities, and there are none.
        """
        return predict_with(self.model, samples, entity)

    def to_parts(self) -> Parts:
        """The table and the parts of the best baseline."""
        best = _parts_of(self.model)
        return Parts(tables={"baselines": self.table.assign(metric=self.metric), **best.tables}, files=best.files)

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put them together again."""
        table = parts.tables["baselines"]
        ordered = table.sort_values("rank").reset_index(drop=True)
        return cls(ordered.drop(columns="metric"), str(table["metric"].iloc[0]), _model_of(parts))


def predict_with(model: BaselineModel, samples: Samples, entity: pd.Series | None) -> np.ndarray:
    """Predictions of a baseline, in the form of `FittedModel.predict`."""
    if isinstance(model, FittedModel):
        return model.predict_matrix(samples.matrix)
    return model.predict_samples(samples, entity)


def _parts_of(model: BaselineModel) -> Parts:
    return Parts(files=model.to_files()) if isinstance(model, FittedModel) else model.to_parts()


def _model_of(parts: Parts) -> BaselineModel:
    if LAST_VALUE_FILE in parts.files:
        return LastValue.from_parts(parts)
    if POPULARITY_FILE in parts.files:
        return Popularity.from_parts(parts)
    return load_model(parts.files)

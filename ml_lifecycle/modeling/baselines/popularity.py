"""Popularity: an item is ranked by its mean relevance in training, whatever the query."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from ml_lifecycle.modeling.baselines.entities import entity_keys
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.parts import Parts

POPULARITY_FILE = "popularity.json"
_TABLE = "popularity"


@dataclass(frozen=True, slots=True)
class Popularity:
    """Mean relevance by item.

    Args:
        items: `entity` (int64 key of the item) and `relevance`.
        level: The mean of all, for items that training did not hold.
    """

    items: pd.DataFrame
    level: float

    @classmethod
    def fit(cls, train: Samples, entity: pd.Series) -> Self:
        """Learn the means; one further row of mean relevance stands behind each item, so that one row is no fame.

        Raises:
            ModelError: Rows without item.
        """
        weight = np.ones(len(train)) if train.weight is None else train.weight
        codes, keys = pd.factorize(entity_keys(entity, train.row_ids))
        level = float(np.average(train.y, weights=weight))
        sums, rows = np.bincount(codes, train.y * weight), np.bincount(codes, weight)
        return cls(pd.DataFrame({"entity": keys, "relevance": (sums + level) / (rows + 1)}), level)

    def predict_samples(self, samples: Samples, entity: pd.Series | None = None) -> np.ndarray:
        """The relevance of each row's item, shape (n,).

        Raises:
            ModelError: The items of the rows are not given.
        """
        known = self.items.set_index("entity")["relevance"]
        places = known.index.get_indexer(pd.Index(entity_keys(entity, samples.row_ids)))
        return np.where(places < 0, self.level, known.to_numpy()[places])

    def to_parts(self) -> Parts:
        """The items as a table."""
        return Parts(tables={_TABLE: self.items}, files={POPULARITY_FILE: json.dumps({"level": self.level}).encode()})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put it together again."""
        return cls(parts.tables[_TABLE], float(json.loads(parts.files[POPULARITY_FILE])["level"]))

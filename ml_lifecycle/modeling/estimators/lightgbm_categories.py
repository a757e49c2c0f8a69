"""How LightGBM sees categories. That is a hyperparameter, `categories`.

    codes          as the numbers of their codes, which the extractor orders by frequency
    sets           as LightGBM's own splits into sets of categories (Fisher 1958), which suit few and frequent ones
    target_means   as the mean target of each category, drawn to the mean of all (Micci-Barreca 2001); a training row's
                   is that of the other folds, so that no row meets its own target

A model that was fitted on target means is rewritten before it leaves: a split of means is a split of the categories
whose means lie below it. So every stored model takes codes, and nothing that reads one knows of means. Binning is
`lightgbm_data`, boosting `lightgbm_boosting`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.estimators.facts import Goal
from ml_lifecycle.modeling.samples import Samples

CATEGORIES: Final = "categories"
CODES: Final = "codes"
SETS: Final = "sets"
TARGET_MEANS: Final = "target_means"
#: Rows of the overall mean that each category's own rows are joined by.
_PRIOR_ROWS: Final = 20.0
_FOLDS: Final = 5
#: LightGBM's mark of a split by categories, and the bits of a word of its sets.
_CATEGORICAL: Final = 1
_WORD: Final = 32
_TREE: Final = "\nTree="


def list_forms(goal: Goal) -> tuple[str, ...]:
    """The forms that categories can have for a goal: means need one target figure per row."""
    return (CODES, SETS, TARGET_MEANS) if goal.kind in {Kind.BINARY, Kind.REGRESSION} else (CODES, SETS)


@dataclass(frozen=True, slots=True)
class CategoryMeans:
    """The mean target of each category of each categorical feature.

    Args:
        tables: By the feature's position: the mean by code, float32 of shape (codes,).
        other: The mean of cells that are missing, and of codes that training did not show.
    """

    tables: Mapping[int, np.ndarray]
    other: np.float32

    @classmethod
    def fit(cls, train: Samples) -> CategoryMeans:
        """Take the means of all training rows."""
        every = np.ones(len(train), dtype=bool)
        return cls({place: _means(train, place, every) for place in train.matrix.categorical}, _mean(train, every))

    def encode(self, samples: Samples) -> Samples:
        """The rows with means in place of codes."""
        values = samples.matrix.values.copy()
        for place, table in self.tables.items():
            values[:, place] = _look_up(table, self.other, values[:, place])
        return _as_numbers(samples, values)

    def to_codes(self, text: str) -> str:
        """A model of means, in LightGBM's text, as the same model of codes."""
        head, *trees = text.split(_TREE)
        kept = [line for line in head.split("\n") if not line.startswith("tree_sizes=")]  # they are others now
        return _TREE.join(["\n".join(kept), *map(self._rewrite, trees)])

    def _rewrite(self, block: str) -> str:
        """One tree: each split of means becomes a split into sets, with its sides changed where all others go left."""
        lines = dict(line.split("=", 1) for line in block.splitlines()[1:] if "=" in line)
        if "split_feature" not in lines or not lines["split_feature"]:
            return block
        features = [int(word) for word in lines["split_feature"].split()]
        thresholds, kinds = lines["threshold"].split(), lines["decision_type"].split()
        left, right = lines["left_child"].split(), lines["right_child"].split()
        words, bounds = [], [0]
        for node, feature in enumerate(features):
            if feature not in self.tables:
                continue
            limit = float(thresholds[node])
            chosen = self.tables[feature].astype(np.float64) <= limit
            if float(self.other) <= limit:  # what is in no set goes right
                chosen = ~chosen
                left[node], right[node] = right[node], left[node]
            thresholds[node], kinds[node] = str(len(bounds) - 1), str(_CATEGORICAL)
            words += _pack(chosen)
            bounds.append(len(words))
        if not words:
            return block
        changed = {
            "num_cat": [str(len(bounds) - 1)],
            "threshold": thresholds,
            "decision_type": kinds,
            "left_child": left,
            "right_child": right,
        }
        return _write(block, changed, {"cat_boundaries": bounds, "cat_threshold": words})


def encode_by_folds(train: Samples, seed: int) -> Samples:
    """Training rows with means in place of codes, each row's taken from rows of other folds."""
    fold = np.random.default_rng(seed).permutation(len(train)) % _FOLDS
    values = train.matrix.values.copy()
    for number in range(_FOLDS):
        inside, outside = fold == number, fold != number
        other = _mean(train, outside)
        for place in train.matrix.categorical:
            table = _means(train, place, outside)
            values[inside, place] = _look_up(table, other, train.matrix.values[inside, place])
    return _as_numbers(train, values)


def as_numbers(samples: Samples) -> Samples:
    """The rows with their codes as numbers."""
    return _as_numbers(samples, samples.matrix.values)


def _as_numbers(samples: Samples, values: np.ndarray) -> Samples:
    return replace(samples, matrix=FeatureMatrix(values, samples.matrix.names))


def _weights(train: Samples) -> np.ndarray:
    return np.ones(len(train)) if train.weight is None else train.weight


def _mean(train: Samples, rows: np.ndarray) -> np.float32:
    return np.float32(np.average(train.y[rows].astype(np.float64), weights=_weights(train)[rows]))


def _means(train: Samples, place: int, rows: np.ndarray) -> np.ndarray:
    """The mean by code over some rows, for all codes of the training rows, float32."""
    column, weight = train.matrix.values[:, place], _weights(train)
    known = rows & (column >= 0)  # a missing cell compares false
    size = int(np.nanmax(column, initial=-1)) + 1
    codes = column[known].astype(np.intp)
    count = np.bincount(codes, weight[known], minlength=size)
    total = np.bincount(codes, weight[known] * train.y[known], minlength=size)
    prior = float(_mean(train, rows))
    return ((total + _PRIOR_ROWS * prior) / (count + _PRIOR_ROWS)).astype(np.float32)


def _look_up(table: np.ndarray, other: np.float32, column: np.ndarray) -> np.ndarray:
    whole = np.append(table, other)
    known = (column >= 0) & (column < len(table))
    return np.asarray(whole[np.where(known, column, len(table)).astype(np.intp)])


def _pack(chosen: np.ndarray) -> list[int]:
    """A set of codes as LightGBM's words of 32 bits, at least one."""
    padded = np.zeros(max(-(-len(chosen) // _WORD), 1) * _WORD, dtype=np.uint8)
    padded[: len(chosen)] = chosen
    return np.packbits(padded, bitorder="little").view("<u4").tolist()


def _write(block: str, changed: Mapping[str, Sequence[str]], added: Mapping[str, Sequence[int]]) -> str:
    """A tree's lines with some of them changed, and the sets after its right children."""
    out = []
    for line in block.split("\n"):
        name = line.split("=", 1)[0]
        out.append(f"{name}={' '.join(changed[name])}" if name in changed else line)
        if name == "right_child":
            out += [f"{key}={' '.join(map(str, values))}" for key, values in added.items()]
    return "\n".join(out)

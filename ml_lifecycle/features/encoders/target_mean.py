"""`TargetColumn`: the mean target of a category, out of fold for the rows it was learnt from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from ml_lifecycle.features.cells import category_key
from ml_lifecycle.features.columns import Keys, Values
from ml_lifecycle.features.encoders.base import Encoder
from ml_lifecycle.features.targets import TargetNumbers


@dataclass(frozen=True, slots=True)
class TargetColumn(Encoder):
    """The mean target of the training rows with the same category, drawn towards the overall mean.

    Of n rows with sum s the mean is (s + m * prior) / (n + m), where the prior is the overall mean and m the smoothing
    (Micci-Barreca 2001). An unknown category has the prior; missing cells are a category of their own. A class of more
    than two makes a feature of its own.

    `encode` is what validation, test and production rows get. The training rows must not: their own targets are in
    the means, which a model would read off. They get `encode_out_of_fold`.

    Args:
        labels: The class of each feature; empty text where there is only one.
        means: Mean by category, one per label.
        missing: Mean of the rows where the cell is missing.
        prior: Overall mean.
        smoothing: So many rows the prior counts for.
    """

    kind: ClassVar[str] = "target"
    several: ClassVar[bool] = True

    labels: tuple[str, ...]
    means: Mapping[str, tuple[float, ...]]
    missing: tuple[float, ...]
    prior: tuple[float, ...]
    smoothing: float

    @classmethod
    def fit(cls, values: Values, target: TargetNumbers, *, column: str, smoothing: float) -> TargetColumn:
        """Learn the means of the training rows; rows without a target are left out."""
        keys = values.keys.merged()
        codes, numbers = _known(keys, target)
        sums, counts, prior = _totals(codes, numbers, len(keys.names) + 1)
        means = _smooth(sums, counts, prior, smoothing)
        seen = sorted((name, code) for code, name in enumerate(keys.names) if counts[code])
        return cls(
            column,
            bool((keys.codes < 0).any()),
            target.labels,
            {name: tuple(means[code].tolist()) for name, code in seen},
            tuple(means[-1].tolist()),
            tuple(prior.tolist()),
            smoothing,
        )

    @property
    def features(self) -> tuple[str, ...]:
        """`city__target`, or one per class such as `city__target_gold`."""
        return tuple(f"{self.column}__target_{label}" if label else f"{self.column}__target" for label in self.labels)

    def encode(self, values: Values, out: np.ndarray) -> None:
        """Write the batch into `out`, float32 of shape (labels, n)."""
        # The last entry is the one that the code -1 of missing cells picks.
        found = [*(self.means.get(name, self.prior) for name in values.keys.names), self.missing]
        table = np.array(found, dtype=np.float32).reshape(len(found), len(self.labels))
        for index, line in enumerate(out):
            np.take(table[:, index], values.keys.codes, out=line, mode="wrap")

    def encode_out_of_fold(self, values: Values, target: TargetNumbers, folds: np.ndarray, out: np.ndarray) -> None:
        """Write the features of the training rows into `out`, float32 (labels, n), without the row's own fold.

        Args:
            values: The training rows this was fitted on.
            target: Their targets.
            folds: The fold of each row, shape (n,); with a single fold only the prior is left.
            out: Where to write.
        """
        keys, count = values.keys.merged(), int(folds.max(initial=0)) + 1
        kept = [target.labels.index(label) for label in self.labels]
        known = ~np.isnan(target.numbers).any(axis=1)
        # The code -1 of missing cells becomes the last place, as in `encode`.
        size = len(keys.names) + 1
        codes = np.where(keys.codes < 0, size - 1, keys.codes)
        cells = folds * size + codes
        for line, index in zip(out, kept, strict=True):
            numbers = target.numbers[known, index]
            sums = np.bincount(cells[known], numbers, minlength=size * count).reshape(count, size)
            counts = np.bincount(cells[known], minlength=size * count).reshape(count, size)
            other_sums, other_counts = sums.sum(axis=0) - sums, counts.sum(axis=0) - counts
            priors = other_sums.sum(axis=1) / np.maximum(other_counts.sum(axis=1), 1)
            means = _smooth(other_sums[..., None], other_counts, priors[:, None, None], self.smoothing)[..., 0]
            line[:] = means.astype(np.float32).ravel()[cells]

    def cell(self) -> Callable[[object], list[float]]:
        """Make the single-cell path: value to one float per label."""
        lists = {key: list(means) for key, means in self.means.items()}
        prior, missing = list(self.prior), list(self.missing)

        def means_of(value: object) -> list[float]:
            key = value if type(value) is str else category_key(value)
            return missing if key is None else lists.get(key, prior)

        return means_of

    def pick(self, names: Collection[str]) -> Self:
        """Keep the classes whose features are named."""
        kept = [index for index, name in enumerate(self.features) if name in names]

        def some(numbers: tuple[float, ...]) -> tuple[float, ...]:
            return tuple(numbers[index] for index in kept)

        return replace(
            self,
            labels=tuple(self.labels[index] for index in kept),
            means={key: some(means) for key, means in self.means.items()},
            missing=some(self.missing),
            prior=some(self.prior),
        )

    def state(self) -> dict[str, Any]:
        """The means by category."""
        return {
            "labels": list(self.labels),
            "means": {key: list(means) for key, means in self.means.items()},
            "missing": list(self.missing),
            "prior": list(self.prior),
            "smoothing": self.smoothing,
        }

    @classmethod
    def from_state(cls, column: str, state: Mapping[str, Any], *, nullable: bool) -> Self:
        """Make an encoder of what `to_dict` gave."""
        means = {str(key): tuple(map(float, numbers)) for key, numbers in state["means"].items()}
        missing, prior = tuple(map(float, state["missing"])), tuple(map(float, state["prior"]))
        labels = tuple(map(str, state["labels"]))
        if {len(missing), len(prior), *map(len, means.values())} != {len(labels)}:
            msg = f"expected an encoder with {len(labels)} means for each category, got others"
            raise ValueError(msg)
        return cls(column, nullable, labels, means, missing, prior, float(state["smoothing"]))


def _known(keys: Keys, target: TargetNumbers) -> tuple[np.ndarray, np.ndarray]:
    """Codes and targets of the rows that have a target; the code of missing cells is the last one."""
    codes = np.where(keys.codes < 0, len(keys.names), keys.codes)
    known = ~np.isnan(target.numbers).any(axis=1)
    return (codes, target.numbers) if known.all() else (codes[known], target.numbers[known])


def _totals(codes: np.ndarray, numbers: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums (size, t) and counts (size,) by code, and the overall mean (t,)."""
    sums = np.stack([np.bincount(codes, column, minlength=size) for column in numbers.T], axis=1)
    return sums, np.bincount(codes, minlength=size), sums.sum(axis=0) / max(len(codes), 1)


def _smooth(sums: np.ndarray, counts: np.ndarray, prior: np.ndarray, smoothing: float) -> np.ndarray:
    """Means drawn towards the prior; the prior itself where nothing is known, even without smoothing."""
    weight = counts[..., None] + smoothing
    return np.where(weight > 0, (sums + smoothing * prior) / np.where(weight > 0, weight, 1.0), prior)

"""`Design`: from features to the columns of a linear model. The models are in `linear`.

Numbers: the median for what is missing, standardised, cut at `CUT` standard deviations (so that one wild value neither
spoils the solver nor a prediction). Categories: one column for each of the `MOST_CATEGORIES` most frequent codes, one
for all others, one for missing.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

CUT = 10.0
MOST_CATEGORIES = 50
#: Above this size of the design matrix it is kept sparse.
DENSE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Design:
    """From features to the columns of a linear model.

    Args:
        numeric: Positions of the numbers.
        medians: What stands for a missing number.
        means: Subtracted from it.
        scales: Divides it; 1 for constants.
        nominal: Positions of the codes.
        known: Codes per nominal feature that have a coefficient of their own.
    """

    numeric: list[int]
    medians: list[float]
    means: list[float]
    scales: list[float]
    nominal: list[int]
    known: list[int]

    @classmethod
    def fit(cls, values: np.ndarray, categorical: tuple[int, ...]) -> Design:
        """Learn medians, means and scales from training rows (n, f)."""
        numeric = [column for column in range(values.shape[1]) if column not in set(categorical)]
        part = values[:, numeric].astype(np.float64)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a column without a single value: its median becomes 0
            medians = np.nan_to_num(np.nanmedian(part, axis=0)) if numeric else np.empty(0)
        part = np.where(np.isnan(part), medians, part)
        scales = part.std(axis=0)
        known = [int(np.nanmax(values[:, column], initial=-1.0)) + 1 for column in categorical]
        return cls(
            numeric,
            medians.tolist(),
            part.mean(axis=0).tolist(),
            np.where(scales > 0, scales, 1.0).tolist(),
            list(categorical),
            [min(count, MOST_CATEGORIES) for count in known],
        )

    @property
    def width(self) -> int:
        """Columns of the design matrix."""
        return len(self.numeric) + sum(count + 2 for count in self.known)

    def numbers(self, values: np.ndarray) -> np.ndarray:
        """Standardised numbers (n, numeric)."""
        part = values[:, self.numeric].astype(np.float64)
        part = np.where(np.isnan(part), self.medians, part)
        standard = (part - np.asarray(self.means)) / np.asarray(self.scales)
        return np.asarray(np.clip(standard, -CUT, CUT))

    def places(self, values: np.ndarray) -> np.ndarray:
        """Which column of the design matrix each code switches on, (n, nominal)."""
        codes = values[:, self.nominal]
        known = np.asarray(self.known, dtype=np.int64)
        inside = np.where(np.isnan(codes), 0, codes).astype(np.int64)
        slots = np.where(np.isnan(codes), known + 1, np.minimum(inside, known))
        starts = len(self.numeric) + np.cumsum(np.r_[0, known + 2])[:-1]
        return np.asarray(slots + starts[: len(known)])

    def matrix(self, values: np.ndarray) -> Any:  # noqa: ANN401 - dense or sparse
        """The design matrix (n, width) in float32."""
        from scipy import sparse

        numbers, places = self.numbers(values).astype(np.float32), self.places(values)
        rows, nominal = places.shape
        if rows * self.width * numbers.itemsize <= DENSE_BYTES:
            dense = np.zeros((rows, self.width), dtype=np.float32)
            dense[:, : numbers.shape[1]] = numbers
            dense[np.arange(rows)[:, None], places] = 1
            return dense
        ones = np.ones(places.size, dtype=np.float32)
        switches = sparse.csr_matrix(
            (ones, places.ravel(), np.arange(rows + 1) * nominal), shape=(rows, self.width), dtype=np.float32
        )
        filled = sparse.csr_matrix((numbers.ravel(), np.tile(np.arange(numbers.shape[1]), rows),
                                    np.arange(rows + 1) * numbers.shape[1]), shape=(rows, self.width))  # fmt: skip
        return switches + filled

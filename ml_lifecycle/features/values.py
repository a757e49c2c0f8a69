"""`FeatureMatrix`: numbers with names, as models take them.

How columns become numbers lives in `extraction`; the features of all rows of a project live in `matrix`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml_lifecycle.errors import DataError


@dataclass(frozen=True, slots=True)
class FeatureMatrix:
    """Feature values of some rows.

    Args:
        values: float32, C-contiguous, shape (n, f); NaN is missing; categorical columns hold codes from 0.
        names: One name per column, f in all.
        categorical: Indices of the columns that hold codes.

    Raises:
        ValueError: Shape, type and names do not fit together.

    >>> matrix = FeatureMatrix(np.eye(2, dtype=np.float32), ("a", "b"), (1,))
    >>> matrix.select(["b"]).categorical
    (0,)
    """

    values: np.ndarray
    names: tuple[str, ...]
    categorical: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what a model would silently misread."""
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):  # noqa: PLR2004 - a matrix
            msg = f"expected values of shape (n, {len(self.names)}), got {self.values.shape}"
            raise ValueError(msg)
        if self.values.dtype != np.float32 or not self.values.flags.c_contiguous:
            msg = f"expected C-contiguous float32, got {self.values.dtype} with strides {self.values.strides}"
            raise ValueError(msg)

    def __len__(self) -> int:
        """Count the rows."""
        return int(self.values.shape[0])

    def take(self, rows: np.ndarray) -> FeatureMatrix:
        """Pick rows by position or by boolean mask; `rows` of shape (m,) or (n,)."""
        return FeatureMatrix(np.ascontiguousarray(self.values[rows]), self.names, self.categorical)

    def select(self, names: Sequence[str]) -> FeatureMatrix:
        """Pick columns by name, in the order given.

        Raises:
            DataError: A name is not among the columns.
        """
        if tuple(names) == self.names:
            return self
        place = {name: index for index, name in enumerate(self.names)}
        absent = [name for name in names if name not in place]
        if absent:
            raise DataError(
                "a feature is not in the matrix",
                expected=f"names among the {len(self.names)} features, such as {list(self.names[:5])}",
                got=f"{absent[:5]}",
                advice="extract the features anew; the names come from another version of the project",
            )
        picked = [place[name] for name in names]
        codes = set(self.categorical)
        categorical = tuple(index for index, source in enumerate(picked) if source in codes)
        return FeatureMatrix(np.ascontiguousarray(self.values[:, picked]), tuple(names), categorical)

"""`Blocks`: a sequence of losses in order of time, summed up by blocks of few rows; what detectors look at.

Counts, sums and sums of squares are all that a mean and its error need. They are small enough to be stored with every
window, so that a window's past is there without reading rows again, whatever window is computed anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import orjson

#: Rows of a block, and the most blocks of one window: detectors look after each block, not after each row.
_ROWS, _MOST = 32, 64
_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Blocks:
    """Sums over blocks of rows, oldest first; all of shape (blocks,).

    Args:
        counts: Rows of each block.
        sums: Sum of their losses.
        squares: Sum of the squares of their losses.
    """

    counts: np.ndarray
    sums: np.ndarray
    squares: np.ndarray

    def __len__(self) -> int:
        """Count the blocks."""
        return len(self.counts)

    @classmethod
    def of(cls, losses: np.ndarray) -> Self:
        """Sum up losses in order of time, shape (n,); what is not finite does not count.

        >>> Blocks.of(np.array([1.0, float("nan"), 3.0])).sums.tolist()
        [4.0]
        """
        known = losses[np.isfinite(losses)]
        if len(known) == 0:
            return cls(np.zeros(0), np.zeros(0), np.zeros(0))
        blocks = int(np.clip(len(known) // _ROWS, 1, _MOST))
        starts = np.arange(blocks) * len(known) // blocks
        counts = np.diff(np.append(starts, len(known))).astype(np.float64)
        return cls(counts, np.add.reduceat(known, starts), np.add.reduceat(known**2, starts))

    @classmethod
    def level(cls, mean: float, std: float, rows: float) -> Self:
        """One block of so many rows with this mean and standard deviation."""
        return cls(np.array([rows]), np.array([rows * mean]), np.array([rows * (mean**2 + std**2)]))

    @property
    def rows(self) -> float:
        """Rows of all blocks."""
        return float(self.counts.sum())

    @property
    def mean(self) -> float:
        """Mean loss of all rows; NaN where there are none."""
        return float(self.sums.sum() / self.rows) if self.rows else float("nan")

    def cut(self, start: int, end: int | None = None) -> Self:
        """The blocks from one place to before another."""
        return type(self)(self.counts[start:end], self.sums[start:end], self.squares[start:end])

    def then(self, later: Blocks) -> Self:
        """These and later ones."""
        parts = zip(self.arrays, later.arrays, strict=True)
        return type(self)(*(np.concatenate(pair) for pair in parts))

    def newest(self, rows: float) -> Self:
        """The newest blocks with at most so many rows in all."""
        held = np.cumsum(self.counts[::-1]) <= rows
        return self.cut(len(self) - int(held.sum()))

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Counts, sums and sums of squares."""
        return self.counts, self.sums, self.squares

    def to_text(self) -> str:
        """As a short text, for a cell of a table."""
        lists = [[float(f"{value:.{_DIGITS}g}") for value in array] for array in self.arrays]
        return orjson.dumps(lists).decode()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` wrote; an empty text holds no blocks."""
        counts, sums, squares = orjson.loads(text) if text else ([], [], [])
        return cls(*(np.asarray(array, dtype=np.float64) for array in (counts, sums, squares)))


#: Where nothing is known of the past.
NO_BLOCKS = Blocks(np.zeros(0), np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True)
class Change:
    """A moment at which losses have changed.

    Args:
        seen: The block after which it was seen.
        begun: The first block that is after the change.
        rise: By how much the mean loss is higher after it than before; negative where it fell.
    """

    seen: int
    begun: int
    rise: float

"""Which rows are the newest that are known at a given time, for many rows at once; used by persistence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

#: A missing time, as numpy writes it in nanoseconds: such a row is never known, and knows nothing.
NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest known moment of each row that is asked for.

    Args:
        moment: For each seen row the number of its moment (an entity at a time), shape (s,); -1 without a time.
        of: For each asked row the number of the moment it is told by, shape (a,); -1 where nothing is known.
    """

    moment: np.ndarray
    of: np.ndarray

    @classmethod
    def find(
        cls, time: ArrayLike, entity: ArrayLike, asked_time: ArrayLike, asked_entity: ArrayLike, delay: int
    ) -> Self:
        """Find for each asked row the newest seen moment of its entity with `time + delay < asked_time`.

        Args:
            time: Times of seen rows in nanoseconds, shape (s,).
            entity: Their entities, shape (s,).
            asked_time: Times of the rows that are asked for, shape (a,).
            asked_entity: Their entities, shape (a,).
            delay: Nanoseconds after which a seen row is known.
        """
        time, asked_time = np.asarray(time), np.asarray(asked_time)
        timed = time != NEVER
        times, rank = np.unique(time[timed], return_inverse=True)
        entities, code = np.unique(np.asarray(entity)[timed], return_inverse=True)
        # A moment as one number, so that one sorted array answers for all entities: within an entity by time.
        step = len(times) + 1
        moments, moment = np.unique(code * step + rank, return_inverse=True)
        asked_code = np.searchsorted(entities, asked_entity)
        earlier = np.searchsorted(times, np.where(asked_time == NEVER, NEVER, asked_time - delay), side="left")
        found = np.searchsorted(moments, asked_code * step + earlier, side="left") - 1
        same = (found >= 0) & (asked_time != NEVER)
        same &= np.isin(asked_entity, entities)
        same[same] &= moments[found[same]] // step == asked_code[same]
        of_seen = np.full(len(time), -1)
        of_seen[timed] = moment
        return cls(of_seen, np.where(same, found, -1))

    @property
    def nothing(self) -> np.ndarray:
        """Which asked rows nothing is known for, shape (a,)."""
        return self.of < 0

    @property
    def sources(self) -> np.ndarray:
        """Positions of the seen rows that tell something, shape (m,)."""
        return np.flatnonzero(np.isin(self.moment, self.of[self.of >= 0]))

    def mean(self, values: np.ndarray) -> np.ndarray:
        """The mean of what is seen at the moment of each asked row; 0 where nothing is.

        Args:
            values: Figures of the `sources`, shape (m, d).

        Returns:
            Shape (a, d).
        """
        used, place = np.unique(self.of, return_inverse=True)
        slot = np.searchsorted(used, self.moment[self.sources])
        rows = np.maximum(np.bincount(slot, minlength=len(used)), 1)
        sums = np.column_stack([np.bincount(slot, column, minlength=len(used)) for column in values.T])
        return np.asarray((sums / rows[:, None])[place])

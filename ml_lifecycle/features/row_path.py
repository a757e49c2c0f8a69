"""`RowPath`: one row through all encoders, compiled once, since a server pays for it with every request.

What an encoder does with a cell lives in `columns`; the batch path, in `extraction`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ml_lifecycle.errors import DataError
from ml_lifecycle.features.columns import ColumnEncoder, DatetimeColumn, name_column


@dataclass(frozen=True, slots=True)
class RowPath:
    """One closure per column, and the order of the answer.

    Args:
        single: Columns that make one feature.
        several: Columns that make several; they come after those of one.
        nullable: Columns that may be absent.
        order: Where each feature is found in the answer; None where it is in place already.
    """

    single: tuple[tuple[str, Callable[[object], float]], ...]
    several: tuple[tuple[str, Callable[[object], list[float]]], ...]
    nullable: frozenset[str]
    order: np.ndarray | None

    @classmethod
    def compile(cls, encoders: Sequence[ColumnEncoder], names: tuple[str, ...]) -> RowPath:
        """Make the closures of some encoders, for features in the order of `names`."""
        single = [encoder for encoder in encoders if not isinstance(encoder, DatetimeColumn)]
        several = [encoder for encoder in encoders if isinstance(encoder, DatetimeColumn)]
        made = tuple(name for encoder in (*single, *several) for name in encoder.features)
        place = {name: index for index, name in enumerate(made)}
        return cls(
            tuple((encoder.column, encoder.cell()) for encoder in single),
            tuple((encoder.column, encoder.cell()) for encoder in several),
            frozenset(encoder.column for encoder in encoders if encoder.nullable),
            None if made == names else np.array([place[name] for name in names], dtype=np.intp),
        )

    def read(self, row: Mapping[str, object]) -> np.ndarray:
        """Compute the features of a row: float32 of shape (f,).

        Raises:
            DataError: A column is absent that may not be, or a cell cannot be read.
        """
        try:
            cells = [read(row[column]) for column, read in self.single]
            for column, read_parts in self.several:
                cells += read_parts(row[column])
        except (KeyError, DataError):
            cells = self._read_carefully(row)
        answer = np.array(cells, dtype=np.float32)
        return answer if self.order is None else answer[self.order]

    def _read_carefully(self, row: Mapping[str, object]) -> list[float]:
        """Read a row that lacks columns or holds a bad cell: absent nullable columns are missing, the rest is named."""
        readers: list[tuple[str, Callable[[object], float | list[float]]]] = [*self.single, *self.several]
        cells: list[float] = []
        for column, read in readers:
            if column not in row and column not in self.nullable:
                raise absent_column(column, list(row))
            try:
                found = read(row.get(column))
            except DataError as error:
                raise name_column(error, column) from error
            cells += found if isinstance(found, list) else [found]
        return cells


def absent_column(column: str, present: Sequence[str]) -> DataError:
    """Say that a column is not there, and which ones are."""
    return DataError(
        f"the column {column!r} is absent",
        expected="every column that had a value in all training rows",
        got=f"{sorted(map(str, present))[:20]}",
        advice="give the column, with an empty value where it is not known",
    )

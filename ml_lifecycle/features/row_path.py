"""`RowPath`: one row through all encoders, compiled once, since a server pays for it with every request.

What an encoder does with a cell lives in `encoders`; the batch path, in `extraction`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml_lifecycle.errors import DataError
from ml_lifecycle.features.columns import absent_column, name_column
from ml_lifecycle.features.derived.base import Derivation
from ml_lifecycle.features.encoders.base import Encoder


@dataclass(frozen=True, slots=True)
class _Step:
    """One derivation, compiled."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    optional: frozenset[str]
    compute: Callable[[Sequence[object]], Sequence[object]]


@dataclass(frozen=True, slots=True)
class RowPath:
    """One closure per column, and the order of the answer.

    Args:
        derived: What is computed of the row first.
        single: Columns that make one feature.
        several: Columns that make several; they come after those of one.
        nullable: Columns that may be absent.
        order: Where each feature is found in the answer; None where it is in place already.
    """

    derived: tuple[_Step, ...]
    single: tuple[tuple[str, Callable[[object], float]], ...]
    several: tuple[tuple[str, Callable[[object], list[float]]], ...]
    nullable: frozenset[str]
    order: np.ndarray | None

    @classmethod
    def compile(cls, derivations: Sequence[Derivation], encoders: Sequence[Encoder], names: tuple[str, ...]) -> RowPath:
        """Make the closures of some derivations and encoders, for features in the order of `names`."""
        single = [encoder for encoder in encoders if not encoder.several]
        several = [encoder for encoder in encoders if encoder.several]
        made = tuple(name for encoder in (*single, *several) for name in encoder.features)
        place = {name: index for index, name in enumerate(made)}
        return cls(
            tuple(_Step(step.inputs, step.outputs, frozenset(step.optional), step.row()) for step in derivations),
            tuple((encoder.column, encoder.cell()) for encoder in single),
            tuple((encoder.column, encoder.cell()) for encoder in several),
            frozenset(encoder.column for encoder in encoders if encoder.nullable),
            None if made == names else np.array([place[name] for name in names], dtype=np.intp),
        )

    def read(self, row: Mapping[str, Any]) -> np.ndarray:
        """Compute the features of a row: float32 of shape (f,).

        Raises:
            DataError: A column is absent that may not be, or a cell cannot be read.
        """
        if self.derived:
            row = self._derive(row)
        try:
            cells = [read(row[column]) for column, read in self.single]
            for column, read_several in self.several:
                cells += read_several(row[column])
        except (KeyError, DataError):
            cells = self._read_carefully(row)
        answer = np.array(cells, dtype=np.float32)
        return answer if self.order is None else answer[self.order]

    def _derive(self, row: Mapping[str, Any]) -> dict[str, Any]:
        full = dict(row)
        for step in self.derived:
            for name in step.inputs:
                if name not in row and name not in step.optional:
                    raise absent_column(name, list(row))
            full.update(zip(step.outputs, step.compute([row.get(name) for name in step.inputs]), strict=True))
        return full

    def _read_carefully(self, row: Mapping[str, Any]) -> list[float]:
        """Read a row that lacks columns or holds a bad cell: absent nullable columns are missing, the rest is named."""
        readers: list[tuple[str, Callable[[object], Any]]] = [*self.single, *self.several]
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

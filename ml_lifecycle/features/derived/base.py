"""`Derivation`: the contract of what makes columns of columns, row by row and without learning anything.

What it makes is encoded like any column of the table (`encoders`). History, which looks at other rows, lives in
`history`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from ml_lifecycle.features.columns import Columns, Values


@dataclass(frozen=True, slots=True)
class Derivation(ABC):
    """From some columns to further ones.

    Args:
        inputs: The columns that are read.
        outputs: The columns that are made.
        optional: Those of the inputs that may be absent: they had gaps in training.
    """

    kind: ClassVar[str]

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    optional: tuple[str, ...]

    @abstractmethod
    def derive(self, columns: Columns) -> Mapping[str, Values]:
        """Make the columns of a batch.

        Raises:
            DataError: A column is absent or a cell cannot be read.
        """

    @abstractmethod
    def row(self) -> Callable[[Sequence[object]], Sequence[object]]:
        """Make the path of a single row: the cells of the inputs to the cells of the outputs."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What else is to be stored, as JSON can hold it."""

    @classmethod
    @abstractmethod
    def from_state(cls, shape: Mapping[str, tuple[str, ...]], state: Mapping[str, Any]) -> Self:
        """Make a derivation of what `to_dict` gave; `shape` holds inputs, outputs and optional."""

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        return {
            "kind": self.kind,
            "inputs": list(self.inputs),
            "outputs": list(self.outputs),
            "optional": list(self.optional),
            **self.state(),
        }

    def read(self, columns: Columns) -> list[Values]:
        """The inputs; one that is absent and may be is a column of missing cells.

        Raises:
            DataError: A column is absent that may not be.
        """
        return [
            blank_values(columns.rows) if name not in columns and name in self.optional else columns[name]
            for name in self.inputs
        ]


def blank_values(rows: int) -> Values:
    """A column in which every cell is missing."""
    import pandas as pd

    return Values(pd.Series([None] * rows, dtype=object))

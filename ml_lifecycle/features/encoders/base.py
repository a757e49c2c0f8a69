"""`Encoder`: the contract of all encoders, and what they share.

An encoder reads one column, of the table or a derived one, and makes one or several features of it. It is fitted on
training rows only, it can be written as JSON, and one cell gives to the last bit what the batch gives. The encoders
themselves have a module each, `registry` reads them back, `planning` chooses among them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from ml_lifecycle.features.columns import Values


@dataclass(frozen=True, slots=True)
class Encoder(ABC):
    """From one column to features.

    Args:
        column: The column that is read.
        nullable: Whether the column may be absent: it had gaps in training.
    """

    kind: ClassVar[str]
    #: Whether a cell gives a list of features instead of one.
    several: ClassVar[bool] = False
    #: Whether the features are codes of categories, which models must not take for quantities.
    coded: ClassVar[bool] = False

    column: str
    nullable: bool

    @property
    @abstractmethod
    def features(self) -> tuple[str, ...]:
        """Names of the features made."""

    @abstractmethod
    def encode(self, values: Values, out: np.ndarray) -> None:
        """Write the batch into `out`, float32 of shape (features, n); each feature lies in one piece.

        Raises:
            DataError: A cell cannot be read.
        """

    @abstractmethod
    def cell(self) -> Callable[[object], Any]:
        """Make the single-cell path: value to float, or to a list of floats where the encoder makes several."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What was learnt, as JSON can hold it."""

    @classmethod
    @abstractmethod
    def from_state(cls, column: str, state: Mapping[str, Any], *, nullable: bool) -> Self:
        """Make an encoder of what `to_dict` gave.

        Raises:
            KeyError: A part of the state is missing.
            TypeError: A part has another type.
            ValueError: A part is unknown.
        """

    def pick(self, names: Collection[str]) -> Self:
        """Restrict the encoder to those of its features that are named; at least one is."""
        del names
        return self

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        return {"kind": self.kind, "column": self.column, "nullable": self.nullable, **self.state()}

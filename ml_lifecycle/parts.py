"""`Parts`: what a record consists of when it is stored.

A record that outlives its step (a feature set, a trained model, a report) says itself which tables and files it
consists of, and can be made from them again. Where they are kept is not its business: `orchestration/storage.py` puts
tables into the lake and files beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Parts:
    """Tables by name, and files by relative path."""

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


@runtime_checkable
class Storable(Protocol):
    """A record that can be taken apart and put together again."""

    def to_parts(self) -> Parts:
        """Take the record apart; no pickle, so that a store others can write to stays harmless."""
        ...

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put a record together from what `to_parts` gave."""
        ...

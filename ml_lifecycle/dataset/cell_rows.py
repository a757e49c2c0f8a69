"""`CellRows`: rows that came as lists of cells under one list of columns; each becomes a mapping only when it is asked.

A thousand mappings of thirty cells cost more than everything that is done with them. What reads whole columns, such as
`row_tables`, takes them from here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any, overload


class CellRows(Sequence[dict[str, Any]]):
    """Rows under common columns.

    Args:
        columns: The names; of two that are the same, the last holds.
        data: The cells of each row, as many as there are columns.

    >>> rows = CellRows(["age", "city"], [[31, "Riga"], [42, "Rome"]])
    >>> rows[1], rows.column("age"), rows.column("pet")
    ({'age': 42, 'city': 'Rome'}, [31, 42], None)
    """

    def __init__(self, columns: Sequence[str], data: Sequence[Sequence[Any]]) -> None:
        self.columns = columns
        self.data = data

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.data)

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> CellRows: ...
    def __getitem__(self, place: int | slice) -> dict[str, Any] | CellRows:
        """One row as a mapping, or some rows."""
        if isinstance(place, slice):
            return CellRows(self.columns, self.data[place])
        return dict(zip(self.columns, self.data[place], strict=True))

    def column(self, name: str) -> list[Any] | None:
        """The cells of a column; None where there is none."""
        found = self._turned.get(name)
        return None if found is None else list(found)

    def without(self, names: Collection[str]) -> CellRows:
        """The same rows without some columns."""
        kept = [place for place, name in enumerate(self.columns) if name not in names]
        if len(kept) == len(self.columns):
            return self
        return CellRows([self.columns[place] for place in kept], [[row[place] for place in kept] for row in self.data])

    @cached_property
    def _turned(self) -> dict[str, Sequence[Any]]:
        cells = zip(*self.data, strict=True) if self.data else [()] * len(self.columns)
        return dict(zip(self.columns, cells, strict=True))

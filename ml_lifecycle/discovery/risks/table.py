"""`RiskTable`: rows as the search for leaks reads them: every column as numbers and as codes, a target, a sample.

What is looked for in it lives in the modules beside this one, one for each kind of finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.coercion import ColumnType, coerce_column, parse_times
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, TEST, TRAIN, VALIDATION, factorize
from ml_lifecycle.dataset.schema_inference import infer_type
from ml_lifecycle.discovery.risks.written import read_numbers, read_times
from ml_lifecycle.errors import TargetError

Floats: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

SPLITS: Final = (TRAIN, VALIDATION, TEST)
_NUMERIC = frozenset({ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.BOOLEAN})
_LEAST_WRITTEN = 20  # distinct texts from which they may be amounts
_MOST_ROWS = 1_000_000
"""Rows that are compared with each other (duplicates, groups, order); of a larger table so many, drawn at random."""


@dataclass(frozen=True)
class Column:
    """One column.

    Args:
        name: Its name.
        kind: What it holds.
        cells: Its cells, read as what it holds.
    """

    name: str
    kind: ColumnType
    cells: pd.Series

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers or truths."""
        return self.kind in _NUMERIC

    @property
    def is_time(self) -> bool:
        """Whether it holds dates or times."""
        return self.kind is ColumnType.TIME

    @cached_property
    def numbers(self) -> Floats:
        """(n,) the numbers; of times, seconds since 1970; NaN where missing, infinite or text."""
        if self.is_number:
            numbers = self.cells.to_numpy(dtype=np.float64, na_value=np.nan).copy()
            numbers[np.isinf(numbers)] = np.nan
            return numbers
        if self.is_time:
            ticks = self.cells.to_numpy().astype("datetime64[ns]").astype(np.int64)
            return np.where(self.cells.isna().to_numpy(), np.nan, ticks / 1e9)
        return np.full(len(self.cells), np.nan)

    @cached_property
    def codes(self) -> Codes:
        """(n,) a code from 0 for each distinct value, -1 where missing."""
        if self.is_number or self.is_time:
            return np.asarray(pd.factorize(self.numbers)[0], dtype=np.int64)
        return np.asarray(factorize(self.cells)[0], dtype=np.int64)

    @cached_property
    def distinct(self) -> int:
        """Number of distinct values."""
        return int(self.codes.max(initial=-1)) + 1

    @cached_property
    def missing(self) -> Mask:
        """(n,) whether the cell is missing."""
        return np.asarray(self.cells.isna().to_numpy(), dtype=bool)

    @cached_property
    def readings(self) -> tuple[Column, ...]:
        """The numbers inside its texts, each as a column of the same name; none for what holds no text."""
        if self.kind is not ColumnType.TEXT or self.distinct < _LEAST_WRITTEN:
            return ()
        return tuple(Column(self.name, ColumnType.NUMBER, numbers) for numbers in read_numbers(self.cells))

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers throughout."""
        known = self.numbers[np.isfinite(self.numbers)]
        return self.is_number and len(known) > 0 and bool((known == np.floor(known)).all())


@dataclass(frozen=True)
class Target:
    """What is to be predicted.

    Args:
        name: The column.
        kind: What is fitted.
        column: Its cells as a column.
    """

    name: str
    kind: Kind
    column: Column

    @property
    def has_classes(self) -> bool:
        """Whether it is one of some classes."""
        return self.kind in {Kind.BINARY, Kind.MULTICLASS}

    @cached_property
    def known(self) -> Mask:
        """(n,) whether the outcome is known."""
        return ~self.column.missing

    @cached_property
    def codes(self) -> Codes:
        """(n,) classes by falling frequency, -1 where not known."""
        codes = self.column.codes
        order = np.argsort(-np.bincount(codes[codes >= 0], minlength=self.column.distinct), kind="stable")
        rank = np.empty(len(order) + 1, dtype=np.int64)
        rank[order], rank[-1] = np.arange(len(order)), -1
        return rank[codes]

    @cached_property
    def classes(self) -> list[str]:
        """The names of the classes, in the order of `codes`."""
        first = pd.Series(self.codes).drop_duplicates()
        named = {int(code): str(self.column.cells.iloc[place]) for place, code in first.items() if code >= 0}  # type: ignore[call-overload]
        return [named[code] for code in sorted(named)]

    @cached_property
    def numbers(self) -> Floats:
        """(n,) the value of an amount, or the code of a class; NaN where not known."""
        return np.where(self.known, self.codes, np.nan) if self.has_classes else self.column.numbers


@dataclass(frozen=True)
class RiskTable:
    """Rows, read for the search.

    Args:
        columns: The columns that a model would see, by name.
        target: What is to be predicted.
        roles: Columns that have a role and are no feature, by name; the target is not among them.
        split: (n,) place in `SPLITS`, -1 for rows in none of them; None where the rows are not divided.
        times: (n,) event time in seconds, or None.
        sample: (m,) positions of the rows with a known outcome that are looked at closely.
        seed: Seed of everything that is drawn.
    """

    columns: dict[str, Column]
    target: Target
    roles: dict[str, Column]
    split: Codes | None
    times: Floats | None
    sample: Codes
    seed: int

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.target.known)

    def __iter__(self) -> Iterator[Column]:
        """Go through the columns that a model would see."""
        return iter(self.columns.values())

    @cached_property
    def order(self) -> Codes:
        """(n,) positions in the order of time, or as the rows came."""
        return np.arange(len(self)) if self.times is None else np.argsort(self.times, kind="stable")

    def numeric(self) -> list[Column]:
        """Columns of numbers that vary."""
        return [column for column in self if column.is_number and column.distinct > 1]


def read_table(
    frame: pd.DataFrame, project: ProjectConfig, *, assignment: pd.DataFrame | None = None, seed: int = 0
) -> RiskTable:
    """Read a frame for the search.

    Args:
        frame: The rows, with `_row_id` if they are divided.
        project: Names the target, the roles, and how many rows are looked at.
        assignment: `_row_id` and `_split`.
        seed: Seed of the sample.

    Raises:
        TargetError: The target is absent.
    """
    name = project.brief.target
    if name not in frame.columns:
        raise TargetError(
            "the target is not among the columns",
            expected=f"a column {name!r}",
            got=", ".join(map(str, frame.columns[:10])),
            advice="correct brief.target",
        )
    random = np.random.default_rng(seed)
    if len(frame) > _MOST_ROWS:
        frame = frame.iloc[np.sort(random.choice(len(frame), _MOST_ROWS, replace=False))]
    frame = frame.reset_index(drop=True)
    target = _read_target(frame[name], project)
    hidden = project.non_features
    named = [str(column) for column in frame.columns if column not in {name, ROW_ID, SPLIT}]
    columns = {column: _read(frame[column]) for column in named if column not in project.dataset.drop}
    moment = project.dataset.event_time
    times = None
    if moment is not None and moment in frame.columns:
        times = Column(moment, ColumnType.TIME, parse_times(frame[moment]).column).numbers
    known = np.flatnonzero(target.known)
    most = project.dataset.risks.rows
    return RiskTable(
        columns={column: read for column, read in columns.items() if column not in hidden},
        target=target,
        roles={column: read for column, read in columns.items() if column in hidden},
        split=None if assignment is None else _place(frame, assignment),
        times=times,
        sample=known if len(known) <= most else np.sort(random.choice(known, most, replace=False)),
        seed=seed,
    )


def _read(cells: pd.Series) -> Column:
    kind = infer_type(cells)
    read = coerce_column(cells, kind).column
    times = read_times(read) if kind is ColumnType.TEXT else None
    return Column(str(cells.name), kind, read) if times is None else Column(str(cells.name), ColumnType.TIME, times)


def _read_target(cells: pd.Series, project: ProjectConfig) -> Target:
    task = project.brief.task
    if task is Task.CLASSIFICATION:
        column = Column(str(cells.name), ColumnType.TEXT, coerce_column(cells, ColumnType.TEXT).column)
        return Target(column.name, Kind.BINARY if column.distinct <= 2 else Kind.MULTICLASS, column)  # noqa: PLR2004 - binary
    column = Column(str(cells.name), ColumnType.NUMBER, coerce_column(cells, ColumnType.NUMBER).column)
    return Target(column.name, Kind(str(task)), column)


def _place(frame: pd.DataFrame, assignment: pd.DataFrame) -> Codes:
    placed = assignment.set_index(ROW_ID)[SPLIT].reindex(frame[ROW_ID])
    return np.asarray(pd.Categorical(placed.to_numpy(), categories=list(SPLITS)).codes, dtype=np.int64)

"""One row against a schema in microseconds, for serving: what pandera says about a column of one, without a frame.

The rules come compiled from `schema`, which owns pandera. What is said of a row here and of a frame there is the same;
a test with random schemas and rows holds them to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from ml_lifecycle.dataset.coercion import UNREADABLE, ColumnType, coerce_value
from ml_lifecycle.dataset.rows import is_missing, text_of

DTYPE: Final = "dtype"
NOT_NULLABLE: Final = "not_nullable"
ABSENT: Final = "column_in_dataframe"

Test: TypeAlias = Callable[[Any], bool]

#: Whole numbers are not among them: one may be too large.
_PLAIN: Final = {ColumnType.NUMBER: float, ColumnType.TEXT: str, ColumnType.BOOLEAN: bool}


@dataclass(frozen=True, slots=True)
class Failure:
    """One cell that breaks the schema.

    Args:
        column: Its column.
        check: What it breaks: dtype, not_nullable, column_in_dataframe (the column is absent), or the name of pandera's
            check, such as isin or in_range.
        value: The cell as text; empty where there is none.
    """

    column: str
    check: str
    value: str


@dataclass(frozen=True, slots=True)
class RowReading:
    """One row, read.

    Args:
        cells: The row with the types that the schema names; None where a cell is missing or cannot be read.
        failures: What is wrong with it; empty for a good row.
    """

    cells: dict[str, Any]
    failures: list[Failure]


@dataclass(frozen=True, slots=True)
class CellRule:
    """What a cell of one column must be.

    Args:
        column: The column.
        kind: The type it is read as.
        nullable: Whether it may be missing.
        required: Whether the column must be there at all.
        tests: Name and predicate of each check, in the schema's order.
    """

    column: str
    kind: ColumnType
    nullable: bool
    required: bool
    tests: tuple[tuple[str, Test], ...]
    #: The type whose values need not be read: they are what the column holds already.
    plain: type | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look the type up once: a server asks for it with every cell."""
        object.__setattr__(self, "plain", _PLAIN.get(self.kind))


def read_row(rules: Sequence[CellRule], row: Mapping[str, Any], without: Collection[str] = ()) -> RowReading:
    """Read a row by its rules; columns that no rule names are passed on as they are.

    Args:
        rules: One for each column of the schema.
        row: Value by column.
        without: Columns that need not be there and are not looked at, such as the target when serving.
    """
    cells = dict(row)
    failures: list[Failure] = []
    for rule in rules:
        name = rule.column
        if name in without:
            continue
        if name not in row:
            if rule.required:
                failures.append(Failure(name, ABSENT, ""))
            continue
        raw = row[name]
        # Most cells are of their type already; only NaN differs from itself, and is read as missing.
        value = raw if type(raw) is rule.plain and raw == raw else coerce_value(raw, rule.kind)  # noqa: PLR0124
        if value is UNREADABLE:
            cells[name] = None
            failures.append(Failure(name, DTYPE, text_of(raw)))
        elif value is None or (value is not raw and is_missing(value)):
            cells[name] = None
            if not rule.nullable:
                failures.append(Failure(name, NOT_NULLABLE, "" if is_missing(raw) else text_of(raw)))
        else:
            cells[name] = value
            for check, test in rule.tests:
                if not test(value):
                    failures.append(Failure(name, check, text_of(raw)))
    return RowReading(cells, failures)


def compile_test(name: str, statistics: Mapping[str, Any]) -> Test | None:
    """The predicate of a built-in check of pandera; None for a check that is not known here.

    >>> compile_test("in_range", {"min_value": 0, "max_value": 1, "include_min": True, "include_max": False})(1)
    False
    """
    maker = _MAKERS.get(name)
    return None if maker is None else maker(**statistics)


def _in_range(min_value: Any, max_value: Any, include_min: bool = True, include_max: bool = True) -> Test:  # noqa: ANN401, FBT001, FBT002 - pandera's own names
    if include_min and include_max:
        return lambda value: bool(min_value <= value <= max_value)
    above = _at_least(min_value) if include_min else _above(min_value)
    below = _at_most(max_value) if include_max else _below(max_value)
    return lambda value: above(value) and below(value)


def _at_least(min_value: Any) -> Test:  # noqa: ANN401 - a number, a text or a time
    return lambda value: bool(value >= min_value)


def _above(min_value: Any) -> Test:  # noqa: ANN401 - same
    return lambda value: bool(value > min_value)


def _at_most(max_value: Any) -> Test:  # noqa: ANN401 - same
    return lambda value: bool(value <= max_value)


def _below(max_value: Any) -> Test:  # noqa: ANN401 - same
    return lambda value: bool(value < max_value)


def _is_in(allowed_values: Collection[Any]) -> Test:
    allowed = frozenset(allowed_values)
    return lambda value: value in allowed


def _is_not_in(forbidden_values: Collection[Any]) -> Test:
    forbidden = frozenset(forbidden_values)
    return lambda value: value not in forbidden


def _matches(pattern: str) -> Test:
    match = re.compile(pattern).match
    return lambda value: match(value) is not None


_MAKERS: Final[dict[str, Callable[..., Test]]] = {
    "in_range": _in_range,
    "greater_than_or_equal_to": _at_least,
    "greater_than": _above,
    "less_than_or_equal_to": _at_most,
    "less_than": _below,
    "isin": _is_in,
    "notin": _is_not_in,
    "str_matches": _matches,
}

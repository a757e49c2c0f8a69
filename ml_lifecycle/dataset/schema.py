"""The door to pandera: a project's schema, as its YAML says it, applied to frames and to single rows.

Pandera owns the language and the checks. How a frame is held against them is in `inspection`, how a single row in
`row_checks`, how cells are read as types in `coercion`, how a schema is guessed from rows in `schema_inference`, and
what becomes of rows that fail in `quarantine`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final, Unpack

import numpy as np
import pandas as pd
import pandera.pandas as pa
import yaml
from pandera.io import pandas_io

from ml_lifecycle.dataset.coercion import UNREADABLE, ColumnType, coerce_value, type_of
from ml_lifecycle.dataset.column_checks import NAMELESS, cell_passes
from ml_lifecycle.dataset.failures import failures_at, join_failures
from ml_lifecycle.dataset.inspection import (
    WHOLE_ROW,
    WHOLESALE,
    ColumnFailure,
    ColumnPlan,
    Inspection,
    inspect_frame,
    judge_schema,
    read_frame,
)
from ml_lifecycle.dataset.row_checks import CellRule, Failure, RowReading, Test, compile_test, read_row
from ml_lifecycle.dataset.row_tables import read_table
from ml_lifecycle.dataset.rows import text_of
from ml_lifecycle.dataset.schema_inference import ColumnRule, Hints, InferenceLimits, infer_rules
from ml_lifecycle.errors import ConfigError

__all__ = [
    "ColumnFailure",
    "Failure",
    "InferenceLimits",
    "Inspection",
    "RowReading",
    "Schema",
    "infer_schema",
    "judge_schema",
    "load_schema",
]

_MALFORMED: Final = (
    yaml.YAMLError,
    pa.errors.SchemaDefinitionError,
    pa.errors.SchemaInitError,
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
)
"""What pandera raises when text is no schema: it does not check the form, it stumbles."""


class Schema:
    """What the columns of a project's rows must be.

    >>> schema = infer_schema(pd.DataFrame({"age": [20, 30, 30], "job": ["cook", "cook", "cook"]}))
    >>> schema.check_row({"age": 25, "job": "pilot"})
    [Failure(column='job', check='isin', value='pilot')]
    """

    def __init__(self, schema: pa.DataFrameSchema) -> None:
        self._schema = schema
        for column in schema.columns.values():
            if type_of(column.dtype) is ColumnType.TIME:
                column.checks = [_with_moments(check) for check in column.checks]
        self._plans = {name: _plan(name, column) for name, column in schema.columns.items()}
        self._rules = [_rule(plan) for plan in self._plans.values()]

    @classmethod
    def from_yaml(cls, text: str) -> Schema:
        """Read pandera's YAML.

        Raises:
            ConfigError: The text is not YAML, or not a pandera schema.
        """
        try:
            schema = cls(pandas_io.from_yaml(text))
        except _MALFORMED as error:
            raise _refusal(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}") from error
        if not schema.columns:
            raise _refusal("no columns")
        return schema

    def to_yaml(self) -> str:
        """Write pandera's YAML."""
        return str(pandas_io.to_yaml(self._schema))

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that the schema knows, in its order."""
        return tuple(self._plans)

    @property
    def required(self) -> tuple[str, ...]:
        """Columns that must be there."""
        return tuple(name for name, plan in self._plans.items() if plan.required)

    def kind(self, column: str) -> ColumnType:
        """The type of a column; `any` where the schema names none."""
        return self._plans[column].kind

    def nullable(self, column: str) -> bool:
        """Whether cells of a column may be missing."""
        return self._plans[column].nullable

    def categories(self, column: str) -> tuple[Any, ...] | None:
        """The only values that a column may hold, or None where it may hold any."""
        for check in self._schema.columns[column].checks:
            if check.name == "isin":
                return tuple(check.statistics["allowed_values"])
        return None

    def range_text(self, column: str) -> str:
        """The bounds of a column as a person reads them.

        >>> infer_schema(pd.DataFrame({"x": [0, 50, 100, 100]})).range_text("x")
        'in_range 0 to 110'
        """
        told = []
        for check in self._schema.columns[column].checks:
            bounds = [check.statistics.get(name) for name in ("min_value", "max_value")]
            known = [text_of(bound) for bound in bounds if bound is not None]
            if known and check.name != "str_length":
                told.append(f"{check.name} {' to '.join(known)}")
        return ", ".join(told)

    def check_row(self, row: Mapping[str, Any], *, without: Collection[str] = ()) -> list[Failure]:
        """What is wrong with one row: the same as `validate` says of a frame of one, in microseconds."""
        return self.read_row(row, without=without).failures

    def read_row(self, row: Mapping[str, Any], *, without: Collection[str] = ()) -> RowReading:
        """Read one row as the types that the schema names, and say what is wrong with it.

        Args:
            row: Value by column; columns that the schema does not know are passed on.
            without: Columns that need not be there and are not looked at, such as the target when serving.
        """
        reading = read_row(self._rules, row, without)
        if self._schema.checks and not reading.failures:  # these look at several columns: pandera must see a frame
            typed = pd.DataFrame.from_records([reading.cells])
            failed = self.validate(typed, without=without)["check"]
            reading.failures.extend(Failure(WHOLE_ROW, check, "") for check in failed)
        return reading

    def read_table(
        self, rows: Sequence[Mapping[str, Any]], wanted: Sequence[str], *, without: Collection[str] = ()
    ) -> pd.DataFrame | None:
        """Read many rows at once as the types that the schema names; None where not all of them are good.

        Args:
            rows: Each value by column.
            wanted: The columns of the table.
            without: Columns that need not be there and are not looked at, such as the target when serving.
        """
        return None if self._schema.checks else read_table(self._rules, rows, wanted, without)

    def validate(self, frame: pd.DataFrame, *, without: Collection[str] = ()) -> pd.DataFrame:
        """What is wrong with each row of a frame.

        Args:
            frame: Rows; without `_row_id` they are named by their position.
            without: Columns that need not be there and are not looked at, such as the target when serving.

        Returns:
            One row for each failure: `_row_id`, column, check, value. An absent column fails every row.
        """
        inspection = self.inspect(frame, without=without, wholesale=1.0)
        every = np.ones(len(frame), dtype=bool)
        whole = [failures_at(frame, failure.column, failure.check, every) for failure in inspection.column_failures]
        return join_failures([inspection.failures, *whole])

    def coerce(self, frame: pd.DataFrame, *, without: Collection[str] = ()) -> pd.DataFrame:
        """The frame with the types that the schema names; cells that cannot be read are missing in it."""
        return read_frame(frame, list(self._plans.values()), without)

    def inspect(
        self, frame: pd.DataFrame, *, without: Collection[str] = (), wholesale: float = WHOLESALE
    ) -> Inspection:
        """Read a frame as the types that the schema names, and tell columns that fail from cells that do.

        Args:
            frame: Rows; without `_row_id` they are named by their position.
            without: Columns that need not be there and are not looked at.
            wholesale: Above this share of unreadable cells a column fails, rather than its rows.
        """
        return inspect_frame(frame, list(self._plans.values()), self._schema.checks, without, wholesale=wholesale)


def load_schema(path: Path) -> Schema:
    """Read a project's schema file.

    Raises:
        ConfigError: There is no such file, or it is not a schema.
    """
    try:
        return Schema.from_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise _refusal(f"{type(error).__name__}: {error}", f" {path}") from error
    except ConfigError as error:
        raise _refusal(error.got, f" {path}") from error


def _refusal(got: str, path: str = "") -> ConfigError:
    return ConfigError(
        f"the schema{path and ' file'}{path} cannot be read",
        expected="pandera's YAML of a dataframe schema: columns, each with dtype, nullable and checks",
        got=got,
        advice="correct it (or dataset.schema_file), or let `ml-lifecycle init` write one from the data",
    )


def infer_schema(frame: pd.DataFrame, **hints: Unpack[Hints]) -> Schema:
    """Guess a schema from rows: types, ranges with a margin, categories of text with few distinct values, nullability.

    Args:
        frame: Rows to learn from.
        hints: What is known of the columns, see `schema_inference.Hints`.
    """
    return Schema(pa.DataFrameSchema({rule.name: _column(rule) for rule in infer_rules(frame, **hints)}))


def _column(rule: ColumnRule) -> pa.Column:
    checks = []
    if rule.categories is not None:
        checks.append(pa.Check.isin(list(rule.categories)))
    if rule.low is not None and rule.high is not None:
        whole = rule.kind is ColumnType.INTEGER
        low, high = (int(rule.low), int(rule.high)) if whole else (rule.low, rule.high)
        checks.append(pa.Check.in_range(low, high))
    return pa.Column(rule.dtype, checks, nullable=rule.nullable)


def _with_moments(check: pa.Check) -> pa.Check:
    """A check of times whose bounds are moments: pandera leaves text such as 2024-01-31 as it is."""
    stated = dict(check.statistics or {})
    read = {name: _as_moments(value) for name, value in stated.items()}
    if read == stated or not hasattr(pa.Check, str(check.name)):
        return check
    return getattr(pa.Check, str(check.name))(**read)


def _as_moments(value: Any) -> Any:  # noqa: ANN401 - a bound, a list of values, or an option
    if isinstance(value, list | tuple):
        return [_as_moments(item) for item in value]
    moment = coerce_value(value, ColumnType.TIME) if isinstance(value, str | date) else UNREADABLE
    return value if moment is UNREADABLE else moment


def _plan(name: str, column: pa.Column) -> ColumnPlan:
    return ColumnPlan(
        name=name,
        kind=type_of(column.dtype) or ColumnType.ANY,
        dtype="" if column.dtype is None else str(column.dtype),
        nullable=bool(column.nullable),
        required=bool(column.required),
        unique=bool(column.unique),
        checks=tuple(column.checks),
    )


def _rule(plan: ColumnPlan) -> CellRule:
    tests = tuple((check.name or NAMELESS, _test(check)) for check in plan.checks)
    return CellRule(plan.name, plan.kind, plan.nullable, plan.required, tests)


def _test(check: pa.Check) -> Test:
    return compile_test(check.name, check.statistics) or partial(cell_passes, check)

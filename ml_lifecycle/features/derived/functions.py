"""Features from a user's own Python: functions named in the configuration as `module:function`.

A function says with `reads` which columns it takes. It is given a frame of just these and gives a frame (or a named
series) of as many rows: for a batch at once, for a request a frame of one row. It must treat each row by itself; that
is tried out when it is fitted. Types are the same at training and serving: numbers and truth values come as float64,
dates as datetime64[us] in UTC, all else as text, missing cells as NaN, NaT and None.

Only functions marked with `reads` are called, so that a package changed by others cannot name just any function.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Final, Self, TypeAlias

import numpy as np
import pandas as pd

from ml_lifecycle.errors import ConfigError, DataError
from ml_lifecycle.features.cells import FLOAT32_LIMIT, category_key, is_missing, moment_of, number_of
from ml_lifecycle.features.columns import Columns, Values, naming
from ml_lifecycle.features.derived.base import Derivation

#: What a user writes.
FeatureFunction: TypeAlias = Callable[[pd.DataFrame], "pd.DataFrame | pd.Series"]

_MARK: Final = "columns"
_TRIED = 20  # rows on which a function is tried one by one


def reads(*columns: str) -> Callable[[FeatureFunction], FeatureFunction]:
    """Say which columns a feature function takes.

    >>> @reads("income", "debt")
    ... def free_income(frame: pd.DataFrame) -> pd.Series:
    ...     return (frame["income"] - frame["debt"]).rename("free_income")
    >>> free_income.columns
    ('income', 'debt')
    """

    def mark(function: FeatureFunction) -> FeatureFunction:
        setattr(function, _MARK, columns)
        return function

    return mark


@dataclass(frozen=True)
class FunctionColumns(Derivation):
    """The columns that a user's function makes.

    Args:
        reference: `module:function`.
        types: What each input is given as: number, moment or text.
    """

    kind: ClassVar[str] = "function"

    reference: str
    types: tuple[str, ...]

    @classmethod
    def fit(cls, reference: str, columns: Columns, types: Mapping[str, str], optional: Sequence[str]) -> Self:
        """Find out what a function makes, on training rows.

        Args:
            reference: `module:function`.
            columns: Training rows.
            types: What each column is given as.
            optional: The columns that may be absent.

        Raises:
            ConfigError: There is no such function, it does not say what it reads, or it does not treat rows singly.
        """
        inputs = columns_of(reference)
        kept = tuple(name for name in inputs if name in optional)
        blank = cls(inputs, (), kept, reference, tuple(types[name] for name in inputs))
        few = columns.take(np.unique(np.linspace(0, columns.rows - 1, num=min(_TRIED, columns.rows)).astype(np.intp)))
        outputs = tuple(map(str, blank._call(blank._frame(few)).columns))
        fitted = cls(blank.inputs, outputs, blank.optional, reference, blank.types)
        fitted._check_rows(few)
        return fitted

    def derive(self, columns: Columns) -> Mapping[str, Values]:
        """Make the columns of a batch."""
        made = self._call(self._frame(columns))
        return {name: Values(made[name]) for name in self.outputs}

    def row(self) -> Callable[[Sequence[object]], Sequence[object]]:
        """Make the path of a single row."""
        readers = [_READERS[kind] for kind in self.types]
        dtypes = [_DTYPES[kind] for kind in self.types]

        def compute(cells: Sequence[object]) -> Sequence[object]:
            data = {}
            for name, read, dtype, cell in zip(self.inputs, readers, dtypes, cells, strict=True):
                with naming(name):
                    data[name] = pd.Series([read(cell)], dtype=dtype)
            made = self._call(pd.DataFrame(data))
            return [made[name].iloc[0] for name in self.outputs]

        return compute

    def state(self) -> dict[str, Any]:
        """Which function, and what it is given."""
        return {"reference": self.reference, "types": list(self.types)}

    @classmethod
    def from_state(cls, shape: Mapping[str, tuple[str, ...]], state: Mapping[str, Any]) -> Self:
        """Make a derivation of what `to_dict` gave; the function is imported when it is first called."""
        types = tuple(map(str, state["types"]))
        if len(types) != len(shape["inputs"]) or not set(types) <= set(_READERS):
            msg = f"expected a function with a type of {sorted(_READERS)} for each input, got {types}"
            raise ValueError(msg)
        return cls(**shape, reference=str(state["reference"]), types=types)

    @cached_property
    def _function(self) -> FeatureFunction:
        return load_function(self.reference)

    def _frame(self, columns: Columns) -> pd.DataFrame:
        data = {}
        for name, values, kind in zip(self.inputs, self.read(columns), self.types, strict=True):
            with naming(name):
                data[name] = _batch(values, kind)
        return pd.DataFrame(data, index=pd.RangeIndex(columns.rows))

    def _call(self, frame: pd.DataFrame) -> pd.DataFrame:
        try:
            made = self._function(frame.copy())
        except Exception as error:
            raise DataError(
                f"the feature function {self.reference!r} fails",
                expected="a frame or a named series",
                got=f"{type(error).__name__}: {error}",
                advice="mend the function; missing cells are NaN, NaT or None",
            ) from error
        table = made.to_frame() if isinstance(made, pd.Series) and made.name is not None else made
        if not isinstance(table, pd.DataFrame) or len(table) != len(frame) or table.columns.empty:
            raise _refused(self.reference, f"a frame or a named series of {len(frame)} rows", _shape(made))
        absent = [name for name in self.outputs if name not in table.columns]
        if absent:
            raise _refused(self.reference, f"the columns {list(self.outputs)}", f"none called {absent[0]!r}")
        return table.set_axis(pd.RangeIndex(len(table)))

    def _check_rows(self, few: Columns) -> None:
        """Refuse a function that looks at more than one row."""
        batch = self._call(self._frame(few))
        for position in range(few.rows):
            single = self._call(self._frame(few.take(np.array([position]))))
            for name in self.outputs:
                alone, among = single[name].iloc[0], batch[name].iloc[position]
                if not (is_missing(alone) and is_missing(among)) and alone != among:
                    raise _refused(
                        self.reference,
                        f"{name!r} computed row by row",
                        f"{alone!r} for a row alone, {among!r} among others",
                    )


def columns_of(reference: str) -> tuple[str, ...]:
    """The columns that a function says it reads.

    Raises:
        ConfigError: There is no such function, or it does not say so.
    """
    columns = getattr(load_function(reference), _MARK)
    return (columns,) if isinstance(columns, str) else tuple(map(str, columns))


def load_function(reference: str) -> FeatureFunction:
    """Import a function by `module:function`.

    Raises:
        ConfigError: There is no such function, or it does not say what it reads.
    """
    module, _, name = reference.partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise _refused(reference, "an importable `module:function`", f"{type(error).__name__}: {error}") from error
    columns = getattr(function, _MARK, None)
    if not callable(function) or not isinstance(columns, str | list | tuple) or not columns:
        advice = "mark it with `@reads(...)` of ml_lifecycle.features.derived.functions"
        raise _refused(reference, "a function that says which columns it reads", "one that does not", advice)
    marked: FeatureFunction = function
    return marked


def _batch(values: Values, kind: str) -> Any:  # noqa: ANN401 - whatever a frame takes as a column
    if kind == "number":
        numbers = values.numbers()
        return np.where(np.abs(numbers) < FLOAT32_LIMIT, numbers, np.nan)
    if kind == "text":
        return np.array([*values.keys.names, None], dtype=object)[values.keys.codes]
    series = values.series
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        naive = series if series.dt.tz is None else series.dt.tz_convert("UTC").dt.tz_localize(None)
        return naive.astype("datetime64[us]").reset_index(drop=True)
    return pd.Series(list(map(moment_of, series)), dtype=_DTYPES[kind])


def _shape(made: object) -> str:
    rows = f" of {len(made)} rows" if isinstance(made, pd.DataFrame | pd.Series) else ""
    return f"{'an unnamed ' if isinstance(made, pd.Series) and made.name is None else ''}{type(made).__name__}{rows}"


def _refused(reference: str, expected: str, got: str, advice: str = "mend the function") -> ConfigError:
    return ConfigError(f"the feature function {reference!r} cannot be used", expected=expected, got=got, advice=advice)


_READERS: Final[dict[str, Callable[[object], object]]] = {
    "number": number_of,
    "moment": moment_of,
    "text": category_key,
}
_DTYPES: Final[dict[str, str]] = {"number": "float64", "moment": "datetime64[us]", "text": "object"}

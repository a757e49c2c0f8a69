"""A column against the checks of a schema, many cells at once.

Pandera owns the checks and answers any of them. Two shortcuts give the same answer sooner, as a test holds them to it:
numbers are compared with bounds by numpy, and text that repeats itself is shown to pandera once. How a frame is held
against a schema is in `inspection`, how a single row in `row_checks`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.dataset.rows import is_missing

Mask: TypeAlias = npt.NDArray[np.bool_]


class CheckLike(Protocol):
    """A check as pandera makes them: called with a column it says which cells pass; missing cells do."""

    @property
    def name(self) -> str | None:
        """What failures are reported under."""
        ...

    @property
    def statistics(self) -> Mapping[str, Any]:
        """What the check compares with, by the names that pandera gives them."""
        ...

    def __call__(self, check_obj: Any) -> Any:  # noqa: ANN401 - a pandera CheckResult
        """Judge a column or a frame."""
        ...


NAMELESS: Final = "check"
"""What a check without a name is reported under."""

_SAMPLE: Final = 20_000

#: Built-in checks that judge each cell for itself: what they say of distinct values holds for all cells.
_CELL_BY_CELL: Final = frozenset(
    {
        "equal_to",
        "not_equal_to",
        "isin",
        "notin",
        "str_matches",
        "str_contains",
        "str_startswith",
        "str_endswith",
        "str_length",
    }
)


class CheckedColumn:
    """A column while the checks of a schema are asked.

    Args:
        column: Its cells, typed, with a unique index.
        checks: What will be asked.
        is_text: Whether all its cells are text, or missing.
    """

    def __init__(self, column: pd.Series, checks: Sequence[CheckLike], *, is_text: bool) -> None:
        self._column = column
        self._repeats = is_text and any(_judges_cells(check) for check in checks) and _repeats(column)

    @cached_property
    def missing(self) -> Mask:
        """Which cells are missing."""
        if self._repeats:
            return np.asarray(self._coded[0] < 0)
        return self._column.isna().to_numpy()

    def failing(self, check: CheckLike) -> Mask:
        """Which cells fail a check; missing ones never do.

        Raises:
            TypeError: The check cannot be applied to such cells; so do ValueError and AttributeError say.
        """
        if self._repeats and _judges_cells(check):
            codes, distinct = self._coded
            failing = failing_by_pandera(check, distinct)
            return np.append(failing, False)[codes] if failing.any() else np.zeros(len(codes), dtype=bool)
        quick = _compare(check, self._column)
        return failing_by_pandera(check, self._column) & ~self.missing if quick is None else quick

    @cached_property
    def _coded(self) -> tuple[npt.NDArray[np.intp], pd.Series]:
        codes, distinct = pd.factorize(self._column)
        return codes, pd.Series(distinct, dtype=object)


def failing_by_pandera(check: CheckLike, checked: pd.Series | pd.DataFrame) -> Mask:
    """Which cells, or rows, fail a check, as pandera says."""
    if not len(checked):
        return np.zeros(0, dtype=bool)
    passed = check(checked).check_output
    if isinstance(passed, pd.DataFrame):
        passed = passed.all(axis=1)
    if isinstance(passed, pd.Series):
        return ~passed.reindex(checked.index, fill_value=True).to_numpy(dtype=bool)  # pandera leaves missing cells out
    return np.full(len(checked), not passed)


def cell_passes(check: CheckLike, value: object) -> bool:
    """Whether one value passes a check, for checks that have no quick form."""
    return is_missing(value) or not bool(failing_by_pandera(check, pd.Series([value]))[0])


def _repeats(text: pd.Series) -> bool:
    """Whether finding the distinct values of a column is likely to cost less than it saves.

    Of so many cells drawn from a column in which each value comes twice, this share has come before.
    """
    if len(text) <= _SAMPLE:
        return True
    sample = text.iloc[:: len(text) // _SAMPLE]
    return bool(sample.duplicated().mean() >= len(sample) / len(text))


def _judges_cells(check: CheckLike) -> bool:
    return check.name in _CELL_BY_CELL and _is_plain(check)


def _is_plain(check: CheckLike) -> bool:
    """Whether a check is asked as a YAML file asks it, not with the further options that Python code may give."""
    return bool(check.statistics) and getattr(check, "groupby", None) is None and getattr(check, "ignore_na", True)


def _compare(check: CheckLike, column: pd.Series) -> Mask | None:
    """Numbers beyond a bound, by numpy; None where pandera must be asked."""
    breaks = _BREAKS.get(check.name or "")
    plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"
    if breaks is None or not plain or not _is_plain(check):
        return None
    bounds = [check.statistics.get(name) for name in ("min_value", "max_value") if name in check.statistics]
    if not bounds or not all(_is_finite(bound) for bound in bounds):
        return None
    return breaks(column.to_numpy(), **check.statistics)


def _is_finite(bound: object) -> bool:
    return isinstance(bound, int | float) and not isinstance(bound, bool) and math.isfinite(bound)


def _outside(
    values: npt.NDArray[Any],
    min_value: float,
    max_value: float,
    include_min: bool = True,  # noqa: FBT001, FBT002 - pandera's own names
    include_max: bool = True,  # noqa: FBT001, FBT002 - same
) -> Mask:
    below: Mask = values < min_value if include_min else values <= min_value
    below |= values > max_value if include_max else values >= max_value
    return below


#: What breaks a check: a missing number breaks none, since it compares with nothing.
_BREAKS: Final[dict[str, Callable[..., Mask]]] = {
    "in_range": _outside,
    "greater_than_or_equal_to": lambda values, min_value: values < min_value,
    "greater_than": lambda values, min_value: values <= min_value,
    "less_than_or_equal_to": lambda values, max_value: values > max_value,
    "less_than": lambda values, max_value: values >= max_value,
}

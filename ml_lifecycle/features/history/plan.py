"""`HistorySpec`: which history columns a project wants, and how the rows they look back on are read.

The columns are computed on the whole table before its rows are divided into train and test. That is no leak: a row sees
only rows of its own entity whose event time is earlier than its own, which were there when it happened, whichever split
they are in. A row of the test split looks back on training rows just as a row in production does.

The target, and what was dropped because it is known only with the target, is another matter: the outcome of an earlier
row may become known after this one. Such a column is looked back on only where `dataset.outcome_time` says when it
became known, and only as far as it was known by the row's event time.

How the columns are computed for a table lives in `windows`, for one row in `state`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from ml_lifecycle.config.features import HistoryConfig
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.coercion import parse_times
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.errors import ConfigError, PackageError
from ml_lifecycle.features.cells import FLOAT32_LIMIT
from ml_lifecycle.features.columns import Values, absent_column, naming
from ml_lifecycle.features.targets import read_classes

ALL: Final = "all"
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SECOND: Final = 1_000_000_000  # nanoseconds
_NEVER: Final = np.iinfo(np.int64).min  # how numpy writes a time that is not known


@dataclass(frozen=True, slots=True)
class HistorySpec:
    """The history columns of one column.

    Args:
        column: The numbers that are looked back on.
        by: The entity.
        event_time: When a row happened.
        known_at: When the column became known, where that is later than the event.
        lags: The value so many rows ago.
        windows: Spans such as `7d`, or `all`.
        statistics: What is taken over each window.
        suffix: What sets the names apart from those of another entity.
        positive: The column is a target of two classes; 1 is this class.
    """

    column: str
    by: str
    event_time: str
    known_at: str | None
    lags: tuple[int, ...]
    windows: tuple[str, ...]
    statistics: tuple[str, ...]
    suffix: str = ""
    positive: str | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns: lags, then the statistics of each window."""
        lags = [f"{self.column}__lag{lag}{self.suffix}" for lag in self.lags]
        return (*lags, *(f"{self.column}__{name}_{window}{self.suffix}" for window, name in self.measured))

    @property
    def measured(self) -> tuple[tuple[str, str], ...]:
        """Pairs of window and statistic, in the order of the outputs."""
        return tuple((window, name) for window in self.windows for name in self.statistics)

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns that are read."""
        known = () if self.known_at is None else (self.known_at,)
        return (self.column, self.by, self.event_time, *known)

    @property
    def totals(self) -> bool:
        """Whether anything is taken over all earlier rows."""
        return ALL in self.windows

    @property
    def longest_span(self) -> int:
        """Nanoseconds that the longest window with a beginning reaches back."""
        return max((span_of(window) for window in self.windows if window != ALL), default=0)

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        return {
            "column": self.column,
            "by": self.by,
            "event_time": self.event_time,
            "known_at": self.known_at,
            "lags": list(self.lags),
            "windows": list(self.windows),
            "statistics": list(self.statistics),
            "suffix": self.suffix,
            "positive": self.positive,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> HistorySpec:
        """Make a specification of what `to_dict` gave.

        Raises:
            PackageError: The state is damaged.
        """
        try:
            lists: dict[str, Any] = {key: tuple(state[key]) for key in ("lags", "windows", "statistics")}
            spec = cls(**{**state, **lists})
            _ = spec.longest_span
        except (KeyError, TypeError, ValueError) as error:
            raise PackageError(
                "a stored history cannot be read",
                expected="what HistorySpec.to_dict gives",
                got=f"{type(error).__name__}: {error}",
                advice="package the model again",
            ) from error
        return spec


@dataclass(frozen=True, slots=True)
class Events:
    """Rows as history reads them, n in all.

    Args:
        entities: Key of the entity of each row, None where missing; object.
        times: Event time in nanoseconds; int64.
        known_from: The first nanosecond at which a row may see this one; int64.
        numbers: float64, NaN where missing.
        usable: Whether the row has an entity and a time and is known at all; bool.
        timed: Whether the row has an entity and a time, so that it can look back; bool.
    """

    entities: np.ndarray
    times: np.ndarray
    known_from: np.ndarray
    numbers: np.ndarray
    usable: np.ndarray
    timed: np.ndarray


def plan_history(project: ProjectConfig, frame: pd.DataFrame) -> tuple[HistorySpec, ...]:
    """Read the history that the features section asks for.

    Raises:
        ConfigError: There is no event time or entity, or an outcome is asked for without a time when it was known.
        DataError: A column is absent.
    """
    specs = tuple(_plan(config, project, frame) for config in project.features.history)
    names = [name for spec in specs for name in spec.outputs]
    doubled = sorted({name for name in names if names.count(name) > 1 or name in frame.columns})
    if doubled:
        raise _refused(f"{doubled[0]!r}", "a column of this name once", "it twice", "remove one, or rename the column")
    return specs


def span_of(window: str) -> int:
    """Nanoseconds of a window.

    Raises:
        ValueError: The text is no span.

    >>> span_of("2h")
    7200000000000
    """
    match = re.fullmatch(r"(\d+)([smhdw])", window)
    if match is None:
        msg = f"expected a span such as 7d, got {window!r}"
        raise ValueError(msg)
    return int(match[1]) * _UNITS[match[2]] * _SECOND


def read_events(spec: HistorySpec, frame: pd.DataFrame) -> Events:
    """Read the rows of a table as one history sees them.

    Args:
        spec: The history.
        frame: The rows.

    Raises:
        DataError: A column is absent or holds what is no number.
    """
    for name in spec.sources:
        if name not in frame.columns:
            raise absent_column(name, list(frame.columns))
    keys = Values(frame[spec.by]).keys
    entities = np.array([*keys.names, None], dtype=object)[keys.codes]
    times = _nanoseconds(frame[spec.event_time])
    timed = (keys.codes >= 0) & (times != _NEVER)
    known_from, usable = times + 1, timed
    if spec.known_at is not None:
        known = _nanoseconds(frame[spec.known_at])
        known_from, usable = np.maximum(known, times + 1), timed & (known != _NEVER)
    values = _numbers(spec, frame)
    if spec.known_at is not None:
        usable = usable & ~np.isnan(values)  # an outcome that is missing is not known
    return Events(entities, times, known_from, values, usable, timed)


def row_order(frame: pd.DataFrame) -> np.ndarray:
    """What decides between rows of the same time: their identity, or else their order; int64 of shape (n,)."""
    if ROW_ID in frame.columns:
        return frame[ROW_ID].to_numpy(dtype=np.int64)
    return np.arange(len(frame))


def _plan(config: HistoryConfig, project: ProjectConfig, frame: pd.DataFrame) -> HistorySpec:
    data, by = project.dataset, config.by or project.dataset.entity
    if by is None or data.event_time is None:
        raise _refused(
            f"of {config.column!r}",
            "dataset.event_time, and dataset.entity or `by`",
            f"event_time {data.event_time!r} and entity {by!r}",
            "name the columns that say when a row happened and whom it is about",
        )
    is_target = config.column == project.brief.target
    late = is_target or config.column in data.drop
    if late and data.outcome_time is None:
        raise _refused(
            f"of {config.column!r}",
            "dataset.outcome_time for a column that is known only with the outcome",
            "none",
            "name the column that says when the outcome became known, or take another column",
        )
    if config.column not in frame.columns:
        raise absent_column(config.column, list(frame.columns))
    classes = read_classes(frame[config.column], project.brief) if is_target else ()
    if len(classes) > 1:
        raise _refused(
            f"of {config.column!r}",
            "a target of numbers or of two classes",
            f"{len(classes)} classes",
            "take another column",
        )
    return HistorySpec(
        config.column,
        by,
        data.event_time,
        data.outcome_time if late else None,
        tuple(dict.fromkeys(config.lags)),
        tuple(dict.fromkeys(config.windows)),
        tuple(dict.fromkeys(config.statistics)),
        "" if by == data.entity else f"__by_{by}",
        classes[0] if classes else None,
    )


def _numbers(spec: HistorySpec, frame: pd.DataFrame) -> np.ndarray:
    values = Values(frame[spec.column])
    if spec.positive is not None:
        return values.keys.look_up({spec.positive: 1.0}, unknown=0.0, missing=np.nan).astype(np.float64)
    with naming(spec.column):
        numbers = values.numbers()
    return np.where(np.abs(numbers) < FLOAT32_LIMIT, numbers, np.nan) + 0.0  # zero has one sign


def _nanoseconds(times: pd.Series) -> np.ndarray:
    moments = parse_times(times).column.to_numpy(dtype="datetime64[ns]")
    return moments.astype(np.int64)


def _refused(what: str, expected: str, got: str, advice: str) -> ConfigError:
    return ConfigError(f"the history {what} cannot be computed", expected=expected, got=got, advice=advice)

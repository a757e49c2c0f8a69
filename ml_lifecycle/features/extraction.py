"""`FeatureExtractor`: from columns to numbers, fitted once on the training rows and the same object at serving.

How one column is encoded lives in `columns`, which encoder a column gets in `planning`, how one row is read in
`row_path`, the features of all rows of a project in `matrix`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.config.features import FeaturesConfig
from ml_lifecycle.errors import DataError, PackageError
from ml_lifecycle.features.columns import (
    CategoryColumn,
    ColumnEncoder,
    DatetimeColumn,
    encoder_from_dict,
)
from ml_lifecycle.features.planning import plan_column
from ml_lifecycle.features.row_path import RowPath, absent_column
from ml_lifecycle.features.values import FeatureMatrix

_NAN = float("nan")
_PIECE = 4096  # rows


@dataclass(frozen=True)
class FeatureExtractor:
    """The fitted encoders of a project's columns, and the order of their features.

    Args:
        encoders: One per column that is used.
        names: The features in the order of the matrix.
        skipped: Columns that are no features, with the reason.

    >>> frame = pd.DataFrame({"age": [30.0, None], "city": ["Riga", "Oslo"]})
    >>> extractor = FeatureExtractor.fit(frame, FeaturesConfig(), columns=["age", "city"], event_time=None)
    >>> extractor.transform_row({"age": 41, "city": "Rome"})
    array([41.,  2.], dtype=float32)
    """

    encoders: tuple[ColumnEncoder, ...]
    names: tuple[str, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def fit(
        cls, frame: pd.DataFrame, config: FeaturesConfig, *, columns: Sequence[str], event_time: str | None
    ) -> FeatureExtractor:
        """Fit the encoders on the training rows.

        Args:
            frame: Training rows only.
            config: The features section.
            columns: The columns that may be features.
            event_time: The column of the event time, where the project has one; its parts are features where the
                section says so.

        Raises:
            DataError: A column is absent, or none can be used.
        """
        moments = event_time if config.event_time_parts else None
        planned = {
            column: plan_column(_require(frame, column), column, config) for column in columns if column != moments
        }
        encoders = [encoder for encoder in planned.values() if not isinstance(encoder, str)]
        if moments is not None:
            nullable = bool(_require(frame, moments).isna().any())
            encoders.append(DatetimeColumn(moments, nullable, tuple(config.datetime_parts)))
        # Columns of several features go last: then the row path fills its answer from left to right.
        encoders.sort(key=lambda encoder: isinstance(encoder, DatetimeColumn))
        skipped = {column: reason for column, reason in planned.items() if isinstance(reason, str)}
        names = tuple(name for encoder in encoders for name in encoder.features)
        _check_names(names, skipped)
        return cls(tuple(encoders), names, skipped)

    @cached_property
    def categorical(self) -> tuple[int, ...]:
        """Indices of the features that hold category codes."""
        codes = {encoder.column for encoder in self.encoders if isinstance(encoder, CategoryColumn)}
        return tuple(index for index, name in enumerate(self.names) if self._sources[name] in codes)

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns that are read."""
        return tuple(encoder.column for encoder in self.encoders)

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The input columns that must be there: those which had a value in every training row."""
        return tuple(encoder.column for encoder in self.encoders if not encoder.nullable)

    def source_of(self, name: str) -> str:
        """The column that a feature is made of.

        Raises:
            DataError: There is no such feature.
        """
        if name not in self._sources:
            raise _unknown([name], self.names)
        return self._sources[name]

    def select(self, names: Sequence[str]) -> FeatureExtractor:
        """Restrict the extractor to some features, in the order given; it then computes and requires nothing else.

        Raises:
            DataError: A name is not among the features.
        """
        absent = [name for name in names if name not in self._sources]
        if absent:
            raise _unknown(absent, self.names)
        wanted = set(names)
        encoders: list[ColumnEncoder] = []
        for encoder in self.encoders:
            if isinstance(encoder, DatetimeColumn):
                kept = [part for part, name in zip(encoder.parts, encoder.features, strict=True) if name in wanted]
                encoders += [replace(encoder, parts=tuple(kept))] if kept else []
            elif encoder.column in wanted:
                encoders.append(encoder)
        return FeatureExtractor(tuple(encoders), tuple(names), self.skipped)

    def transform(self, frame: pd.DataFrame) -> FeatureMatrix:
        """Compute the features of many rows.

        Raises:
            DataError: A column is absent that had a value in every training row, or a cell cannot be read.
        """
        made = [name for encoder in self.encoders for name in encoder.features]
        columns = np.empty((len(made), len(frame)), dtype=np.float32)
        first = 0
        for encoder in self.encoders:
            block = columns[first : first + len(encoder.features)]
            first += len(encoder.features)
            if encoder.column not in frame.columns and encoder.nullable:
                block[:] = _NAN
            else:
                encoder.encode(_require(frame, encoder.column), block.T)
        place = {name: index for index, name in enumerate(made)}
        values = _transpose(columns, np.array([place[name] for name in self.names], dtype=np.intp))
        return FeatureMatrix(values, self.names, self.categorical)

    def transform_row(self, row: Mapping[str, object]) -> np.ndarray:
        """Compute the features of one row, equal to the batch to the last bit.

        Returns:
            float32 of shape (f,).

        Raises:
            DataError: As `transform`.
        """
        return self._row_path.read(row)

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        return {
            "encoders": [encoder.to_dict() for encoder in self.encoders],
            "names": list(self.names),
            "skipped": dict(self.skipped),
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> FeatureExtractor:
        """Make an extractor of what `to_dict` gave.

        Raises:
            PackageError: The state is damaged.
        """
        try:
            encoders = tuple(map(encoder_from_dict, state["encoders"]))
            names, skipped = tuple(map(str, state["names"])), dict(state["skipped"])
            _check_made(encoders, names)
        except (KeyError, TypeError, ValueError) as error:
            raise PackageError(
                "the stored feature extractor cannot be read",
                expected="encoders, names and skipped",
                got=f"{type(error).__name__}: {error}",
                advice="package the model again",
            ) from error
        return cls(encoders, names, skipped)

    @cached_property
    def _sources(self) -> dict[str, str]:
        return {name: encoder.column for encoder in self.encoders for name in encoder.features}

    @cached_property
    def _row_path(self) -> RowPath:
        return RowPath.compile(self.encoders, self.names)


def _transpose(columns: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Turn (f, n) into C-contiguous (n, f), piece by piece: each piece fits the cache, which halves the time."""
    values = np.empty(columns.shape[::-1], dtype=np.float32)
    for start in range(0, len(values), _PIECE):
        piece = slice(start, start + _PIECE)
        values[piece] = columns[order, piece].T
    return values


def _require(frame: pd.DataFrame, column: str) -> pd.Series:
    if column not in frame.columns:
        raise absent_column(column, list(frame.columns))
    return frame[column]


def _unknown(names: Sequence[str], known: Sequence[str]) -> DataError:
    return DataError(
        "a feature is unknown",
        expected=f"names among the {len(known)} features, such as {list(known[:5])}",
        got=f"{list(names)[:5]}",
        advice="select among the features of this extractor",
    )


def _check_made(encoders: Sequence[ColumnEncoder], names: Sequence[str]) -> None:
    made = sorted(name for encoder in encoders for name in encoder.features)
    if made != sorted(names):
        msg = f"the encoders make {made[:5]}, the names are {sorted(names)[:5]}"
        raise ValueError(msg)


def _check_names(names: tuple[str, ...], skipped: Mapping[str, str]) -> None:
    if not names:
        raise DataError(
            "no column can be a feature",
            expected="at least one column with values besides the target and the roles",
            got=f"columns not used: {dict(skipped)}" if skipped else "no other column",
            advice="check features.exclude, dataset.drop and the source",
        )
    if len(set(names)) < len(names):
        doubled = sorted({name for name in names if names.count(name) > 1})
        raise DataError(
            "two features have the same name",
            expected="column names that do not look like parts of dates",
            got=f"{doubled[:5]}",
            advice="rename or exclude one of the columns",
        )

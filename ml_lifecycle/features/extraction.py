"""`FeatureExtractor`: from columns to numbers, fitted once on the training rows and the same object at serving.

How one column is encoded lives in `encoders`, which encoder a column gets in `planning`, what is made of several
columns in `derived`, how one row is read in `row_path`, the features of all rows of a project in `matrix`.
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
from ml_lifecycle.features.columns import Columns, Values
from ml_lifecycle.features.derived.base import Derivation, blank_values
from ml_lifecycle.features.derived.planning import plan_derived
from ml_lifecycle.features.derived.registry import derivation_from_dict
from ml_lifecycle.features.encoders.base import Encoder
from ml_lifecycle.features.encoders.registry import encoder_from_dict
from ml_lifecycle.features.planning import check_columns, plan_column, plan_moments
from ml_lifecycle.features.row_path import RowPath
from ml_lifecycle.features.targets import TargetNumbers
from ml_lifecycle.features.values import FeatureMatrix

_PIECE = 4096  # rows


@dataclass(frozen=True)
class FeatureExtractor:
    """The fitted encoders of a project's columns, and the order of their features.

    Args:
        encoders: One or more per column that is used.
        names: The features in the order of the matrix.
        skipped: Columns that are no features, with the reason.
        derivations: What makes the columns that are not in the table.
        origins: The columns that history columns are made of, which the table must have been given before.

    >>> frame = pd.DataFrame({"age": [30.0, None], "city": ["Riga", "Oslo"]})
    >>> extractor = FeatureExtractor.fit(frame, FeaturesConfig(), columns=["age", "city"], event_time=None)
    >>> extractor.transform_row({"age": 41, "city": "Rome"})
    array([41.,  2.], dtype=float32)
    """

    encoders: tuple[Encoder, ...]
    names: tuple[str, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)
    derivations: tuple[Derivation, ...] = ()
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        frame: pd.DataFrame | Columns,
        config: FeaturesConfig,
        *,
        columns: Sequence[str],
        event_time: str | None,
        target: TargetNumbers | None = None,
        readable: Sequence[str] = (),
        origins: Mapping[str, tuple[str, ...]] | None = None,
    ) -> FeatureExtractor:
        """Fit the encoders on the training rows.

        Args:
            frame: Training rows only.
            config: The features section.
            columns: The columns that may be features.
            event_time: The column of the event time, where the project has one; its parts are features where the
                section says so.
            target: Targets of the same rows, for target encoding.
            readable: Further columns that crosses, ratios and functions may read.
            origins: What the history columns among the columns are made of.

        Raises:
            ConfigError: The section asks for what cannot be done.
            DataError: A column is absent, or none can be used.
        """
        table = frame if isinstance(frame, Columns) else Columns(frame)
        moments = event_time if config.event_time_parts else None
        derivations = plan_derived(table, config, {*columns, *readable, *([event_time] if event_time else [])})
        named = {column: table[column] for column in columns if column != moments}
        named |= {name: values for step in derivations for name, values in table.derive(step).items()}
        check_columns(config, [*map(str, table.frame.columns), *named])
        planned = {column: plan_column(values, column, config, target) for column, values in named.items()}
        found = [encoder for plan in planned.values() if not isinstance(plan, str) for encoder in plan]
        if moments is not None:
            found.append(plan_moments(table[moments], moments, config))
        # What is not in the table itself may always be missing.
        given = set(origins or ()) | {name for step in derivations for name in step.outputs}
        encoders = [replace(encoder, nullable=True) if encoder.column in given else encoder for encoder in found]
        # Columns of several features go last: then the row path fills its answer from left to right.
        encoders.sort(key=lambda encoder: encoder.several)
        skipped = {column: plan for column, plan in planned.items() if isinstance(plan, str)}
        names = tuple(name for encoder in encoders for name in encoder.features)
        _check_names(names, skipped)
        return _with_needed(cls(tuple(encoders), names, skipped, derivations, dict(origins or {})))

    @cached_property
    def categorical(self) -> tuple[int, ...]:
        """Indices of the features that hold category codes."""
        coded = {name for encoder in self.encoders if encoder.coded for name in encoder.features}
        return tuple(index for index, name in enumerate(self.names) if name in coded)

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns that are read, history columns among them."""
        read = [name for encoder in self.encoders for name in self._inputs.get(encoder.column, (encoder.column,))]
        return tuple(dict.fromkeys(read))

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The input columns that must be there: those which had a value in every training row."""
        optional = {encoder.column for encoder in self.encoders if encoder.nullable}
        optional |= {name for step in self.derivations for name in step.optional}
        # A column that is also read by a derivation which needs it is required.
        optional -= {name for step in self.derivations for name in step.inputs if name not in step.optional}
        return tuple(name for name in self.columns if name not in optional)

    @property
    def history_columns(self) -> tuple[str, ...]:
        """Those of the input columns that `history` makes."""
        return tuple(name for name in self.columns if name in self.origins)

    def source_of(self, name: str) -> str:
        """The column that a feature is made of; of several, the first.

        Raises:
            DataError: There is no such feature.
        """
        return self.sources_of(name)[0]

    def sources_of(self, name: str) -> tuple[str, ...]:
        """The columns of the table that a feature is made of.

        Raises:
            DataError: There is no such feature.
        """
        if name not in self._columns_of:
            raise _unknown([name], self.names)
        column = self._columns_of[name]
        inputs = self._inputs.get(column, (column,))
        return tuple(dict.fromkeys(source for read in inputs for source in self.origins.get(read, (read,))))

    def select(self, names: Sequence[str]) -> FeatureExtractor:
        """Restrict the extractor to some features, in the order given; it then computes and requires nothing else.

        Raises:
            DataError: A name is not among the features.
        """
        absent = [name for name in names if name not in self._columns_of]
        if absent:
            raise _unknown(absent, self.names)
        wanted = frozenset(names)
        kept = tuple(encoder.pick(wanted) for encoder in self.encoders if not wanted.isdisjoint(encoder.features))
        return _with_needed(replace(self, encoders=kept, names=tuple(names)))

    def transform(self, frame: pd.DataFrame | Columns) -> FeatureMatrix:
        """Compute the features of many rows.

        Raises:
            DataError: A column is absent that had a value in every training row, or a cell cannot be read.
        """
        table = frame if isinstance(frame, Columns) else Columns(frame)
        made = [name for encoder in self.encoders for name in encoder.features]
        block = np.empty((len(made), table.rows), dtype=np.float32)
        first = 0
        for encoder in self.encoders:
            last = first + len(encoder.features)
            encoder.encode(self._values_for(encoder, table), block[first:last])
            first = last
        place = {name: index for index, name in enumerate(made)}
        values = _transpose(block, np.array([place[name] for name in self.names], dtype=np.intp))
        return FeatureMatrix(values, self.names, self.categorical)

    def transform_row(self, row: Mapping[str, Any]) -> np.ndarray:
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
            "derivations": [step.to_dict() for step in self.derivations],
            "origins": {name: list(sources) for name, sources in self.origins.items()},
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
            # Packages of the first version have neither.
            derivations = tuple(map(derivation_from_dict, state.get("derivations", ())))
            origins = {str(name): tuple(map(str, found)) for name, found in state.get("origins", {}).items()}
            _check_made(encoders, names)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise PackageError(
                "the stored feature extractor cannot be read",
                expected="encoders, names and skipped",
                got=f"{type(error).__name__}: {error}",
                advice="package the model again",
            ) from error
        return cls(encoders, names, skipped, derivations, origins)

    def values_of(self, encoder: Encoder, table: Columns) -> Values:
        """The column that an encoder reads, from the table or derived from it.

        Raises:
            DataError: The column is absent.
        """
        step = self._steps.get(encoder.column)
        return table[encoder.column] if step is None else table.derive(step)[encoder.column]

    def _values_for(self, encoder: Encoder, table: Columns) -> Values:
        if encoder.nullable and encoder.column not in self._steps and encoder.column not in table:
            return blank_values(table.rows)
        return self.values_of(encoder, table)

    @cached_property
    def _columns_of(self) -> dict[str, str]:
        return {name: encoder.column for encoder in self.encoders for name in encoder.features}

    @cached_property
    def _steps(self) -> dict[str, Derivation]:
        return {name: step for step in self.derivations for name in step.outputs}

    @property
    def _inputs(self) -> dict[str, tuple[str, ...]]:
        return {name: step.inputs for name, step in self._steps.items()}

    @cached_property
    def _row_path(self) -> RowPath:
        return RowPath.compile(self.derivations, self.encoders, self.names)


def _with_needed(extractor: FeatureExtractor) -> FeatureExtractor:
    """The same without derivations of which nothing is encoded."""
    read = {encoder.column for encoder in extractor.encoders}
    needed = tuple(step for step in extractor.derivations if not read.isdisjoint(step.outputs))
    return replace(extractor, derivations=needed)


def _transpose(columns: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Turn (f, n) into C-contiguous (n, f), piece by piece: each piece fits the cache, which halves the time."""
    values = np.empty((columns.shape[1], len(order)), dtype=np.float32)
    in_place = bool((order == np.arange(len(order))).all())
    for start in range(0, len(values), _PIECE):
        piece = slice(start, start + _PIECE)
        values[piece] = columns[:, piece].T if in_place else columns[order, piece].T
    return values


def _unknown(names: Sequence[str], known: Sequence[str]) -> DataError:
    return DataError(
        "a feature is unknown",
        expected=f"names among the {len(known)} features, such as {list(known[:5])}",
        got=f"{list(names)[:5]}",
        advice="select among the features of this extractor",
    )


def _check_made(encoders: Sequence[Encoder], names: Sequence[str]) -> None:
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

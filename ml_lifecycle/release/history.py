"""History in a package: its state as files, and rows that are completed from it.

What history is, and how it is computed, lives in `features/history`; what else a package holds in `packaging`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import yaml

from ml_lifecycle.dataset.schema import Schema
from ml_lifecycle.errors import PackageError
from ml_lifecycle.features.extraction import FeatureExtractor
from ml_lifecycle.features.history.state import HistoryState
from ml_lifecycle.parts import Parts

_FOLDER: Final = "history/"
_TABLE: Final = ".parquet"


def needed_history(extractor: FeatureExtractor, state: HistoryState | None) -> HistoryState | None:
    """The histories of a state that a model reads; None for a model that reads none.

    Raises:
        PackageError: The model reads a history column that the state does not have.
    """
    wanted = extractor.history_columns
    if not wanted:
        return None
    lacking = [name for name in wanted if state is None or name not in state.columns]
    if state is None or lacking:
        raise PackageError(
            "the model looks back, and the package would not know on what",
            expected=f"the history that the features were made with, with {lacking[0]!r}",
            got="none" if state is None else f"{list(state.columns)[:20]}",
            advice="give FeatureSet.history of the same features",
        )
    kept = [place for place, spec in enumerate(state.specs) if not set(wanted).isdisjoint(spec.outputs)]
    return HistoryState(
        tuple(state.specs[place] for place in kept),
        tuple(state.rows[place] for place in kept),
        tuple(state.totals[place] for place in kept),
    )


def input_columns(extractor: FeatureExtractor, state: HistoryState | None) -> tuple[str, ...]:
    """The columns that rows must bring: what the model reads, and in place of history columns entity and event time."""
    if state is None:
        return extractor.columns
    looked_up = set(extractor.history_columns)
    raw = [name for name in extractor.columns if name not in looked_up]
    return tuple(dict.fromkeys([*raw, *(name for spec in state.specs for name in (spec.by, spec.event_time))]))


def with_history_columns(schema: Schema, columns: Sequence[str]) -> Schema:
    """The schema with the history columns of a model: numbers that rows may bring and need not."""
    if not columns:
        return schema
    document = yaml.safe_load(schema.to_yaml())
    number = {"dtype": "float64", "nullable": True, "required": False}
    document["columns"] |= {name: dict(number) for name in columns}
    return Schema.from_yaml(yaml.safe_dump(document, sort_keys=False))


def complete_frame(state: HistoryState, columns: Sequence[str], frame: pd.DataFrame) -> pd.DataFrame:
    """Rows with the history columns that they lack, each row as if it came alone.

    Args:
        state: What is looked back on.
        columns: The history columns; one that the frame has already is left as it is.
        frame: Rows with entity and event time; without them history is missing.

    Raises:
        DataError: An event time cannot be read.
    """
    absent = [name for name in columns if name not in frame.columns]
    if not absent:
        return frame
    keys = {name for spec in state.specs for name in (spec.by, spec.event_time)}
    found = state.complete(frame[[name for name in frame.columns if name in keys]])
    return pd.concat([frame, found[absent]], axis=1)


def complete_row(state: HistoryState, columns: Sequence[str], row: Mapping[str, Any]) -> Mapping[str, Any]:
    """One row with the history columns that it lacks; to the last bit what `complete_frame` says of it.

    Raises:
        DataError: The event time cannot be read.
    """
    absent = [name for name in columns if name not in row]
    if not absent:
        return row
    found = state.read_row(row)
    return {**row, **{name: found[name] for name in absent}}


def history_until(state: HistoryState) -> pd.Timestamp | None:
    """The time of the newest event that a state knows of; None if it knows of none."""
    newest = [int(totals["newest"].max()) for totals in state.totals if len(totals)]
    return pd.Timestamp(max(newest)) if newest else None


def history_to_files(state: HistoryState) -> dict[str, bytes]:
    """The state as files of a package: tables as Parquet, the rest as JSON."""
    parts = state.to_parts()
    files = {f"{_FOLDER}{name}": content for name, content in parts.files.items()}
    for name, table in parts.tables.items():
        written = io.BytesIO()
        table.to_parquet(written, index=False)
        files[f"{_FOLDER}{name}{_TABLE}"] = written.getvalue()
    return files


def history_from_files(files: Mapping[str, bytes]) -> HistoryState | None:
    """Make a state of what `history_to_files` gave; other files beside it are ignored. None where there is none.

    Raises:
        PackageError: A file is missing or damaged.
    """
    own = {name.removeprefix(_FOLDER): content for name, content in files.items() if name.startswith(_FOLDER)}
    if not own:
        return None
    try:
        tables = {
            name.removesuffix(_TABLE): pd.read_parquet(io.BytesIO(content))
            for name, content in own.items()
            if name.endswith(_TABLE)
        }
        plain = {name: content for name, content in own.items() if not name.endswith(_TABLE)}
        return HistoryState.from_parts(Parts(tables, plain))
    except (KeyError, ValueError, OSError) as error:  # pyarrow's errors are among them
        raise PackageError(
            "the history of a package cannot be read",
            expected="what the package was written with",
            got=f"{type(error).__name__}: {error}",
            advice="package the model again",
        ) from error

"""The package: one folder that scores anywhere. Writing it and reading it.

    manifest.json       contents list with hashes (`manifest`)
    extractor.json, target.json, model/...   the predictor, and where it has them
    calibrator.json, decision.json, interval.json, difficulty/...   what corrects, decides and bounds its predictions
    schema.yaml         what rows must be
    cleaning.json       what is mended before, where the project declares it
    history/...         what the entities did before, where the model looks back (`history`)
    reference.json      profile of the training data, for drift
    input_example.json  a few rows

Nothing in it is pickled, and what the manifest does not name is not read. How packages get versions lives in
`registry`, the proof that another process can use one in `elsewhere`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from ml_lifecycle.config.cleaning import CleaningConfig, DuplicatesConfig
from ml_lifecycle.dataset.cleaning import Cleaner
from ml_lifecycle.dataset.schema import Schema
from ml_lifecycle.errors import PackageError, StateError
from ml_lifecycle.features.history.state import HistoryState
from ml_lifecycle.modeling.decision import Decision
from ml_lifecycle.modeling.predictor import Predictor
from ml_lifecycle.release.answers import answer_table
from ml_lifecycle.release.history import (
    complete_frame,
    history_from_files,
    history_to_files,
    history_until,
    input_columns,
    needed_history,
    with_history_columns,
)
from ml_lifecycle.release.manifest import MANIFEST_FILE, Manifest

SCHEMA_FILE: Final = "schema.yaml"
REFERENCE_FILE: Final = "reference.json"
EXAMPLE_FILE: Final = "input_example.json"
CLEANING_FILE: Final = "cleaning.json"
#: The fact of a package that names the newest event that its history knows of.
HISTORY_UNTIL: Final = "history_until"

#: The facts of a package that say how it decides on classes, and what intervals it gives.
DECISION: Final = "decision"
INTERVALS: Final = "intervals"

_LIBRARIES: Final = ("ml-lifecycle", "lightgbm", "scikit-learn", "skops", "numpy", "pandas", "pandera", "mlflow")


@dataclass(frozen=True)
class Package:
    """A package that was read, its files proven to be those of its manifest.

    Args:
        manifest: What it says about itself.
        predictor: From rows to predictions.
        schema: What rows must be.
        reference: Profile of the training data, as `monitoring` wrote it.
        example: A few input rows.
        cleaner: What is mended in rows as they come from outside; rows of training are cleaned already.
        history: What the entities did until the model was made; None for a model that does not look back.
    """

    manifest: Manifest
    predictor: Predictor
    schema: Schema
    reference: bytes
    example: pd.DataFrame
    cleaner: Cleaner = field(default_factory=lambda: Cleaner(CleaningConfig()))
    history: HistoryState | None = None

    @cached_property
    def decision(self) -> Decision:
        """How probabilities become classes: as the predictor says, else by the threshold of the manifest."""
        return self.predictor.decision or Decision(threshold=self.manifest.threshold)

    @cached_property
    def history_columns(self) -> tuple[str, ...]:
        """The history columns that the model reads: rows may bring them; where they do not, they are looked up."""
        return () if self.history is None else self.predictor.extractor.history_columns

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The columns that rows must bring, and the history columns, which they may."""
        return (*self.manifest.columns, *self.history_columns)

    @cached_property
    def unread(self) -> frozenset[str]:
        """Columns that the schema knows and the model does not read: rows to be scored need not have them."""
        return frozenset(self.schema.columns) - set(self.inputs)

    def coerce(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The model's input columns of clean rows with the schema's types; unreadable cells are missing in it.

        History columns that the rows do not bring are looked up, each row as if it came alone.
        """
        present = [name for name in self.inputs if name in frame.columns]
        return self.complete(self.schema.coerce(frame[present], without=self.unread))

    def complete(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rows of the schema's types with the history columns that the model reads; the same rows if it reads none."""
        return frame if self.history is None else complete_frame(self.history, self.history_columns, frame)

    def read(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The same of rows as they came from outside: cleaned first."""
        return self.coerce(frame if self.cleaner.idle else self.cleaner.clean(frame).frame)

    def answer(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Answers for clean rows, see `answers.answer_table`.

        Raises:
            DataError: A column is absent or a cell cannot be read.
        """
        rows = self.coerce(frame)
        return answer_table(self.predictor.target, self.predictor.predict_both(rows), self.decision, rows)


def write_package(
    folder: Path,
    *,
    project: str,
    predictor: Predictor,
    schema: Schema,
    reference: bytes,
    example: pd.DataFrame,
    lineage: Mapping[str, str],
    metrics: Mapping[str, float],
    facts: Mapping[str, Any] | None = None,
    threshold: float = 0.5,
    cleaner: Cleaner | None = None,
    history: HistoryState | None = None,
    created_at: datetime | None = None,
) -> Manifest:
    """Write a package into a folder that does not exist yet, or is empty.

    Args:
        folder: Where.
        project: Whose model it is.
        predictor: From rows to predictions.
        schema: What rows must be.
        reference: Profile of the training data.
        example: A few input rows; only the columns that rows must bring are kept.
        lineage: Data version of every asset that the model was made from, by asset.
        metrics: Metrics on the test split.
        facts: What else should be known, plain JSON.
        threshold: Binary: the probability from which the class is the positive one, for a predictor that has no
            threshold of its own.
        cleaner: What is mended in rows as they come; nothing by default.
        history: What the entities did until now, as the features have it; only what the model reads is kept.
        created_at: Now, by default.

    Raises:
        PackageError: The folder holds something already, the example lacks a column, or the model looks back and there
            is no history.
        StateError: The folder cannot be written.
    """
    extractor = predictor.extractor
    past = needed_history(extractor, history)
    columns = _with_decision(input_columns(extractor, past), predictor, schema)
    files = {
        **predictor.to_files(),
        SCHEMA_FILE: with_history_columns(schema, extractor.history_columns).to_yaml().encode(),
        REFERENCE_FILE: reference,
        EXAMPLE_FILE: _write_example(example, columns),
        **({} if cleaner is None or cleaner.idle else {CLEANING_FILE: json.dumps(cleaner.to_dict()).encode()}),
        **({} if past is None else history_to_files(past)),
    }
    model = predictor.model.facts
    manifest = Manifest(
        project=project,
        kind=predictor.target.kind,
        target=predictor.target.name,
        columns=columns,
        threshold=threshold if predictor.threshold is None else predictor.threshold,
        created_at=(created_at or datetime.now(UTC)).isoformat(timespec="seconds"),
        family=model.family,
        parameters=dict(model.parameters),
        rows=model.rows,
        libraries=_installed(),
        lineage=dict(lineage),
        metrics=dict(metrics),
        facts={
            **(facts or {}),
            **({} if past is None else {HISTORY_UNTIL: str(history_until(past))}),
            **({} if predictor.decision is None else {DECISION: predictor.decision.to_dict()}),
            **({} if predictor.interval is None else {INTERVALS: predictor.interval.describe()}),
        },
        files={name: _hash(content) for name, content in sorted(files.items())},
        size=sum(map(len, files.values())),
    )
    _write_files(folder, {**files, MANIFEST_FILE: manifest.to_bytes()})
    return manifest


def load_package(folder: Path) -> Package:
    """Read a package, after proving that its files are those that its manifest names.

    Raises:
        PackageError: A file is missing, was changed, or cannot be read.
    """
    manifest = Manifest.from_bytes(_read(folder, MANIFEST_FILE))
    files = {name: _read_proven(folder, name, digest) for name, digest in manifest.files.items()}
    absent = sorted({SCHEMA_FILE, REFERENCE_FILE, EXAMPLE_FILE} - set(files))
    if absent:
        raise _damaged(folder, f"a manifest that names {', '.join(absent)}", "one that does not")
    predictor = Predictor.from_files(files)
    schema = Schema.from_yaml(files[SCHEMA_FILE].decode())
    example = _read_example(files[EXAMPLE_FILE], schema)
    history = history_from_files(files)
    package = Package(manifest, predictor, schema, files[REFERENCE_FILE], example, history=history)
    return replace(package, cleaner=_read_cleaner(files[CLEANING_FILE])) if CLEANING_FILE in files else package


def _with_decision(columns: tuple[str, ...], predictor: Predictor, schema: Schema) -> tuple[str, ...]:
    """The columns that rows must bring, with the one that thresholds by group look at."""
    column = None if predictor.decision is None else predictor.decision.column
    if column is None or column in columns:
        return columns
    if column not in schema.columns:
        raise PackageError(
            "the package could not decide by group",
            expected=f"the column {column!r} in the schema",
            got="no such column",
            advice="add it to the schema, or set evaluation.fairness.mitigation to none",
        )
    return (*columns, column)


def _write_example(example: pd.DataFrame, columns: tuple[str, ...]) -> bytes:
    absent = [name for name in columns if name not in example.columns]
    if absent:
        raise PackageError(
            "the input example does not fit the model",
            expected=f"the columns {list(columns)[:20]}",
            got=f"none of the name {absent[0]!r}",
            advice="give rows as they come from the source",
        )
    rows = example[list(columns)]
    return rows.to_json(orient="split", index=False, date_format="iso", double_precision=15).encode()


def _read_example(text: bytes, schema: Schema) -> pd.DataFrame:
    state = json.loads(text)
    frame = pd.DataFrame(state["data"], columns=state["columns"])
    return schema.coerce(frame, without=frozenset(schema.columns) - set(frame.columns))


def _read_cleaner(text: bytes) -> Cleaner:
    """The cleaner of a package; it takes out no duplicates, since two equal rows are two questions."""
    cleaner = Cleaner.from_dict(json.loads(text))
    return Cleaner(cleaner.config.model_copy(update={"duplicates": DuplicatesConfig()}))


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise PackageError(
                "a package is not written over something else",
                expected=f"no folder {folder}, or an empty one",
                got="files in it",
                advice="name another folder",
            )
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        raise StateError(
            "a package cannot be written",
            expected=f"a writable folder {folder}",
            got=f"{type(error).__name__}: {error.strerror}",
            advice="mend its permissions or free space",
        ) from error


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise _damaged(folder, f"a file {name}", f"{type(error).__name__}: {error.strerror}") from error


def _read_proven(folder: Path, name: str, digest: str) -> bytes:
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise _damaged(folder, "files inside the package", f"the path {name!r}")
    content = _read(folder, name)
    if _hash(content) != digest:
        raise _damaged(folder, f"{name} with SHA-256 {digest[:12]}...", f"{_hash(content)[:12]}...")
    return content


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _damaged(folder: Path, expected: str, got: str) -> PackageError:
    return PackageError(
        f"the package {folder} is damaged",
        expected=expected,
        got=got,
        advice="fetch it from the registry again, or package the model again; do not use what was changed by hand",
    )


def _installed() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # an optional library: what is not there was not used
            continue
    return found


def same_predictions(expected: np.ndarray, got: np.ndarray) -> bool:
    """Whether two sets of predictions are the same to the last bit."""
    return expected.shape == got.shape and bool(np.array_equal(expected, got, equal_nan=True))

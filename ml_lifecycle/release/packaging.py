"""The package: one folder that scores anywhere. What it is, and reading it.

    manifest.json       contents list with hashes (`manifest`)
    extractor.json, target.json, model/...   the predictor, and where it has them
    calibrator.json, decision.json, interval.json, difficulty/...   what corrects, decides and bounds its predictions
    schema.yaml         what rows must be
    cleaning.json       what is mended before, where the project declares it
    history/...         what the entities did before, where the model looks back (`history`)
    reference.json      profile of the training data, for drift
    losses.json         the model's loss by input and slice, for its performance in production; older ones have none
    input_example.json  a few rows
    requirements.txt, code/..., Dockerfile, handler.py, service.json, README.md, model_card.md   to serve it (`bundle`)

Nothing in it is pickled. How one is written lives in `package_writing`, how its files are proven in `package_files`,
how packages get versions in `registry`, the proof that another process can use one in `elsewhere`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ml_lifecycle.config.cleaning import CleaningConfig, DuplicatesConfig
from ml_lifecycle.dataset.cleaning import Cleaner
from ml_lifecycle.dataset.schema import Schema
from ml_lifecycle.features.history.state import HistoryState
from ml_lifecycle.modeling.decision import Decision
from ml_lifecycle.modeling.predictor import Predictor
from ml_lifecycle.release.answers import answer_table
from ml_lifecycle.release.history import complete_frame, history_from_files
from ml_lifecycle.release.manifest import Manifest
from ml_lifecycle.release.package_files import damaged, read_files, read_manifest

SCHEMA_FILE: Final = "schema.yaml"
REFERENCE_FILE: Final = "reference.json"
LOSSES_FILE: Final = "losses.json"
EXAMPLE_FILE: Final = "input_example.json"
CLEANING_FILE: Final = "cleaning.json"
#: The fact of a package that names the newest event that its history knows of.
HISTORY_UNTIL: Final = "history_until"


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
        losses: What its loss was on rows that it was not fitted on, as `monitoring` wrote it; None in older packages.
    """

    manifest: Manifest
    predictor: Predictor
    schema: Schema
    reference: bytes
    example: pd.DataFrame
    cleaner: Cleaner = field(default_factory=lambda: Cleaner(CleaningConfig()))
    history: HistoryState | None = None
    losses: bytes | None = None

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


def load_package(folder: Path) -> Package:
    """Read a package, after proving that its files are those that its manifest names.

    Raises:
        PackageError: A file is missing, was changed or added, is a link, or cannot be read.
    """
    manifest = read_manifest(folder)
    files = read_files(folder, manifest)
    absent = sorted({SCHEMA_FILE, REFERENCE_FILE, EXAMPLE_FILE} - set(files))
    if absent:
        raise damaged(folder, f"a manifest that names {', '.join(absent)}", "one that does not")
    predictor = Predictor.from_files(files)
    schema = Schema.from_yaml(files[SCHEMA_FILE].decode())
    example = _read_example(files[EXAMPLE_FILE], schema)
    history = history_from_files(files)
    package = Package(manifest, predictor, schema, files[REFERENCE_FILE], example, history=history)
    package = replace(package, losses=files.get(LOSSES_FILE))
    return replace(package, cleaner=_read_cleaner(files[CLEANING_FILE])) if CLEANING_FILE in files else package


def _read_example(text: bytes, schema: Schema) -> pd.DataFrame:
    state = json.loads(text)
    frame = pd.DataFrame(state["data"], columns=state["columns"])
    return schema.coerce(frame, without=frozenset(schema.columns) - set(frame.columns))


def _read_cleaner(text: bytes) -> Cleaner:
    """The cleaner of a package; it takes out no duplicates, since two equal rows are two questions."""
    cleaner = Cleaner.from_dict(json.loads(text))
    return Cleaner(cleaner.config.model_copy(update={"duplicates": DuplicatesConfig()}))


def same_predictions(expected: np.ndarray, got: np.ndarray) -> bool:
    """Whether two sets of predictions are the same to the last bit."""
    return expected.shape == got.shape and bool(np.array_equal(expected, got, equal_nan=True))

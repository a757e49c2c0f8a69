"""Writing a package: the model's files, what serves them beside it, and the manifest that names them all with hashes.

What a package is and how it is read lives in `packaging`, what lies in it besides the model in `bundle`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.cleaning import Cleaner
from ml_lifecycle.dataset.schema import Schema
from ml_lifecycle.errors import PackageError
from ml_lifecycle.features.history.state import HistoryState
from ml_lifecycle.modeling.predictor import Predictor
from ml_lifecycle.release.bundle.files import bundle_files
from ml_lifecycle.release.history import (
    history_to_files,
    history_until,
    input_columns,
    needed_history,
    with_history_columns,
)
from ml_lifecycle.release.manifest import MANIFEST_FILE, Manifest
from ml_lifecycle.release.package_files import hash_of, write_files
from ml_lifecycle.release.packaging import (
    CLEANING_FILE,
    EXAMPLE_FILE,
    HISTORY_UNTIL,
    LOSSES_FILE,
    REFERENCE_FILE,
    SCHEMA_FILE,
)

#: The facts of a package that say how it decides on classes, and what intervals it gives.
DECISION: Final = "decision"
INTERVALS: Final = "intervals"

_LIBRARIES: Final = ("ml-lifecycle", "lightgbm", "scikit-learn", "skops", "numpy", "pandas", "pandera", "mlflow")


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
    losses: bytes | None = None,
    created_at: datetime | None = None,
    config: ProjectConfig | None = None,
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
        losses: What the model's loss was on rows that it was not fitted on, for monitoring.
        created_at: Now, by default.
        config: The project, for the card and for the limits of a server; defaults without it.

    Raises:
        PackageError: The folder holds something already, the example lacks a column, or the model looks back and there
            is no history, or something that scoring needs is not installed.
        StateError: The folder cannot be written.
    """
    extractor = predictor.extractor
    past = needed_history(extractor, history)
    columns = _with_decision(input_columns(extractor, past), predictor, schema)
    files = _model_files(predictor, schema, past, cleaner)
    files |= {REFERENCE_FILE: reference, EXAMPLE_FILE: _write_example(example, columns)}
    files |= {} if losses is None else {LOSSES_FILE: losses}
    bare = replace(
        _describe(project, predictor, columns, created_at or datetime.now(UTC)),
        threshold=threshold if predictor.threshold is None else predictor.threshold,
        lineage=dict(lineage),
        metrics=dict(metrics),
        facts={**(facts or {}), **_facts_of(predictor, past)},
    )
    files |= bundle_files(bare, schema, files, config)
    hashes = {name: hash_of(content) for name, content in sorted(files.items())}
    manifest = replace(bare, files=hashes, size=sum(map(len, files.values())))
    write_files(folder, {**files, MANIFEST_FILE: manifest.to_bytes()})
    return manifest


def _describe(project: str, predictor: Predictor, columns: tuple[str, ...], created_at: datetime) -> Manifest:
    """What the model says about itself; its threshold, and what is known from elsewhere, come to it later."""
    model = predictor.model.facts
    return Manifest(
        project=project,
        kind=predictor.target.kind,
        target=predictor.target.name,
        columns=columns,
        threshold=0.5,
        created_at=created_at.isoformat(timespec="seconds"),
        family=model.family,
        parameters=dict(model.parameters),
        rows=model.rows,
        libraries=_installed(),
        lineage={},
        metrics={},
    )


def _model_files(
    predictor: Predictor, schema: Schema, past: HistoryState | None, cleaner: Cleaner | None
) -> dict[str, bytes]:
    """All that is needed to predict."""
    return {
        **predictor.to_files(),
        SCHEMA_FILE: with_history_columns(schema, predictor.extractor.history_columns).to_yaml().encode(),
        **({} if cleaner is None or cleaner.idle else {CLEANING_FILE: json.dumps(cleaner.to_dict()).encode()}),
        **({} if past is None else history_to_files(past)),
    }


def _facts_of(predictor: Predictor, past: HistoryState | None) -> dict[str, Any]:
    """What the predictor says of itself."""
    return {
        **({} if past is None else {HISTORY_UNTIL: str(history_until(past))}),
        **({} if predictor.decision is None else {DECISION: predictor.decision.to_dict()}),
        **({} if predictor.interval is None else {INTERVALS: predictor.interval.describe()}),
    }


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


def _installed() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # an optional library: what is not there was not used
            continue
    return found

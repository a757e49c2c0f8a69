"""`ReferenceProfile`: what is kept of the training data so that production can be compared with it.

Computed once, at training, and stored with the model as compact JSON. One column's histogram lives in
`column_profile`, the comparison in `drift`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any, Self, final

import numpy as np
import orjson
import pandas as pd

from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.errors import PackageError
from ml_lifecycle.monitoring.column_profile import (
    NUMERIC,
    PREDICTED_CLASS,
    ColumnProfile,
    prediction_columns,
    profile_column,
)
from ml_lifecycle.parts import Parts

#: Format 2 has edges out to the extremes and in the tails, and the target. What format 1 lacks is not judged.
_FORMAT = 2
_READABLE = (1, 2)
#: The name of the outcomes among the profiles.
TARGET_COLUMN = "target"


@final
@dataclass(frozen=True, slots=True, eq=False)
class ReferenceProfile:
    """The reference that windows of production are compared with.

    Args:
        columns: Profiles of the feature columns.
        predictions: Profiles of the model's output.
        rows: Rows of the reference.
        sample: Some of its rows, for the HTML report and for how the columns depend on each other.
        skipped: Columns that are not watched, with the reason.
        classes: Names of the classes, in the order of the model's probabilities; empty where they go by number.
        target: Profile of the outcomes; None where they are not known.
    """

    columns: tuple[ColumnProfile, ...]
    predictions: tuple[ColumnProfile, ...]
    rows: int
    sample: pd.DataFrame
    skipped: dict[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    target: ColumnProfile | None = None

    @classmethod
    def fit(
        cls,
        frame: pd.DataFrame,
        predictions: np.ndarray | None,
        config: DriftConfig,
        *,
        categorical: Sequence[str] = (),
        classes: Sequence[str] = (),
        target: pd.Series | None = None,
        seed: int = 0,
    ) -> Self:
        """Profile the rows that a model was trained on.

        Args:
            frame: Raw feature columns, shape (n, f): no target, no identifiers.
            predictions: The model's output on rows it was not fitted on (validation or test), see
                `prediction_columns`; None for none. It need not belong to the rows of `frame`.
            config: Bins, and the cap on sampled rows.
            categorical: Columns of numbers that are codes.
            classes: Names of the classes, multiclass only.
            target: The outcomes, of these rows or others of the same time; labels as text, amounts as numbers.
            seed: Seed of the row sample.
        """
        codes = frozenset(categorical)
        profiled = {
            str(name): profile_column(frame[name], str(name), config.bins, categorical=name in codes)
            for name in frame.columns
        }
        output = {
            name: profile_column(series, name, config.bins, categorical=name == PREDICTED_CLASS)
            for name, series in prediction_columns(predictions, classes).items()
        }
        watched = [name for name, profile in profiled.items() if profile is not None]
        sample = frame.sample(n=min(len(frame), config.html_rows), random_state=seed).sort_index()
        return cls(
            tuple(profile for profile in profiled.values() if profile is not None),
            tuple(profile for profile in output.values() if profile is not None),
            len(frame),
            sample[watched].reset_index(drop=True),
            {name: "times are not compared" for name, profile in profiled.items() if profile is None},
            tuple(str(name) for name in classes),
            None if target is None else profile_column(target, TARGET_COLUMN, config.bins),
        )

    @property
    def categorical(self) -> tuple[str, ...]:
        """Names of the columns that are compared by label."""
        return tuple(profile.name for profile in self.columns if profile.kind != NUMERIC)

    def to_bytes(self) -> bytes:
        """Write compact JSON."""
        document = {
            "format": _FORMAT,
            "rows": self.rows,
            "columns": [asdict(profile) for profile in self.columns],
            "predictions": [asdict(profile) for profile in self.predictions],
            "skipped": self.skipped,
            "classes": self.classes,
            "target": None if self.target is None else asdict(self.target),
            "sample": {name: _plain(self.sample[name]) for name in self.sample.columns},
        }
        return orjson.dumps(document)

    @classmethod
    def from_bytes(cls, text: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises:
            PackageError: It is no reference profile, or of a format that is not known here.
        """
        return _read(text)

    def to_parts(self) -> Parts:
        """One file of JSON."""
        return Parts(files={"reference.json": self.to_bytes()})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Read the file again."""
        return cls.from_bytes(parts.files["reference.json"])


@lru_cache(maxsize=4)
def _read(text: bytes) -> ReferenceProfile:
    """Read a profile; it is kept for the next window, since reading takes longer than comparing."""
    try:
        document = orjson.loads(text)
        if document["format"] not in _READABLE:
            raise _not_a_profile(f"format {document['format']}")
        target = document.get("target")
        return ReferenceProfile(
            tuple(_read_column(item) for item in document["columns"]),
            tuple(_read_column(item) for item in document["predictions"]),
            int(document["rows"]),
            pd.DataFrame(document["sample"]),
            dict(document["skipped"]),
            tuple(document["classes"]),
            None if target is None else _read_column(target),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise _not_a_profile(f"{type(error).__name__}: {error}") from error


def _not_a_profile(got: str) -> PackageError:
    return PackageError(
        "the reference profile cannot be read",
        expected=f"JSON of format {' or '.join(map(str, _READABLE))}",
        got=got,
        advice="train the model again, its package gets a new profile",
    )


def _read_column(item: dict[str, Any]) -> ColumnProfile:
    lists = {key: tuple(item[key]) for key in ("edges", "labels", "counts")}
    lists["groups"] = tuple(item.get("groups", ()))
    return ColumnProfile(**{**item, **lists})


def _plain(series: pd.Series) -> list[Any]:
    """Values as JSON knows them; six digits are enough for a picture."""
    if pd.api.types.is_bool_dtype(series.dtype) and not series.isna().any():
        return list(map(bool, series))
    if pd.api.types.is_numeric_dtype(series.dtype):
        numbers = series.to_numpy(dtype=np.float64, na_value=np.nan)
        return [float(f"{number:.6g}") if np.isfinite(number) else None for number in numbers]
    return [None if missing else _scalar(value) for value, missing in zip(series, series.isna(), strict=True)]


def _scalar(value: object) -> object:
    return value if isinstance(value, str | bool | int | float) else str(value)

"""`Manifest`: what a package says about itself: whose model it is, what it was made from, and the hash of every file.

How packages are written and read lives in `packaging`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import PackageError
from ml_lifecycle.parts import Parts

MANIFEST_FILE: Final = "manifest.json"
FORMAT_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents list of a package.

    Args:
        project: Whose model it is.
        kind: What is predicted.
        target: The column that is predicted.
        columns: The columns that rows must bring: those that the model reads, and where it looks back, entity and event
            time in place of history columns; also the one that thresholds by group look at.
        threshold: Binary: the probability from which the class is the positive one; where groups have thresholds of
            their own, that of all other rows.
        created_at: When it was packaged, ISO 8601 in UTC.
        family: The model's family.
        parameters: Its hyperparameters.
        rows: Rows it was fitted on.
        libraries: Versions of the libraries it was made with.
        lineage: Data version of every asset that it was made from, by asset.
        metrics: Metrics on the test split.
        facts: What else is known, plain JSON, such as the runs that made it.
        files: SHA-256 of every file, by relative path.
        size: Bytes of all files.
        format_version: The form of the package.
    """

    project: str
    kind: Kind
    target: str
    columns: tuple[str, ...]
    threshold: float
    created_at: str
    family: str
    parameters: Mapping[str, Any]
    rows: int
    libraries: Mapping[str, str]
    lineage: Mapping[str, str]
    metrics: Mapping[str, float]
    facts: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    size: int = 0
    format_version: int = FORMAT_VERSION

    @property
    def digest(self) -> str:
        """One hash for the whole package: 64 hexadecimal digits."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def to_bytes(self) -> bytes:
        """Write JSON that a person can read."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False, default=str).encode()

    @classmethod
    def from_bytes(cls, text: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises:
            PackageError: It is no manifest, or of a form that is not known here.
        """
        try:
            state = json.loads(text)
            if state["format_version"] != FORMAT_VERSION:
                raise _unreadable(f"format_version {state['format_version']!r}")
            return cls(**{**state, "kind": Kind(state["kind"]), "columns": tuple(state["columns"])})
        except (ValueError, TypeError, KeyError) as error:
            raise _unreadable(f"{type(error).__name__}: {error}") from error

    def to_parts(self) -> Parts:
        """One file of JSON."""
        return Parts(files={MANIFEST_FILE: self.to_bytes()})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Read the file again."""
        return cls.from_bytes(parts.files[MANIFEST_FILE])


def _unreadable(got: str) -> PackageError:
    return PackageError(
        f"{MANIFEST_FILE} of a package cannot be read",
        expected=f"the contents list of a package of format {FORMAT_VERSION}",
        got=got,
        advice="package the model again, with the version of ml-lifecycle that reads it",
    )

"""`KeptFits`: finished fits of one step on disk, so that a step that was killed does not fit them again.

What is under way inside a single fit is kept by `estimators/checkpoints`, trials of a search by the journal of
`tuning`. Members of ensembles and models of folds are what is kept here. A fit is found again by its fingerprint only:
the hash of all rows it learns from and of all settings.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from ml_lifecycle.errors import PackageError, StateError
from ml_lifecycle.modeling.estimators import FittedModel, load_model
from ml_lifecycle.modeling.samples import Samples

_FACTS, _MODEL, _SUFFIX = "facts.json", "model/", ".fit"


@dataclass(frozen=True, slots=True)
class KeptFit:
    """A model that was fitted before.

    Args:
        model: The model.
        seconds: What fitting it took.
        facts: What else was noted of the fit.
    """

    model: FittedModel
    seconds: float
    facts: Mapping[str, Any] = field(default_factory=dict)


class KeptFits:
    """The finished fits of one step; without a folder nothing is kept, and nothing found.

    Args:
        folder: Where they lie, one file each.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._used: set[str] = set()

    def find(self, key: str) -> KeptFit | None:
        """The fit of a fingerprint; None where there is none, or its file is damaged: then it is fitted anew."""
        self._used.add(key)
        if self.folder is None or not self._path(key).exists():
            return None
        try:
            with zipfile.ZipFile(self._path(key)) as stored:
                facts = json.loads(stored.read(_FACTS))
                files = {name.removeprefix(_MODEL): stored.read(name) for name in stored.namelist() if name != _FACTS}
            return KeptFit(load_model(files), float(facts["seconds"]), facts["facts"])
        except (zipfile.BadZipFile, KeyError, ValueError, PackageError):
            return None

    def keep(self, key: str, fit: KeptFit) -> None:
        """Keep a fit, whole or not at all.

        Raises:
            StateError: The file cannot be written.
        """
        if self.folder is None:
            return
        content, path = _pack(fit), self._path(key)
        beside = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(content)
            beside.replace(path)
        except OSError as error:
            raise StateError(
                "a finished fit cannot be kept",
                expected=f"a folder that can be written to: {self.folder}",
                got=f"{type(error).__name__}: {error}",
                advice="mend its permissions or free space",
            ) from error

    def checkpoint(self, key: str) -> Path | None:
        """Where a fit that is under way may write how far it has come."""
        return None if self.folder is None else self.folder / f"{key}.checkpoint"

    def prune(self) -> None:
        """Remove what this step, now done, has neither found nor kept, and what fits under way have written."""
        for path in () if self.folder is None else self.folder.glob("*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.suffix != _SUFFIX or path.stem not in self._used:
                path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        assert self.folder is not None, "asked for by those that have seen it"  # noqa: S101 - invariant
        return self.folder / f"{key}{_SUFFIX}"


def hash_rows(*samples: Samples) -> str:
    """The hash of rows that a fit depends on: every value counts.

    Args:
        samples: The rows it learns from; others that it depends on, such as those that end it, after them.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in samples:
        digest.update(json.dumps([part.matrix.names, part.matrix.categorical]).encode())
        for array in (part.row_ids, part.y, part.matrix.values, part.weight, part.query, part.time):
            if array is not None:
                digest.update(f"{array.dtype}{array.shape}".encode())
                digest.update(np.ascontiguousarray(array).view(np.uint8).data)  # a time has no buffer of its own
    return digest.hexdigest()


def identify_fit(rows: str, /, **about: Any) -> str:
    """The fingerprint of a fit.

    Args:
        rows: The hash of its rows.
        about: Its settings, such as family, goal, parameters and rounds; what is no plain JSON counts as its text.
    """
    said = json.dumps([rows, about], sort_keys=True, default=str)
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


def identify_refit(model: FittedModel, train: Samples) -> str:
    """The fingerprint of a fit of a model's configuration on other rows, as `training.refit` makes it."""
    facts = model.facts
    settings = {"family": facts.family, "goal": asdict(facts.goal), "parameters": dict(facts.parameters)}
    return identify_fit(hash_rows(train), **settings, iterations=facts.iterations, rows=facts.rows)


def _pack(fit: KeptFit) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as stored:
        stored.writestr(_FACTS, json.dumps({"seconds": fit.seconds, "facts": dict(fit.facts)}))
        for name, content in fit.model.to_files().items():
            stored.writestr(f"{_MODEL}{name}", content)
    return out.getvalue()

"""`Checkpoint`: the progress of one boosted fit in a file, so that a killed fit goes on. The rules are `rounds`.

A fit that resumes gives the bytes of one that was never interrupted. Libraries draw rows and features by generators
whose state cannot be stored; so every fit, with a checkpoint or without, seeds them anew at the first round of each
segment of `SEGMENT` rounds, and checkpoints lie between segments only. scikit-learn and CatBoost store their
whole state and need no segments.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ml_lifecycle.errors import StateError
from ml_lifecycle.modeling.estimators.base import Prepared
from ml_lifecycle.modeling.estimators.rounds import Rounds, RoundWatch
from ml_lifecycle.modeling.search_space import Parameter

#: Rounds of a segment.
SEGMENT = 25
#: Rows whose features go into the fingerprint.
SAMPLED_ROWS = 1_000


class Checkpoint:
    """The file of one fit; without a path in the rules it does nothing.

    Args:
        rounds: The rules, which name the file.
        prepared: The samples of the fit.
        parameters: Its hyperparameters.
        family: Its family.
    """

    def __init__(self, rounds: Rounds, prepared: Prepared, parameters: Mapping[str, Parameter], family: str) -> None:
        self.path: Path | None = rounds.checkpoint
        self._seconds = rounds.checkpoint_seconds
        self._written = time.monotonic()
        self._fingerprint = "" if self.path is None else _fingerprint(rounds, prepared, parameters, family)

    @property
    def due(self) -> bool:
        """Whether it is time to write."""
        return self.path is not None and time.monotonic() - self._written >= self._seconds

    def write(self, watch: RoundWatch, model: bytes) -> None:
        """Put the progress into the file, whole or not at all.

        Raises:
            StateError: The file cannot be written.
        """
        if self.path is None:
            return
        head = json.dumps({"fingerprint": self._fingerprint, "watch": watch.state()}).encode()
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(head + b"\n" + model)
            beside.replace(self.path)
        except OSError as error:
            raise StateError(
                "the checkpoint of a fit cannot be written",
                expected=f"a folder that can be written to: {self.path.parent}",
                got=f"{type(error).__name__}: {error}",
                advice="mend its permissions or free space",
            ) from error
        self._written = time.monotonic()

    def read(self, watch: RoundWatch) -> bytes | None:
        """Restore the watch and give the model so far; None where there is no checkpoint of this very fit."""
        if self.path is None or not self.path.exists():
            return None
        head, _, model = self.path.read_bytes().partition(b"\n")
        try:
            state = json.loads(head)
            same = state["fingerprint"] == self._fingerprint
        except (ValueError, KeyError, TypeError):
            return None  # another file, or that of an older version: the fit begins anew and replaces it
        if not same or not model:
            return None
        watch.restore(state["watch"])
        return model

    def remove(self) -> None:
        """Remove the file: the fit is done."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def segment_seeds(seed: int, segment: int, count: int) -> list[int]:
    """Seeds for one segment of a fit, far apart from those of all others, each below 2**30."""
    return [int(state) % 2**30 for state in np.random.SeedSequence([seed, segment]).generate_state(count)]


def _fingerprint(rounds: Rounds, prepared: Prepared, parameters: Mapping[str, Parameter], family: str) -> str:
    train, valid = prepared.train, prepared.valid
    facts: list[object] = [
        family,
        asdict(prepared.goal),
        dict(parameters),
        train.matrix.names,
        train.matrix.categorical,
    ]
    facts += [rounds.score.name if rounds.score is not None else None, SEGMENT]
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for part in (train, valid):
        if part is None:
            continue
        chosen = np.linspace(0, len(part) - 1, min(SAMPLED_ROWS, len(part))).astype(np.int64)
        for array in (part.row_ids, part.y, part.weight, part.matrix.values[chosen]):
            if array is not None:
                digest.update(f"{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()

"""The pieces of the last collection as they were read: what has not changed need not be parsed or fetched again.

    <store>/<hash of a piece and its state>.parquet   the rows of a piece
    <store>/row_ids.npy                               the names of all rows of the last collection

When a piece is taken from here is decided in `collection`.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

_ROW_IDS: Final = "row_ids.npy"


@dataclass(frozen=True, slots=True)
class KnownPiece:
    """What the last collection noted of a piece.

    Args:
        name: What the piece is called.
        mark: What told its state.
        rows: How many rows it held.
        kept: The file of the store that holds them; None where none does.
        boundary: How far a database was read, as `databases.Boundary` has it.
    """

    name: str
    mark: str
    rows: int
    kept: str | None = None
    boundary: tuple[tuple[str, str], str] | None = None


@dataclass(slots=True)
class PieceStore:
    """The folder where pieces are kept as they were read; knows which of its files are still needed.

    Args:
        folder: Where they are kept.
        needed: Names of the files that are still needed.
    """

    folder: Path
    needed: set[str] = field(default_factory=lambda: {_ROW_IDS})

    def read(self, known: KnownPiece | None) -> pd.DataFrame | None:
        """What was kept of a piece; None where it is not there any more."""
        if known is None or known.kept is None:
            return None
        try:
            frame = pd.read_parquet(self.folder / known.kept)
        except (OSError, ValueError):  # removed by hand or cut off: the source still has it
            return None
        self.needed.add(known.kept)
        return frame

    def keep(self, name: str, mark: str, frame: pd.DataFrame) -> str | None:
        """Keep a piece; None where it holds what Parquet cannot, and must be read again each time."""
        kept = f"{hashlib.sha256(f'{name}{mark}'.encode()).hexdigest()[:32]}.parquet"
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".part-") as scratch:
            path = Path(scratch) / kept
            try:
                frame.to_parquet(path, index=False)
            except (ValueError, TypeError, OverflowError):  # pyarrow's refusals of a column of several types
                return None
            path.replace(self.folder / kept)
        self.needed.add(kept)
        return kept

    def row_ids(self) -> npt.NDArray[np.int64]:
        """The names of the rows of the last collection."""
        try:
            ids: npt.NDArray[np.int64] = np.load(self.folder / _ROW_IDS, allow_pickle=False)
        except (OSError, ValueError):
            return np.empty(0, dtype=np.int64)
        return ids

    def close(self, ids: npt.NDArray[np.int64]) -> None:
        """Note the names of the rows, and remove what belongs to pieces that are no more."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".part-") as scratch:
            path = Path(scratch) / _ROW_IDS
            np.save(path, ids)
            path.replace(self.folder / _ROW_IDS)
        for path in self.folder.glob("*.parquet"):
            if path.name not in self.needed:
                path.unlink(missing_ok=True)

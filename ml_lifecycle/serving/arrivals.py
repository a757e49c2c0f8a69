"""Rows that arrive over time: the pieces of a source that are there by now, maybe none. `dataset` reads each."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.pieces import pieces_of
from ml_lifecycle.dataset.stacking import stack


def read_arrivals(source: SourceConfig, *, root: Path, home: Path) -> pd.DataFrame:
    """Read all pieces of a source that have arrived, one below the other; an empty frame if none has.

    Raises:
        DataError: A piece cannot be read.
        ConfigError: A package is not installed, or an environment variable is not set.
    """
    pieces = [piece.read() for piece in pieces_of(source, root=root, home=home, optional=True)]
    return stack(pieces) if any(map(len, pieces)) else pd.DataFrame()

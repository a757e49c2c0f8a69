"""Files that arrive over time: those of a source that are there by now, maybe none. How one is read is `dataset`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.files import find_files, read_file


def read_arrivals(source: SourceConfig, *, root: Path, home: Path) -> pd.DataFrame:
    """Read all files of a source that have arrived, one below the other; an empty frame if none has.

    Raises:
        DataError: A file cannot be read.
    """
    files = find_files(source, root=root, home=home, optional=True)
    pieces = [read_file(path, source) for path in files]
    return (
        pd.concat([piece for piece in pieces if len(piece)], ignore_index=True)
        if any(map(len, pieces))
        else pd.DataFrame()
    )

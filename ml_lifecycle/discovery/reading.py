"""Reading the table that a new project is drafted from, and finding out how it writes what is missing.

How a file is read is known in `dataset.files`.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from ml_lifecycle.config.home import Home
from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.sources import read_source
from ml_lifecycle.discovery.guessing import guess_missing_codes
from ml_lifecycle.errors import DataError

_LEAST_COLUMNS = 2
_PATTERN = re.compile(r"[*?\[]")


def read_table(data: Path, root: Path) -> tuple[SourceConfig, pd.DataFrame, dict[str, str]]:
    """Read a table as the project will.

    Args:
        data: The file, or a pattern of files, relative to the current folder.
        root: The folder that relative paths of the project start from.

    Returns:
        The source as defs.yaml will name it, the rows, and the codes for missing values with where they stand.

    Raises:
        DataError: There is no such file, it cannot be read, or it has no rows or only one column.
    """
    path = data.expanduser().resolve()
    _judge_path(path, data)
    base = root.resolve()
    shown = path.relative_to(base).as_posix() if path.is_relative_to(base) else str(path)
    source = SourceConfig(path=shown)
    home = Home.find(base).path
    try:
        frame = read_source(source, root=base, home=home)
    except DataError as error:
        if not isinstance(error.__cause__, UnicodeError):
            raise
        source = SourceConfig(path=shown, encoding="auto")
        frame = read_source(source, root=base, home=home)
    _judge_table(frame, data)
    codes = guess_missing_codes(frame)
    if codes:
        source = source.model_copy(update={"missing_values": tuple(codes)})
        frame = read_source(source, root=base, home=home)
    return source, frame, codes


def _judge_path(path: Path, data: Path) -> None:
    if path.is_file() or _PATTERN.search(str(data)):
        return
    names = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, names, n=1, cutoff=0.5)
    raise DataError(
        f"the file {data} cannot be read",
        expected="a CSV or Parquet file",
        got="a folder" if path.is_dir() else "no file of this name",
        advice=f"did you mean {near[0]!r}?" if near else "check the path; it is relative to the current folder",
    )


def _judge_table(frame: pd.DataFrame, data: Path) -> None:
    if frame.empty:
        raise DataError(
            f"the file {data} has no rows", expected="a header and rows", got="a header only", advice="export it again"
        )
    if frame.shape[1] < _LEAST_COLUMNS:
        raise DataError(
            f"the file {data} has too few columns",
            expected="a target and at least one column to predict it from",
            got=f"one column, {str(frame.columns[0])[:60]!r}",
            advice="check the separator: comma, semicolon, tab and bar are recognised",
        )

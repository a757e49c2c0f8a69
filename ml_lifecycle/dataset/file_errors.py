"""What is said about a file that cannot be read."""

from __future__ import annotations

from pathlib import Path

from ml_lifecycle.errors import DataError


def unreadable(path: Path, expected: str, error: Exception, advice: str) -> DataError:
    """The error for a file that is not what it should be."""
    return DataError(
        f"the file {path} cannot be read",
        expected=expected,
        got=f"{type(error).__name__}: {' '.join(str(error).split())[:200]}",
        advice=advice,
    )

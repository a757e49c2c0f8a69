"""Delta tables as sources: a second door to deltalake, for reading tables of others.

Our own tables are written and read by the lake (`orchestration/lake.py`), which no room may import.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.references import conceal, resolve, resolve_all
from ml_lifecycle.dataset.suggestions import require_columns
from ml_lifecycle.dataset.table_files import blank_codes, choose_columns, frame_of
from ml_lifecycle.errors import DataError


def is_delta_table(path: Path) -> bool:
    """Whether a folder is a Delta table."""
    return (path / "_delta_log").is_dir()


@dataclass(frozen=True, slots=True)
class DeltaSource:
    """One Delta table.

    Args:
        source: Names it, maybe with a version.
        address: A folder or a URL; may hold references to the environment.
    """

    source: SourceConfig
    address: str

    @property
    def name(self) -> str:
        """What it is called where rows are counted."""
        return self.source.place

    @property
    def parsed(self) -> bool:
        """Whether reading it again costs more than reading what was kept."""
        return False

    def mark(self) -> str:
        """The table's identity and its version.

        Raises:
            DataError: It cannot be opened.
        """
        table = self._open()
        return f"{table.metadata().id} {table.version()}"

    def read(self) -> pd.DataFrame:
        """Read the table in the version that is asked for.

        Raises:
            DataError: It cannot be read, or lacks a column.
        """
        table = self._open()
        known = [field.name for field in table.schema().fields]
        require_columns(self.source.columns, known, place=self.name, key="dataset.sources: columns")
        try:
            content = table.to_pyarrow_table(columns=list(self.source.columns) or None)
        except Exception as error:  # noqa: BLE001 - each store has errors of its own
            raise self._refusal(error) from None
        frame = choose_columns(frame_of(content), self.source.columns)
        return blank_codes(frame, self.source.missing_values)

    def _open(self) -> Any:  # noqa: ANN401 - deltalake ships no types that mypy reads here
        from deltalake import DeltaTable

        options = resolve_all(self.source.storage_options)
        address = resolve(self.address)
        try:
            return DeltaTable(address, version=self.source.version, storage_options=options or None)
        except Exception as error:  # noqa: BLE001 - each store has errors of its own
            raise self._refusal(error) from None  # its message may quote what was put in for a reference

    def _refusal(self, error: Exception) -> DataError:
        said = conceal(error, self.address, *self.source.storage_options.values())
        version = "" if self.source.version is None else f" with a version {self.source.version}"
        return DataError(
            f"the Delta table {self.name} cannot be read",
            expected=f"a Delta table{version}",
            got=f"{type(error).__name__}: {said}",
            advice="check dataset.sources: path, version and storage_options",
        )

"""scikit-learn's bundled data sets, for trying things out; the target is the column `target`."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.suggestions import require_columns
from ml_lifecycle.dataset.table_files import choose_columns


@dataclass(frozen=True, slots=True)
class BundledSet:
    """One bundled data set.

    Args:
        source: Names it.
    """

    source: SourceConfig

    @property
    def name(self) -> str:
        """What it is called where rows are counted."""
        return self.source.place

    @property
    def parsed(self) -> bool:
        """Whether reading it again costs more than reading what was kept."""
        return False

    def mark(self) -> str:
        """It comes with the release, and changes with it."""
        import sklearn

        return f"{self.source.sklearn} {sklearn.__version__}"

    def read(self) -> pd.DataFrame:
        """Load it.

        Raises:
            DataError: It lacks a column.
        """
        from sklearn import datasets

        frame: pd.DataFrame = getattr(datasets, f"load_{self.source.sklearn}")(as_frame=True).frame
        names = list(map(str, frame.columns))
        require_columns(self.source.columns, names, place=self.name, key="dataset.sources: columns")
        return choose_columns(frame.set_axis(names, axis=1), self.source.columns)

"""The sets that scikit-learn brings along."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig
from ml_lifecycle.dataset.sources import read_rows, source_fingerprint
from ml_lifecycle.errors import DataError


@pytest.mark.parametrize(
    ("name", "rows"), [("iris", 150), ("wine", 178), ("breast_cancer", 569), ("diabetes", 442), ("digits", 1797)]
)
def test_each_set_has_a_target(tmp_path: Path, name: str, rows: int) -> None:
    """And a name, and a fingerprint that stays."""
    given = DatasetConfig(sources=(SourceConfig.model_validate({"sklearn": name}),))
    read = read_rows(given, root=tmp_path, home=tmp_path, target="target")
    assert (len(read.frame), read.files) == (rows, (f"sklearn:{name}",))
    assert source_fingerprint(given, tmp_path, tmp_path) == source_fingerprint(given, tmp_path, tmp_path)


def test_columns_can_be_chosen(tmp_path: Path) -> None:
    """One that is not there is named."""
    given = DatasetConfig(sources=(SourceConfig(sklearn="iris", columns=("target", "none")),))
    with pytest.raises(DataError, match="'none'"):
        read_rows(given, root=tmp_path, home=tmp_path)

"""Delta tables are read in the newest or a named version."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from deltalake import write_deltalake

from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig
from ml_lifecycle.dataset.sources import read_source, source_fingerprint
from ml_lifecycle.errors import DataError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A root with a table of two versions."""
    at = pd.to_datetime(["2024-01-01"])
    write_deltalake(tmp_path / "table", pd.DataFrame({"x": [1], "y": ["?"], "at": at}))
    write_deltalake(tmp_path / "table", pd.DataFrame({"x": [2], "y": ["b"], "at": at}), mode="append")
    return tmp_path


def read(folder: Path, **keywords: object) -> pd.DataFrame:
    """Read the table."""
    source = SourceConfig.model_validate({"path": "table", **keywords})
    return read_source(source, root=folder, home=folder / "home")


def test_versions_columns_and_codes(folder: Path) -> None:
    """A folder with a log is a table by itself; times are in nanoseconds."""
    whole = read(folder, missing_values=["?"])
    assert sorted(whole["x"]) == [1, 2]
    assert whole["y"].isna().sum() == 1
    assert str(whole["at"].dtype) == "datetime64[ns]"
    assert read(folder, version=0)["x"].tolist() == [1]
    assert read(folder, columns=["y"]).columns.tolist() == ["y"]
    assert len(read(folder, path=f"file://{folder}/table")) == 2


def test_what_is_not_there_is_told(folder: Path) -> None:
    """A version, a column, a table."""
    for keywords, said in (
        ({"version": 9}, "with a version 9"),
        ({"columns": ["z"]}, "'z'"),
        ({"path": "none", "format": "delta"}, "none cannot be read"),
    ):
        with pytest.raises(DataError, match=said):
            read(folder, **keywords)


def test_a_new_version_changes_the_fingerprint(folder: Path) -> None:
    """Unless a version is named."""
    newest = DatasetConfig(sources=(SourceConfig(path="table"),))
    named = DatasetConfig(sources=(SourceConfig(path="table", version=0),))
    before = [source_fingerprint(given, folder, folder) for given in (newest, named)]
    more = pd.DataFrame({"x": [3], "y": ["c"], "at": pd.to_datetime(["2024-01-02"])})
    write_deltalake(folder / "table", more, mode="append")
    after = [source_fingerprint(given, folder, folder) for given in (newest, named)]
    assert (before[0] != after[0], before[1] == after[1]) == (True, True)

"""Files behind fsspec URLs; memory:// stands for the stores that need an account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pandas as pd
import pytest

from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig
from ml_lifecycle.dataset.sources import read_rows, read_source, source_fingerprint
from ml_lifecycle.errors import ConfigError, DataError


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    """A store with two files in folders, and a mark that holds no rows."""
    store = fsspec.filesystem("memory")
    store.pipe("/shop/year=2023/rows.csv", b"a\n1\n")
    store.pipe("/shop/year=2024/rows.csv", b"a\n2\n")
    store.pipe("/shop/_SUCCESS", b"")
    yield store
    store.rm("/shop", recursive=True)


def read(folder: Path, path: str, **keywords: object) -> pd.DataFrame:
    """Read a source with the state folder below a folder."""
    source = SourceConfig.model_validate({"path": path, **keywords})
    return read_source(source, root=folder, home=folder / "home")


@pytest.mark.usefixtures("memory")
def test_a_file_a_folder_or_a_pattern(tmp_path: Path) -> None:
    """Each file is a piece with a name of its own."""
    assert read(tmp_path, "memory://shop/year=2024/rows.csv")["a"].tolist() == [2]
    given = DatasetConfig(sources=(SourceConfig(path="memory://shop"),))
    rows = read_rows(given, root=tmp_path, home=tmp_path)
    assert rows.files == ("memory://shop/year=2023/rows.csv", "memory://shop/year=2024/rows.csv")
    assert read(tmp_path, "memory://shop/*/rows.csv")["a"].tolist() == [1, 2]


def test_partitions_are_columns_as_in_folders_of_this_machine(
    tmp_path: Path, memory: fsspec.AbstractFileSystem
) -> None:
    """Of Parquet files."""
    pd.DataFrame({"a": [5]}).to_parquet(tmp_path / "x.parquet")
    memory.pipe("/shop/lake/day=3/x.parquet", (tmp_path / "x.parquet").read_bytes())
    assert read(tmp_path, "memory://shop/lake").to_dict("list") == {"a": [5], "day": [3]}


def test_a_changed_file_is_fetched_again(tmp_path: Path, memory: fsspec.AbstractFileSystem) -> None:
    """And changes the fingerprint."""
    path = "memory://shop/year=2024/rows.csv"
    given = DatasetConfig(sources=(SourceConfig(path=path),))
    read(tmp_path, path)
    first = source_fingerprint(given, tmp_path, tmp_path / "home")
    memory.pipe("/shop/year=2024/rows.csv", b"a\n3\n")
    assert read(tmp_path, path)["a"].tolist() == [3]
    assert source_fingerprint(given, tmp_path, tmp_path / "home") != first


@pytest.mark.usefixtures("memory")
def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    """A file, a pattern without a match, another file than was asked for, several where one was."""
    for path in ("memory://shop/no.csv", "memory://shop/*.parquet"):
        with pytest.raises(DataError, match="there is no file"):
            read(tmp_path, path)
    with pytest.raises(DataError, match="SHA-256"):
        read(tmp_path, "memory://shop/year=2024/rows.csv", sha256="0" * 64)
    with pytest.raises(DataError, match="2 files"):
        read(tmp_path, "memory://shop", sha256="0" * 64)


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    """The one for the store, and a scheme that nobody knows."""
    for path, said in (("klingon://x/y.csv", "Protocol not known"),):
        with pytest.raises(ConfigError, match=said):
            read(tmp_path, path)
    for path, package in (("s3://b/x.csv", "s3fs"), ("gs://b/x.csv", "gcsfs"), ("abfs://b/x.csv", "adlfs")):
        try:
            __import__(package)
        except ImportError:
            with pytest.raises(ConfigError, match=f"pip install {package}"):
                read(tmp_path, path)


def test_file_urls_are_files_of_this_machine(tmp_path: Path) -> None:
    """Nothing is copied."""
    (tmp_path / "x.csv").write_text("a\n1\n")
    given = DatasetConfig(sources=(SourceConfig(path=f"file://{tmp_path}/*.csv"),))
    assert read_rows(given, root=tmp_path, home=tmp_path / "home").files == ("x.csv",)
    assert not (tmp_path / "home").exists()

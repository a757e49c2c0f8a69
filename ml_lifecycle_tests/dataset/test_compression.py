"""Packed files give the bytes that are in them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.compression import open_unpacked
from ml_lifecycle.dataset.files import read_file
from ml_lifecycle.errors import DataError

TEXT = b"a,b\n1,2\n"


def pack(path: Path, content: bytes = TEXT) -> Path:
    """Write a file packed as its name says."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inner.csv", content)
            archive.writestr("__MACOSX/inner.csv", b"")
    elif path.suffix == ".zst":
        path.write_bytes(pa.compress(content, codec="zstd", asbytes=True))
    else:
        packers = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
        path.write_bytes(packers[path.suffix](content))
    return path


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst", ".zip"])
def test_each_packing_is_unpacked(tmp_path: Path, suffix: str) -> None:
    """By its name; all but bzip2 by their first bytes too."""
    path = pack(tmp_path / f"x.csv{suffix}")
    assert read_file(path, SourceConfig(path="x")).to_numpy().tolist() == [[1, 2]]
    unnamed = path.rename(tmp_path / "x")
    if suffix != ".bz2":
        with open_unpacked(unnamed) as file:
            assert file.read() == TEXT


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst", ".zip"])
def test_damaged_and_foreign_files_are_refused(tmp_path: Path, suffix: str) -> None:
    """Cut off in the middle, or something else altogether: an error with the file's name, never a crash."""
    whole = pack(tmp_path / f"x.csv{suffix}", b"".join(b"%d,%d\n" % (n * 7919 % 10007, n) for n in range(20000)))
    content = whole.read_bytes()
    for broken in (content[: len(content) // 2], b"nothing of the kind"):
        whole.write_bytes(broken)
        with pytest.raises(DataError, match=r"x\.csv"):
            read_file(whole, SourceConfig(path="x"))


def test_a_zip_of_several_files_is_refused(tmp_path: Path) -> None:
    """Which one is meant is not guessed."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.csv", TEXT)
        archive.writestr("b.csv", TEXT)
    with pytest.raises(DataError, match=r"2 files: a\.csv, b\.csv"):
        read_file(tmp_path / "x.zip", SourceConfig(path="x.zip"))

"""Packed files as the bytes that are in them: .gz, .bz2, .xz, .zst, and .zip with one file."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path
from typing import IO, Final, cast
from zlib import error as zlib_error

from ml_lifecycle.errors import DataError

_BY_NAME: Final = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd", ".zip": "zip"}
_BY_CONTENT: Final = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
}
"""How packed files begin; those of bzip2 begin with letters, which a text may too."""

DAMAGED: Final = (OSError, EOFError, zlib_error, lzma.LZMAError, zipfile.BadZipFile)
"""What reading a damaged file raises."""


def bare_name(name: str) -> str:
    """A file's name without the ending that says how it is packed.

    >>> bare_name("rows.csv.gz"), bare_name("rows.csv")
    ('rows.csv', 'rows.csv')
    """
    suffix = Path(name).suffix
    return name[: -len(suffix)] if suffix.lower() in _BY_NAME else name


def is_packed(path: Path) -> bool:
    """Whether a file is packed, by its name."""
    return path.suffix.lower() in _BY_NAME


def open_unpacked(path: Path) -> IO[bytes]:
    """Open a file for reading what is in it; how it is packed is told by its name, or else by its first bytes.

    Raises:
        DataError: A .zip holds no file or several.
        OSError: The file cannot be opened; `DAMAGED` lists what reading from it may raise.
    """
    packing = _BY_NAME.get(path.suffix.lower()) or _packing_by_content(path)
    if packing == "gzip":
        return cast("IO[bytes]", gzip.open(path))
    if packing == "bz2":
        return bz2.open(path)
    if packing == "xz":
        return lzma.open(path)
    if packing == "zstd":
        import pyarrow as pa

        return cast("IO[bytes]", pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))
    return _open_only_member(path) if packing == "zip" else path.open("rb")


def _packing_by_content(path: Path) -> str | None:
    with path.open("rb") as file:
        start = file.read(8)
    return next((packing for magic, packing in _BY_CONTENT.items() if start.startswith(magic)), None)


def _open_only_member(path: Path) -> IO[bytes]:
    archive = zipfile.ZipFile(path)
    names = [info.filename for info in archive.infolist() if not info.is_dir()]
    members = [name for name in names if not name.startswith("__MACOSX/")]
    if len(members) != 1:
        raise DataError(
            f"the file {path} cannot be read",
            expected="a .zip with one file in it",
            got=f"{len(members)} files: {', '.join(members[:5])}" if members else "no file",
            advice="unpack it, and name the files or their folder under dataset.sources",
        )
    try:
        return archive.open(members[0])
    except RuntimeError as error:  # zipfile's way of saying that it is locked with a password
        raise DataError(
            f"the file {path} cannot be read",
            expected="a .zip without a password",
            got=str(error),
            advice="unpack it by hand",
        ) from error

"""Files behind fsspec URLs (s3://, gs://, abfs://, memory:// and others): listed, and fetched when they have changed.

They are kept as `downloads` keeps those of http(s); what tells a change is what the file system knows of a file.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.downloads import Origin, cache_folder, check_sha256, file_name, read_origin, write_origin
from ml_lifecycle.dataset.files import hash_file, is_data_file, read_file
from ml_lifecycle.dataset.references import conceal, resolve, resolve_all
from ml_lifecycle.errors import ConfigError, DataError

_PATTERN: Final = re.compile(r"[*?\[]")
_FICKLE: Final = {"atime", "LastAccessed"}


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a remote file system.

    Args:
        source: Names it, or the folder or pattern that it is of.
        home: The state folder.
        system: An fsspec file system.
        path: The file's path in it.
        name: What it is called where rows are counted.
    """

    source: SourceConfig
    home: Path
    system: Any
    path: str
    name: str

    @property
    def parsed(self) -> bool:
        """Whether reading it again costs more than reading what was kept."""
        return True

    def mark(self) -> str:
        """The SHA-256 of the file, which is fetched if it has changed.

        Raises:
            DataError: It cannot be fetched, or is not the one whose SHA-256 is asked for.
        """
        return self._fetch()[1]

    def read(self) -> pd.DataFrame:
        """Read the file, fetched if it has changed.

        Raises:
            DataError: As `mark`, or the file cannot be read.
        """
        return read_file(self._fetch()[0], self.source)

    def _fetch(self) -> tuple[Path, str]:
        folder = cache_folder(self.home, f"{type(self.system).__name__}:{self._options()}:{self.path}")
        # folders named key=value above the file are columns, so they stay above it
        kept = [file_name(part) for part in Path(self.path).parts[:-1] if "=" in part]
        path = folder.joinpath(*kept, file_name(self.path))
        try:
            state = _state(self.system.info(self.path))
            known = read_origin(folder, path)
            if known is None or known.etag != state:
                path.parent.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryDirectory(dir=folder, prefix=".part-") as scratch:
                    part = Path(scratch) / "file"
                    self.system.get_file(self.path, str(part))
                    part.replace(path)
                known = Origin(hash_file(path), state)
                write_origin(folder, known)
        except Exception as error:  # noqa: BLE001 - each file system has errors of its own
            raise _refusal(self.source, error) from None
        check_sha256(self.source, known.sha256)
        return path, known.sha256

    def _options(self) -> str:
        return json.dumps(dict(self.source.storage_options), sort_keys=True)


def remote_files(source: SourceConfig, *, home: Path, optional: bool = False) -> Sequence[RemoteFile]:
    """The files that a source names behind an fsspec URL: one, those of a folder, or those of a pattern.

    Args:
        source: Names them.
        home: The state folder.
        optional: Whether there may be none.

    Raises:
        DataError: There is no such file, or the file system refuses.
        ConfigError: The package for this kind of address is not installed, or a variable is not set.
    """
    system, path = _open(source)
    try:
        paths = _list(system, path, source)
    except Exception as error:  # noqa: BLE001 - each file system has errors of its own
        raise _refusal(source, error) from None
    if not paths and not optional:
        raise DataError(
            f"there is no file {source.path!r}",
            expected="a file, a folder with files, or a pattern that some match",
            got="nothing",
            advice="correct dataset.sources: path, or storage_options if another account is meant",
        )
    scheme = (source.path or "").partition("://")[0]
    named = (
        [source.place]
        if paths == [path]
        else [conceal(f"{scheme}://{found.lstrip('/')}", source.path or "") for found in paths]
    )
    return [RemoteFile(source, home, system, found, name) for found, name in zip(paths, named, strict=True)]


def _open(source: SourceConfig) -> tuple[Any, str]:
    import fsspec  # type: ignore[import-untyped]

    address, options = resolve(source.path or ""), resolve_all(source.storage_options)
    try:
        system, path = fsspec.core.url_to_fs(address, **options)
    except ImportError as error:  # fsspec names the package in its message
        raise ConfigError(
            f"{source.place} cannot be opened",
            expected="the package for this kind of address",
            got="none",
            advice=f"{error}: pip install {_package(str(error))}",
        ) from None
    except Exception as error:  # noqa: BLE001 - each file system has errors of its own
        known = "Protocol not known" in str(error)
        raise ConfigError(
            f"{source.place} cannot be opened",
            expected="an address that fsspec knows, such as s3://, gs:// or abfs://",
            got=conceal(error, source.path or "", *source.storage_options.values()),
            advice="correct the address" if known else "correct dataset.sources: path and storage_options",
        ) from None
    return system, path


def _package(message: str) -> str:
    """The package that a message of fsspec tells to install.

    >>> _package("Please install gcsfs to access Google Storage")
    'gcsfs'
    """
    found = re.search(r"[Ii]nstall\s+[\"'`]?([A-Za-z0-9_.-]+)", message)
    return found[1] if found else "its package"


def _list(system: Any, path: str, source: SourceConfig) -> list[str]:  # noqa: ANN401 - fsspec has no types
    if system.isfile(path):  # a name with brackets is a name first
        return [path]
    if _PATTERN.search(path):
        return sorted(found for found in system.glob(path) if system.isfile(found))
    if not system.isdir(path):
        return []
    return sorted(
        found
        for found in system.find(path)
        if is_data_file(Path(found).name, source)
        and not any(part.startswith((".", "_")) for part in Path(found.removeprefix(path)).parts[:-1])
    )


def _state(info: dict[str, Any]) -> str:
    """What a file system knows of a file, but for what changes by looking at it."""
    known = {name: str(value) for name, value in info.items() if name not in _FICKLE}
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _refusal(source: SourceConfig, error: Exception) -> DataError:
    said = conceal(error, source.path or "", *source.storage_options.values())
    return DataError(
        f"{source.place} cannot be read",
        expected="a file that may be read",
        got=f"{type(error).__name__}: {said}",
        advice="check dataset.sources: path and storage_options, and the rights of the account",
    )

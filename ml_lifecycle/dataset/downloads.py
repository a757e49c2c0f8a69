"""Files behind http(s) addresses: fetched once into the state folder, and again only when the server says they changed.

    <home>/downloads/<hash of the address>/<name>       the file
    <home>/downloads/<hash of the address>/origin.json  what the server said of it

The folder's name is a hash of the whole address; the address itself, which may hold a key, is written nowhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import pandas as pd

from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.compression import bare_name
from ml_lifecycle.dataset.files import hash_file, read_file
from ml_lifecycle.dataset.references import conceal, resolve, resolve_all
from ml_lifecycle.errors import DataError

if TYPE_CHECKING:
    import httpx

_ATTEMPTS: Final = 3
_PAUSE: Final = 0.3
_TRY_AGAIN: Final = {408, 425, 429, 500, 502, 503, 504}
_NOT_MODIFIED: Final = 304
_CONNECT_SECONDS: Final = 10.0
_ORIGIN: Final = "origin.json"
_ODD: Final = re.compile(r"[^A-Za-z0-9._=-]+")


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a file that was fetched.

    Args:
        sha256: Of its bytes.
        etag: As the server named this state of it; empty if it did not.
        last_modified: As the server dated it; empty if it did not.
    """

    sha256: str
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class WebFile:
    """One file behind an http(s) address.

    Args:
        source: Names it; its `storage_options` are sent as headers.
        home: The state folder.
    """

    source: SourceConfig
    home: Path

    @property
    def name(self) -> str:
        """What it is called where rows are counted; keys in the address stay references."""
        return self.source.place

    @property
    def parsed(self) -> bool:
        """Whether reading it again costs more than reading what was kept."""
        return True

    def mark(self) -> str:
        """The SHA-256 of the file, which is fetched if the server has another one by now.

        Raises:
            DataError: It cannot be fetched, or is not the one whose SHA-256 is asked for.
            ConfigError: A variable is not set.
        """
        return self._fetch()[1]

    def read(self) -> pd.DataFrame:
        """Read the file, fetched if the server has another one by now.

        Raises:
            DataError: As `mark`, or the file cannot be read.
            ConfigError: A variable is not set.
        """
        return read_file(self._fetch()[0], self.source)

    def _fetch(self) -> tuple[Path, str]:
        address = resolve(self.source.path or "")
        folder = cache_folder(self.home, address)
        path = folder / file_name(urlsplit(address).path)
        known = read_origin(folder, path)
        wanted = (self.source.sha256 or "").lower()
        if known is not None and wanted and known.sha256 == wanted:
            return path, wanted  # the file that was asked for: nothing the server says could change it
        origin = self._ask(address, path, known)
        check_sha256(self.source, origin.sha256)
        write_origin(folder, origin)
        return path, origin.sha256

    def _ask(self, address: str, path: Path, known: Origin | None) -> Origin:
        import httpx

        failure = ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(_PAUSE * 2**attempt)
            try:
                origin, status = self._request(address, path, known)
            except httpx.InvalidURL as error:
                raise self._refusal(f"InvalidURL: {error}") from None
            except httpx.HTTPError as error:  # its message may quote the address
                failure = f"{type(error).__name__}: {error}"
                continue
            if origin is not None:
                return origin
            failure = f"HTTP status {status}"
            if status not in _TRY_AGAIN:
                break
        raise self._refusal(failure)

    def _request(self, address: str, path: Path, known: Origin | None) -> tuple[Origin | None, int]:
        """Ask once: what came, or None and the status of the refusal."""
        import httpx

        headers = {"Accept-Encoding": "identity", **_conditions(known), **resolve_all(self.source.storage_options)}
        timeout = httpx.Timeout(self.source.timeout, connect=min(_CONNECT_SECONDS, self.source.timeout))
        with httpx.stream("GET", address, headers=headers, timeout=timeout, follow_redirects=True) as response:
            if response.status_code == _NOT_MODIFIED and known is not None:
                return known, _NOT_MODIFIED
            if not response.is_success:
                return None, response.status_code
            sha256 = _store(response, path)
            said = response.headers
            return Origin(sha256, said.get("etag", ""), said.get("last-modified", "")), response.status_code

    def _refusal(self, failure: str) -> DataError:
        said = conceal(failure, self.source.path or "", *self.source.storage_options.values())
        return DataError(
            f"{self.source.place} cannot be fetched",
            expected="a file",
            got=said,
            advice="check the address, the variables it refers to, and whether the server answers",
        )


def cache_folder(home: Path, address: str) -> Path:
    """Where the file of an address is kept: name and password in it do not matter, they do not name another file."""
    parts = urlsplit(address)
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
    return home / "downloads" / hashlib.sha256(plain.encode()).hexdigest()[:32]


def file_name(path: str) -> str:
    """A harmless name for a file by the last part of its path, with the endings that tell its format.

    >>> file_name("/rows/2024%20all.csv.gz"), file_name("/")
    ('2024_all.csv.gz', 'file')
    """
    name = _ODD.sub("_", unquote(path.rstrip("/").rpartition("/")[2])).lstrip(".")
    return name[-100:] if bare_name(name) and name != _ORIGIN else "file"


def read_origin(folder: Path, path: Path) -> Origin | None:
    """What was noted of a file that is there; None where it is not."""
    try:
        noted = json.loads((folder / _ORIGIN).read_text(encoding="utf-8"))
        return Origin(**noted) if path.is_file() else None
    except (OSError, ValueError, TypeError):  # a download that was cut off
        return None


def write_origin(folder: Path, origin: Origin) -> None:
    """Note what is known of a file."""
    text = json.dumps(asdict(origin), indent=2)
    replace_file(folder / _ORIGIN, text.encode())


def replace_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(scratch).replace(path)


def check_sha256(source: SourceConfig, found: str) -> None:
    """Refuse a file that is not the one whose SHA-256 a source asks for.

    Raises:
        DataError: It is another one.
    """
    wanted = (source.sha256 or "").lower()
    if wanted and wanted != found:
        raise DataError(
            f"{source.place} is not the file that was asked for",
            expected=f"SHA-256 {wanted}",
            got=f"SHA-256 {found}",
            advice="find out why it changed; if the change is meant, correct dataset.sources: sha256",
        )


def _conditions(known: Origin | None) -> Mapping[str, str]:
    """Headers by which a server that has nothing newer says so, in place of sending the file again."""
    if known is None:
        return {}
    named = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {header: value for header, value in named.items() if value}


def _store(response: httpx.Response, path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / _ORIGIN).unlink(missing_ok=True)  # from here on what was noted is not of this file
    packed = bare_name(path.name) != path.name
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            # some servers call a .gz file an encoding of itself, which would unpack it on the way
            for block in response.iter_raw() if packed else response.iter_bytes():
                file.write(block)
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    return hash_file(path)

"""The files of a package: written into an empty folder, and read only if they are exactly those of the manifest.

A folder is refused that holds a file of other content, a file that the manifest does not name, or a link. What the
files mean lives in `packaging`, which are written in `package_writing`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from ml_lifecycle.errors import PackageError, StateError
from ml_lifecycle.release.manifest import MANIFEST_FILE, Manifest

#: Python writes what it has compiled beside a script that is imported; nothing of ours reads it.
_COMPILED: Final = "__pycache__"
_NAMED: Final = 5


def hash_of(content: bytes) -> str:
    """SHA-256, 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder that does not exist yet, or is empty.

    Raises:
        PackageError: The folder holds something already.
        StateError: The folder cannot be written.
    """
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise PackageError(
                "a package is not written over something else",
                expected=f"no folder {folder}, or an empty one",
                got="files in it",
                advice="name another folder",
            )
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        raise StateError(
            "a package cannot be written",
            expected=f"a writable folder {folder}",
            got=f"{type(error).__name__}: {error.strerror}",
            advice="mend its permissions or free space",
        ) from error


def read_manifest(folder: Path) -> Manifest:
    """What a package says about itself; nothing of it is proven yet.

    Raises:
        PackageError: There is no manifest, or it cannot be read.
    """
    _refuse_link(folder, folder / MANIFEST_FILE)
    return Manifest.from_bytes(_read(folder, MANIFEST_FILE))


def read_files(folder: Path, manifest: Manifest) -> dict[str, bytes]:
    """The files of a package, by relative path. What is proven is what is returned: each file is read once.

    Raises:
        PackageError: A file is missing, was changed or added, is a link, or lies outside of the folder.
    """
    for name in manifest.files:
        _refuse_way_out(folder, name)
    _refuse_strangers(folder, manifest)
    return {name: _read_proven(folder, name, digest) for name, digest in manifest.files.items()}


def damaged(folder: Path, expected: str, got: str) -> PackageError:
    """The error of a package that is not as it was written."""
    return PackageError(
        f"the package {folder} is damaged",
        expected=expected,
        got=got,
        advice="fetch it from the registry again, or package the model again; do not use what was changed by hand",
    )


def _refuse_way_out(folder: Path, name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise damaged(folder, "files inside the package", f"the path {name!r}")


def _refuse_strangers(folder: Path, manifest: Manifest) -> None:
    """Refuse what the manifest does not name: whoever could add a file could have added another to be believed."""
    known = {*manifest.files, MANIFEST_FILE}
    found = []
    for path in folder.rglob("*"):
        _refuse_link(folder, path)
        name = path.relative_to(folder)
        if not path.is_dir() and _COMPILED not in name.parts and name.as_posix() not in known:
            found.append(name.as_posix())
    if found:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise damaged(folder, "no file that its manifest does not name", ", ".join(sorted(found)[:_NAMED]) + more)


def _refuse_link(folder: Path, path: Path) -> None:
    """A link may lead anywhere, and elsewhere tomorrow. The package's own folder may be reached by one."""
    if path.is_symlink():
        raise damaged(folder, "files and folders", f"a symbolic link {path.relative_to(folder).as_posix()}")


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise damaged(folder, f"a file {name}", f"{type(error).__name__}: {error.strerror}") from error


def _read_proven(folder: Path, name: str, digest: str) -> bytes:
    content = _read(folder, name)
    if hash_of(content) != digest:
        raise damaged(folder, f"{name} with SHA-256 {digest[:12]}...", f"{hash_of(content)[:12]}...")
    return content

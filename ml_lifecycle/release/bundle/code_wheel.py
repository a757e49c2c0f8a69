"""The code that scores, as a wheel in the package: the very code that made the model, published nowhere or not.

Its version carries a hash of it behind a plus sign. No index takes such a version, so that pip cannot be given another
distribution of the same name. It needs what `requirements` pins, and declares nothing itself. The rooms that only
orchestrate, command or watch are left out. The wheel's form is PEP 427 and PEP 376; equal code gives equal bytes.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from ml_lifecycle.release.bundle.requirements import PROJECT

_NAME: Final = "ml_lifecycle"
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_SUFFIXES: Final = frozenset({".py", ".j2"})
#: Modules that stand to the left of serving in the order of imports: nothing that serves can import them.
_LEFT_OUT: Final = frozenset({"cli", "definitions.py", "defs", "monitoring", "orchestration"})
_HASH_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class CodeWheel:
    """A wheel.

    Args:
        file: Its file name.
        version: The version in it.
        content: Its bytes.
    """

    file: str
    version: str
    content: bytes


@cache
def build_code_wheel() -> CodeWheel:
    """The code of this process as a wheel; made once."""
    root = Path(__file__).parents[2]
    files = {f"{_NAME}/{path.relative_to(root).as_posix()}": path.read_bytes() for path in _sources(root)}
    said = hashlib.sha256()
    for name, content in files.items():
        said.update(f"{name}\0{len(content)}\0".encode() + content)
    full = f"{_released()}+code.{said.hexdigest()[:_HASH_DIGITS]}"
    return CodeWheel(f"{_NAME}-{full}-py3-none-any.whl", full, _pack({**files, **_described(full, files)}))


def _sources(root: Path) -> list[Path]:
    found = [path for path in root.rglob("*") if path.suffix in _SUFFIXES or path.name == "LICENSE"]
    return sorted(path for path in found if path.relative_to(root).parts[0] not in _LEFT_OUT)


def _released() -> str:
    try:
        return version(PROJECT).partition("+")[0]
    except PackageNotFoundError:  # run from a folder of sources
        return "0"


def _described(full: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    metadata = f"Metadata-Version: 2.1\nName: {PROJECT}\nVersion: {full}\nSummary: The part that scores.\n"
    wheel = "Wheel-Version: 1.0\nGenerator: ml-lifecycle\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    folder = f"{_NAME}-{full}.dist-info"
    described = {f"{folder}/METADATA": metadata.encode(), f"{folder}/WHEEL": wheel.encode()}
    lines = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in {**files, **described}.items()]
    return {**described, f"{folder}/RECORD": "\n".join([*lines, f"{folder}/RECORD,,", ""]).encode()}


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _pack(files: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, date_time=_DATE)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, content)
    return written.getvalue()

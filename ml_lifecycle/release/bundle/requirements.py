"""What scoring needs: every distribution at its exact version, those that are needed by others included.

Only what a package of this model needs is named: a project is trained with far more. The code itself is `code_wheel`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import PurePosixPath
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ml_lifecycle.errors import PackageError

REQUIREMENTS_FILE: Final = "requirements.txt"
#: The folder of a package in which the code lies, for pip to find.
CODE_FOLDER: Final = "code"
PROJECT: Final = "ml-lifecycle"

#: What the scoring server imports, whatever the model is.
_ALWAYS: Final = (
    "fastapi",
    "fastapi-offline",
    "lightgbm",
    "numpy",
    "orjson",
    "pandas",
    "pandera",
    "pydantic",
    "pyyaml",
    "scikit-learn",
    "scipy",
    "sqlalchemy",
    "uvicorn",
)
#: What files of a package are read with, by their suffix; of several distributions, the one that is installed.
_BY_SUFFIX: Final[dict[str, tuple[str, ...]]] = {
    ".cbm": ("catboost",),
    ".onnx": ("onnxruntime",),
    ".parquet": ("pyarrow",),
    ".skops": ("skops",),
    ".ubj": ("xgboost-cpu", "xgboost"),
}


def pin_requirements(files: Iterable[str]) -> dict[str, str]:
    """The version of every distribution that scoring needs, by name.

    Args:
        files: The names of the package's files, which say what reads them.

    Raises:
        PackageError: Something that scoring needs is not installed here.
    """
    suffixes = {PurePosixPath(name).suffix for name in files}
    chosen = [_first_installed(names) for suffix, names in _BY_SUFFIX.items() if suffix in suffixes]
    pins: dict[str, str] = {}
    waiting = [(name, frozenset[str]()) for name in (*_ALWAYS, *chosen)]
    seen = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) not in seen:
            seen.add((name, extras))
            pins[name], needed = _needs_of(name, extras)
            waiting += needed
    return dict(sorted(pins.items()))


def write_requirements(pins: dict[str, str], code_version: str) -> bytes:
    """The text that `pip install --requirement` reads; the code is found in the folder beside it.

    >>> print(write_requirements({"numpy": "2.4.0"}, "0.1.0+code.0123").decode().strip())
    --find-links code
    ml-lifecycle==0.1.0+code.0123
    numpy==2.4.0
    """
    lines = [f"--find-links {CODE_FOLDER}", f"{PROJECT}=={code_version}"]
    return "\n".join([*lines, *(f"{name}=={version}" for name, version in pins.items()), ""]).encode()


def installed_from_index(requirements: str) -> list[str]:
    r"""The requirements of a package for those who do not have its folder: the code by its released version.

    >>> installed_from_index("--find-links code\nml-lifecycle==0.1.0+code.0123\nnumpy==2.4.0")
    ['ml-lifecycle==0.1.0', 'numpy==2.4.0']
    """
    lines = [line for line in requirements.splitlines() if line and not line.startswith("-")]
    return [line.partition("+")[0] if line.startswith(f"{PROJECT}==") else line for line in lines]


def _needs_of(name: str, extras: frozenset[str]) -> tuple[str, list[tuple[str, frozenset[str]]]]:
    """The installed version of a distribution, and which others it needs with which extras."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        raise _absent([name]) from None
    parsed = [Requirement(text) for text in found.requires or ()]
    needed = [item for item in parsed if _applies(item, extras)]
    return found.version, [(canonicalize_name(item.name), frozenset(item.extras)) for item in needed]


def _applies(item: Requirement, extras: Collection[str]) -> bool:
    return item.marker is None or any(item.marker.evaluate({"extra": extra}) for extra in ("", *extras))


def _first_installed(names: tuple[str, ...]) -> str:
    for name in names:
        try:
            distribution(name)
        except PackageNotFoundError:
            continue
        return name
    raise _absent(names)


def _absent(names: Collection[str]) -> PackageError:
    return PackageError(
        "the requirements of the package cannot be pinned",
        expected=f"{' or '.join(names)} to be installed",
        got="no such distribution",
        advice=f"pip install {next(iter(names))}, with which the model was made",
    )

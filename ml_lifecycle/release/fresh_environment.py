"""A fresh virtual environment with what a package asks for and nothing else, made by `venv` and `pip`.

Where pip gets distributions from, and whether it keeps what it has fetched, is for pip's own settings to say; here
nothing is kept. What is proven in it lives in `elsewhere`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Final

from ml_lifecycle.release.bundle.requirements import REQUIREMENTS_FILE

_TOLD: Final = 300


class NotInstalled(Exception):  # noqa: N818 - a finding about a package, which becomes a verdict
    """The environment could not be made; the message says why."""


def make_environment(package: Path, target: Path, *, seconds: float) -> Path:
    """Make an environment and install the requirements of a package.

    Args:
        package: The package.
        target: The folder of the environment.
        seconds: How long both may take.

    Returns:
        The environment's Python.

    Raises:
        NotInstalled: `venv` or `pip` failed, or the time was up.
    """
    until = monotonic() + seconds
    python = target / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    _run([sys.executable, "-m", "venv", str(target)], "A virtual environment could not be made", until)
    install = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--quiet", "--requirement"]
    requirements = str((package / REQUIREMENTS_FILE).resolve())
    _run([str(python), *install, requirements], "The requirements of the package could not be installed", until)
    return python


def _run(command: Sequence[str], failing: str, until: float) -> None:
    left = until - monotonic()
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter, and that of an environment of ours
            command, capture_output=True, text=True, timeout=max(left, 0.1), check=False, env=_environment()
        )
    except subprocess.TimeoutExpired:
        raise NotInstalled(f"{failing}: the time was up.") from None
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        said = " ".join(errors or done.stderr.split()[-50:]) or "it said nothing"
        raise NotInstalled(f"{failing}: {said[:_TOLD]}")


def _environment() -> dict[str, str]:
    """The variables of this process without those that would lend the environment modules of this one."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}

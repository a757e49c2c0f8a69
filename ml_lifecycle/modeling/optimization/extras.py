"""Libraries that a form of a model needs and that are extras; what is made with them lives beside this module."""

from __future__ import annotations

import importlib
from typing import Any

from ml_lifecycle.errors import ConfigError


def import_extra(name: str, *, form: str) -> Any:  # noqa: ANN401 - a module
    """A library of the extra that is called as the form.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the form {form} needs a library that is not installed",
            expected=f"the extra `{form}`",
            got=str(error),
            advice=f'install it with `pip install "ml-lifecycle[{form}]"`, or leave the form out',
        ) from error

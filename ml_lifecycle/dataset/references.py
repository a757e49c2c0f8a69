"""`${NAME}` in a place: put in from the environment when a source is read, and hidden again in whatever is said.

That YAML holds no secret itself is seen to in `config.sources`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from ml_lifecycle.errors import ConfigError

_REFERENCE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def resolve(text: str) -> str:
    """Put the values of environment variables in the place of their references.

    Raises:
        ConfigError: A variable is not set.

    >>> resolve("data/rows.csv")
    'data/rows.csv'
    """
    return _REFERENCE.sub(lambda found: _value(found[1]), text)


def resolve_all(options: Mapping[str, str]) -> dict[str, str]:
    """Resolve each value of a mapping.

    Raises:
        ConfigError: A variable is not set.
    """
    return {name: resolve(text) for name, text in options.items()}


def conceal(message: object, *templates: str) -> str:
    """A message in which the values that the templates refer to are references again, shortened to one line."""
    text = " ".join(str(message).split())
    for name in {name for template in templates for name in _REFERENCE.findall(template)}:
        value = os.environ.get(name, "")
        for written in {value, quote(value, safe=""), quote(value)} - {""}:
            text = text.replace(written, f"${{{name}}}")
    return text[:300]


def _value(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise ConfigError(
            f"the YAML refers to ${{{name}}}",
            expected=f"an environment variable {name}",
            got="an empty one" if value == "" else "none",
            advice=f"set {name} where the run starts (and for the daemon), or correct the name",
        )
    return value

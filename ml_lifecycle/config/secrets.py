"""Telling a secret that is written out in the YAML from one that is named as `${NAME}`.

A name that only sounds like a secret's is refused too: to write it as `${NAME}` does no harm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_plus

from pydantic_core import PydanticCustomError

SECRET_WRITTEN_OUT: Final = "secret_written_out"  # noqa: S105 - a name, not a secret
"""The type of pydantic's error for a secret in the YAML: who tells of it must leave out what came."""

_NAMED: Final = (
    r"[\w.-]*(?:passw(?:or)?d|passphrase|secret|token|signature|authorization|cookie"
    r"|(?:api|account|private|shared|storage|encryption|customer|subscription)[-_]?key|access[-_]?key(?![-_]?id))[\w.-]*"
    r"|pwd|sig|sas|auth|x-auth[\w-]*"
)
"""Names of parameters, options and headers whose values are secrets."""

_IN_URL: Final = re.compile(
    r"://[^/@:\s]*:(?!\$\{)[^@/\s]+@"  # user:password@
    r"|^https?://(?!\$\{)[^/@:\s?#]+@"  # to a web server the user alone is a token
    rf"|[?&;={{](?:{_NAMED})\s*=\s*(?!\$\{{)[^&;\s]",
    re.IGNORECASE,
)
_OPTION: Final = re.compile(rf"{_NAMED}|.*(?:sas|credential).*|connection[-_]?string", re.IGNORECASE)
_VALUE: Final = re.compile(r"\s*(?:bearer|basic)\s", re.IGNORECASE)
_NO_SECRET: Final = {"anon", "browser", "cache", "cloud", "google_default", "true", "false", "none"}


def refuse_in_url(text: str) -> None:
    """Refuse a URL that holds a password, a key or a signature, plain or percent-encoded.

    Raises:
        PydanticCustomError: It does; the message does not repeat it.

    >>> refuse_in_url("postgresql://me:${PASSWORD}@host/db?sslmode=require")
    """
    if _IN_URL.search(text) or _IN_URL.search(unquote_plus(text)):
        raise _refusal("password or key")


def refuse_in_options(options: Mapping[str, str]) -> None:
    """Refuse options of a file system, or headers, that hold a secret.

    Raises:
        PydanticCustomError: One does; the message does not repeat it.

    >>> refuse_in_options({"X-API-Key": "${KEY}", "Accept": "text/csv", "token": "anon"})
    """
    for name, text in options.items():
        suspect = _OPTION.fullmatch(name) or _VALUE.match(text)
        if suspect and text and "${" not in text and text.lower() not in _NO_SECRET:
            raise _refusal("secret")


def _refusal(what: str) -> PydanticCustomError:
    return PydanticCustomError(
        SECRET_WRITTEN_OUT,
        f"expected the {what} as ${{NAME}} of an environment variable, got it written out",
    )

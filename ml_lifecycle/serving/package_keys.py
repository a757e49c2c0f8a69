"""Who may call a package that is served by itself: callers whose key has one of the hashes in the environment.

Keys of a project's own server are kept in its database (`keys`); a package has none, so that their hashes come by the
environment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from ml_lifecycle.errors import ConfigError, StateError
from ml_lifecycle.serving.keys import Key, Keys

#: The environment variable that holds SHA-256 hashes of keys, separated by commas.
HASHES_VARIABLE: Final = "ML_LIFECYCLE_KEY_HASHES"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_HASH: Final = re.compile(r"[0-9a-f]{64}")


def read_hashes(text: str, *, host: str) -> tuple[str, ...]:
    """The hashes that an environment variable names.

    Args:
        text: Its value.
        host: Where the server will listen: beyond loopback it needs a key.

    Raises:
        ConfigError: Something in it is no SHA-256, or there is none and the server would be open to the network.
    """
    hashes = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    wrong = sum(_HASH.fullmatch(item) is None for item in hashes)
    if wrong:
        raise ConfigError(
            f"{HASHES_VARIABLE} does not name keys",
            expected="SHA-256 hashes of 64 hexadecimal digits, separated by commas",
            got=f"{wrong} of {len(hashes)} parts that are none",
            advice='make one with: printf %s "$KEY" | sha256sum',
        )
    if not hashes and host not in _LOOPBACK:
        raise ConfigError(
            f"a server on {host} is open to the network",
            expected=f"hashes of keys in {HASHES_VARIABLE}, or an address of loopback",
            got="none",
            advice='set it to the output of: printf %s "$KEY" | sha256sum',
        )
    return hashes


class GivenKeys(Keys):
    """Keys that nobody can give out or revoke: they are what the environment says, for as long as the process lives.

    Args:
        hashes: SHA-256 of the keys.
    """

    def __init__(self, hashes: Sequence[str]) -> None:
        self._hashes = tuple(hashes)

    def add(self, project: str, name: str, *, by: str) -> str:
        """There is no place to keep a key in.

        Raises:
            StateError: Always.
        """
        raise _fixed(f"{by} cannot give out the key {name!r} of {project}")

    def list(self, project: str) -> list[Key]:
        """Only hashes are known, and no names.

        Raises:
            StateError: Always.
        """
        raise _fixed(f"the keys of {project} cannot be listed")

    def revoke(self, project: str, name: str) -> None:
        """There is no place to note it in.

        Raises:
            StateError: Always.
        """
        raise _fixed(f"the key {name!r} of {project} cannot be revoked")

    def digests(self, project: str) -> Mapping[str, str]:
        """The keys that open the server, which serves one project only."""
        return {digest: f"{project}, key {place + 1}" for place, digest in enumerate(self._hashes)}


def _fixed(what: str) -> StateError:
    advice = f"start the server again with other hashes in {HASHES_VARIABLE}"
    return StateError(what, expected="keys in a database", got="keys in the environment", advice=advice)

"""From the setting `features.store.online` to what Feast wants to know of an online store; secrets only in memory.

What is done with an online store lives in `store`.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from ml_lifecycle.errors import ConfigError

_REFERENCE = re.compile(r"\$\{(\w+)\}")
_POSTGRES_PORT = 5432
_REDIS_PORT = 6379


def online_settings(online: str, folder: Path) -> dict[str, Any]:
    """Feast's settings of an online store.

    Args:
        online: `sqlite`, or a URL `redis://`, `rediss://` or `postgresql://`; `${NAME}` in it is read from the
            environment. PostgreSQL takes `sslmode`, `schema` and `host` (of a socket) as query, Redis the keys of
            Feast's connection string.
        folder: Where the SQLite file lies.

    Raises:
        ConfigError: The store is unknown, or a variable is not set.

    >>> online_settings("redis://cache:6380/2", Path())
    {'type': 'redis', 'connection_string': 'cache:6380,db=2'}
    """
    if online == "sqlite":
        return {"type": "sqlite", "path": str(folder / "online.db")}
    url = urlsplit(online)
    if url.scheme in ("redis", "rediss"):
        return _redis(url)
    if url.scheme in ("postgresql", "postgres"):
        return _postgres(url)
    raise ConfigError(
        "features.store.online names no online store",
        expected="`sqlite` or a URL redis://... or postgresql://...",
        got=repr(online.partition("://")[0]),
        advice="mend features.store.online",
    )


def _postgres(url: SplitResult) -> dict[str, Any]:
    query = dict(parse_qsl(url.query))
    return {
        "type": "postgres",
        "host": _fill(query.get("host") or url.hostname or "localhost"),
        "port": url.port or int(query.get("port", _POSTGRES_PORT)),
        "database": _fill(url.path.lstrip("/")) or "postgres",
        "db_schema": query.get("schema", "public"),
        "user": _fill(unquote(url.username or "")) or "postgres",
        "password": _fill(unquote(url.password or "")),
        # Feast's default is `require`, which a server on the same machine seldom meets.
        "sslmode": query.get("sslmode", "prefer"),
    }


def _redis(url: SplitResult) -> dict[str, Any]:
    parts = [f"{url.hostname or 'localhost'}:{url.port or _REDIS_PORT}"]
    if url.path.strip("/"):
        parts.append(f"db={int(url.path.strip('/'))}")
    if url.scheme == "rediss":
        parts.append("ssl=true")
    # Feast cuts the string at commas and reads each value as JSON: a quoted text keeps digits and commas what they are.
    for key, value in (("username", url.username), ("password", url.password)):
        if value:
            parts.append(f"{key}={json.dumps(_fill(unquote(value))).replace(',', chr(92) + 'u002c')}")
    parts += [f"{key}={value}" for key, value in parse_qsl(url.query)]
    return {"type": "redis", "connection_string": ",".join(parts)}


def _fill(text: str) -> str:
    """Put the environment's values in the place of `${NAME}`."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            raise ConfigError(
                "a secret of features.store.online is missing",
                expected=f"the environment variable {name}",
                got="none of that name",
                advice=f"set {name} where the command and the daemon run",
            )
        return os.environ[name]

    return _REFERENCE.sub(value, text)

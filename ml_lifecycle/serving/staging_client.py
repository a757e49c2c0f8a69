"""`Caller`: one connection to a server, asked as a client asks it, with the time that the client waits for each answer.

The standard library's client is used: it adds least to what is measured. What is asked lives in `staging_smoke` and
`staging_load`.
"""

from __future__ import annotations

import http.client
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

JSON: Final = "application/json"
#: Larger bodies are sent after their headers, so that a server can refuse them before.
_AT_ONCE: Final = 65_536


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Args:
        status: The HTTP status; 0 where there was no answer.
        body: The body, or what went wrong.
        seconds: How long the caller waited.
    """

    status: int
    body: bytes
    seconds: float


class Caller:
    """A caller that keeps its connection open, as clients of a service do.

    Args:
        address: The server: `http://host:port`.
        seconds: How long it waits for an answer.
    """

    def __init__(self, address: str, *, seconds: float) -> None:
        split = urlsplit(address)
        self._connection = http.client.HTTPConnection(split.hostname or "", split.port, timeout=seconds)

    def __enter__(self) -> Self:
        """The connection is opened by the first request."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close it."""
        self._connection.close()

    def post(self, path: str, body: bytes, *, content_type: str = JSON) -> Reply:
        """Send a body and wait for the answer; a server that refuses before it has read all is heard too."""
        began = perf_counter()
        try:
            self._send(path, body, content_type)
            response = self._connection.getresponse()
            content = response.read()
            return Reply(response.status, content, perf_counter() - began)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return Reply(0, f"{type(error).__name__}: {error}".encode(), perf_counter() - began)

    def _send(self, path: str, body: bytes, content_type: str) -> None:
        if len(body) <= _AT_ONCE:
            self._connection.request("POST", path, body, {"Content-Type": content_type})
            return
        self._connection.putrequest("POST", path)
        self._connection.putheader("Content-Type", content_type)
        self._connection.putheader("Content-Length", str(len(body)))
        self._connection.endheaders()
        with suppress(BrokenPipeError, ConnectionResetError):  # it may have refused by the length already: read on
            self._connection.send(body)

"""What a server takes at once: size of a body, time of a request, requests under way. The figures are the YAML's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from ml_lifecycle.serving.replies import Refused

if TYPE_CHECKING:
    from ml_lifecycle.config.serving import ServingConfig

_MB: Final = 1_000_000
#: What is not read any more must not be taken for the next request.
_CLOSE: Final = ((b"connection", b"close"),)
_RETRY: Final = ((b"retry-after", b"1"),)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a server.

    Args:
        body: Bytes of a body.
        rows: Rows of a request.
        depth: Levels of a JSON body.
        concurrency: Requests under way.
        seconds: How long a request may take.
    """

    body: int
    rows: int
    depth: int
    concurrency: int
    seconds: float

    @classmethod
    def of(cls, config: ServingConfig) -> Limits:
        """The limits that a project sets."""
        return cls(
            int(config.max_body_mb * _MB),
            config.max_rows,
            config.max_depth,
            config.max_concurrency,
            config.timeout_seconds,
        )

    def check_rows(self, count: int) -> None:
        """See that there are not too many rows.

        Raises:
            Refused: There are.
        """
        if count > self.rows:
            raise Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "the request has too many rows",
                got=f"{count} rows",
                what_to_do=f"send at most {self.rows} at once",
            )

    async def read(self, receive: Callable[[], Awaitable[Any]], headers: Mapping[bytes, bytes]) -> bytes:
        """Read a body, and no more of it than is allowed.

        Raises:
            Refused: It is too large, or its length is no number.
            ConnectionResetError: The caller has gone.
        """
        said = headers.get(b"content-length")
        if said is not None and said.isdigit() and int(said) > self.body:
            raise self._too_large(f"{int(said):,} bytes")
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError
            part = message.get("body", b"")
            size += len(part)
            if size > self.body:
                raise self._too_large(f"more than {self.body:,} bytes")
            parts.append(part)
            more = message.get("more_body", False)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _too_large(self, got: str) -> Refused:
        return Refused(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "the body is too large",
            got=got,
            what_to_do=f"send at most {self.body:,} bytes at once",
            headers=_CLOSE,
        )

    def busy(self) -> Refused:
        """What is said while too much is under way."""
        return Refused(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "the server is busy",
            got=f"{self.concurrency} requests under way",
            what_to_do="try again in a second",
            headers=(*_RETRY, *_CLOSE),
        )

    def too_slow(self) -> Refused:
        """What is said when the time is over."""
        return Refused(
            HTTPStatus.GATEWAY_TIMEOUT,
            "the request took too long",
            got=f"more than {self.seconds:g} s",
            what_to_do="send fewer rows at once, or set serving.timeout_seconds",
            headers=_CLOSE,
        )

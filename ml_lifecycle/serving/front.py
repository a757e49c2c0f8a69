"""`Front`: the one door of a server. Every request passes it: keys, limits, time, counting, and what becomes of errors.

The paths of scoring are looked up in a table and called at once; what is left (the pages of the documentation) goes on
to FastAPI. What is behind a path lives in `desk` and `protocols`.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final, TypeAlias

from ml_lifecycle.serving.calls import Call
from ml_lifecycle.serving.keys import KeyRing
from ml_lifecycle.serving.limits import Limits
from ml_lifecycle.serving.log_lines import random_id
from ml_lifecycle.serving.metrics import Metrics
from ml_lifecycle.serving.replies import Refused, Reply

Handler: TypeAlias = Callable[[Call], Awaitable[Reply]]
_Send: TypeAlias = Callable[[Any], Awaitable[None]]
_Receive: TypeAlias = Callable[[], Awaitable[Any]]
_ID_LENGTH: Final = 100
_PRINTABLE: Final = re.compile(rb"[\x21-\x7e]+")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Way:
    """What is behind a path.

    Args:
        method: GET or POST.
        path: The path; parts in braces may be anything and are named so.
        handler: What answers.
        open: Whether it is answered without a key, and also while the server is busy.
        spec: What the documentation says of it.
        asks: What a caller without a key is asked for, as the header `WWW-Authenticate` has it.
    """

    method: str
    path: str
    handler: Handler
    open: bool = False
    spec: Mapping[str, Any] = field(default_factory=dict)
    asks: bytes = b"Bearer"


class Ways:
    """The ways by their path.

    Args:
        ways: All of them.
    """

    def __init__(self, ways: Sequence[Way]) -> None:
        self.all = tuple(ways)
        self._plain: dict[str, dict[str, Way]] = {}
        self._named: dict[re.Pattern[str], dict[str, Way]] = {}
        for way in ways:
            if "{" in way.path:
                pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", way.path))
                self._named.setdefault(pattern, {})[way.method] = way
            else:
                self._plain.setdefault(way.path, {})[way.method] = way

    def find(self, path: str) -> tuple[Mapping[str, Way], Mapping[str, str]] | None:
        """The ways of a path by method, and what its named parts are; None for a path that is not among them."""
        found = self._plain.get(path)
        if found is not None:
            return found, {}
        for pattern, ways in self._named.items():
            if match := pattern.fullmatch(path):
                return ways, match.groupdict()
        return None


class Front:
    """The door, as ASGI has it.

    Args:
        app: What answers other paths.
        ways: What answers the paths of scoring.
        limits: What is taken at once.
        metrics: Where is counted.
        ring: The keys that open; None where none are asked for.
    """

    def __init__(self, app: Any, ways: Ways, limits: Limits, metrics: Metrics, ring: KeyRing | None) -> None:  # noqa: ANN401 - an ASGI application
        self._app = app
        self._ways = ways
        self._limits = limits
        self._metrics = metrics
        self._ring = ring
        self.under_way = 0

    async def __call__(self, scope: Any, receive: _Receive, send: _Send) -> None:  # noqa: ANN401 - an ASGI scope
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        headers = dict(scope["headers"])
        found = self._ways.find(scope["path"])
        request_id = _request_id(headers)
        label = "other"
        try:
            if found is None:
                self._let_in(headers)
                await self._app(scope, receive, send)
                return
            way = _choose(found[0], scope["method"])
            label = way.path
            reply = await self._take(way, found[1], headers, receive, request_id)
        except Refused as refused:
            reply = refused.reply()
        except ConnectionResetError:  # nobody is there to be answered
            return
        except Exception:  # noqa: BLE001 - the boundary: whatever went wrong, nothing of our inside goes out
            reply = _failed(request_id)
        self._metrics.count_request(label, reply.status, perf_counter() - began)
        await _send(send, reply, request_id)

    async def _take(
        self, way: Way, named: Mapping[str, str], headers: Mapping[bytes, bytes], receive: _Receive, request_id: str
    ) -> Reply:
        if not way.open:
            self._let_in(headers, way.asks)
            if self.under_way >= self._limits.concurrency:
                raise self._limits.busy()
        self.under_way += 1
        time = asyncio.timeout(self._limits.seconds)
        try:
            async with time:
                body = b"" if way.method == "GET" else await self._limits.read(receive, headers)
                return await way.handler(Call(way.path, headers, body, request_id, named))
        except TimeoutError:
            if time.expired():
                raise self._limits.too_slow() from None
            raise
        finally:
            self.under_way -= 1

    def _let_in(self, headers: Mapping[bytes, bytes], asks: bytes = b"Bearer") -> None:
        origin = headers.get(b"origin")
        if origin is not None and origin.partition(b"://")[2] != headers.get(b"host"):
            raise Refused(
                HTTPStatus.FORBIDDEN,
                "a page of another site asks",
                got=origin[:_ID_LENGTH].decode("latin-1"),
                what_to_do="ask from a program, or through a server of your own",
            )
        if self._ring is not None and self._ring.holder(headers) is None:
            raise Refused(
                HTTPStatus.UNAUTHORIZED,
                "no valid key is shown",
                what_to_do="send `Authorization: Bearer <key>` or `X-API-Key: <key>`; ask the operator for one",
                headers=((b"www-authenticate", asks),),
            )


def _choose(ways: Mapping[str, Way], method: str) -> Way:
    way = ways.get("GET" if method == "HEAD" else method)
    if way is None:
        allowed = ", ".join(sorted(ways))
        raise Refused(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "the path has no such method",
            got=method[:_ID_LENGTH],
            what_to_do=f"use {allowed}",
            headers=((b"allow", allowed.encode()),),
        )
    return way


def _request_id(headers: Mapping[bytes, bytes]) -> str:
    """The caller's own name of the request, where it is a plain one; else a random one."""
    said = headers.get(b"x-request-id")
    if said is not None and len(said) <= _ID_LENGTH and _PRINTABLE.fullmatch(said):
        return said.decode("ascii")
    return random_id()


def _failed(request_id: str) -> Reply:
    _log.exception("request %s failed", request_id)
    said = "tell the operator the request's id, which is in the server's log"
    return Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "the server failed", got=request_id, what_to_do=said).reply()


async def _send(send: _Send, reply: Reply, request_id: str) -> None:
    headers = [
        (b"content-type", reply.media),
        (b"content-length", b"%d" % len(reply.body)),
        (b"x-request-id", request_id.encode()),
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})

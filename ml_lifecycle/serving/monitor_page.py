"""`GET /monitor`: the monitoring page of the project, drawn by whom the server's starter names; its content is theirs.

It must never slow a prediction: a thread waits for it, it is drawn at most every few seconds, and who asks meanwhile is
given the page as it was. What draws it is given by the command, which lets another process do it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Final

from ml_lifecycle.errors import LifecycleError
from ml_lifecycle.serving.calls import Call
from ml_lifecycle.serving.replies import Refused, Reply

HTML: Final = b"text/html; charset=utf-8"
#: What a browser shows a person who has no key yet: it asks for one, as the password of any name.
ASKS_A_PERSON: Final = b'Basic realm="any name, and a key as the password", charset="UTF-8"'
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PageSource:
    """Where the page comes from.

    Args:
        draw: Draws it; called in a thread, by one at a time.
        policy: The Content-Security-Policy that it is sent with.
        seconds: A page that is not older is shown again.
    """

    draw: Callable[[], bytes]
    policy: str
    seconds: float = 10.0


class MonitorPage:
    """Answers with the page as it was drawn last, and has it drawn anew when it is old.

    Args:
        source: Where it comes from.
    """

    def __init__(self, source: PageSource) -> None:
        self._source = source
        self._page: bytes | None = None
        self._drawn_at = 0.0
        self._drawing: asyncio.Task[bytes] | None = None

    async def show(self, _call: Call) -> Reply:
        """The page; only the first who asks has to wait for it."""
        page = self._page
        if page is None or monotonic() - self._drawn_at > self._source.seconds:
            drawing = self._draw_once()
            if page is None:  # who gives up waiting must not end what others wait for
                page = await self._first(drawing)
        return Reply(HTTPStatus.OK, page, HTML, _headers(self._source.policy))

    def _draw_once(self) -> asyncio.Task[bytes]:
        if self._drawing is None or self._drawing.done():
            self._drawing = asyncio.create_task(self._draw())
            self._drawing.add_done_callback(_say_failure)
        return self._drawing

    async def _draw(self) -> bytes:
        try:
            self._page = await asyncio.to_thread(self._source.draw)
        finally:
            self._drawn_at = monotonic()  # where there is a page already, what fails is not tried again at once
        return self._page

    async def _first(self, drawing: asyncio.Task[bytes]) -> bytes:
        try:
            return await asyncio.shield(drawing)
        except (LifecycleError, OSError) as error:
            raise Refused(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "the monitoring page cannot be drawn",
                got=type(error).__name__,
                what_to_do="tell the operator to try `ml-lifecycle dashboard`; the server's log has the cause",
                headers=((b"retry-after", b"10"),),
            ) from error


def _headers(policy: str) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"content-security-policy", policy.encode("ascii")),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-store"),
    )


def _say_failure(drawing: asyncio.Task[bytes]) -> None:
    """Tell the operator; who looks at the page goes on seeing the last one."""
    error = None if drawing.cancelled() else drawing.exception()
    if error is not None:
        _log.warning("the monitoring page cannot be drawn: %s", error)

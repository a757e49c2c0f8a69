"""What goes out: `Reply`, and `Refused`, an answer other than what was asked for. Who decides on them is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import orjson

JSON: Final = b"application/json"
TEXT: Final = b"text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP.

    Args:
        status: Its status.
        body: Its body.
        media: What the body is.
        headers: Further headers.
    """

    status: int
    body: bytes
    media: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Refused(Exception):  # noqa: N818 - an answer, not an error of ours
    """An answer other than what was asked for; always the same form, never a stack trace.

    Args:
        status: The status.
        what: What went wrong.
        got: What came, shortened.
        what_to_do: What the caller can do.
        headers: Further headers.
    """

    def __init__(
        self,
        status: int,
        what: str,
        *,
        got: str = "",
        what_to_do: str = "",
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(what)
        self.status = status
        self.said = {"error": what, "got": got, "what_to_do": what_to_do}
        self.headers = headers

    def reply(self) -> Reply:
        """The answer."""
        return Reply(self.status, orjson.dumps(self.said), JSON, self.headers)


def reply_json(body: object, status: int = HTTPStatus.OK) -> Reply:
    """An answer in JSON; what is not a number or infinite is null in it."""
    return Reply(status, orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY, default=_plain))


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a label may be
    return value.item() if hasattr(value, "item") else str(value)

"""What comes in: `Call`, a request whose body has been read, and the rules of its JSON: form, depth, numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import chain
from typing import Any, Final

import orjson

from ml_lifecycle.serving.replies import Refused

_SHOWN: Final = 80
_NESTS: Final = frozenset({dict, list})
_NOT_NUMBERS: Final = (b"NaN", b"Infinity")


@dataclass(frozen=True, slots=True)
class Call:
    """A request.

    Args:
        path: Its path.
        headers: By name in lower case.
        body: Its body.
        request_id: What names it: as the caller says, else drawn.
        named: What parts of the path are called, such as a version.
    """

    path: str
    headers: Mapping[bytes, bytes]
    body: bytes
    request_id: str
    named: Mapping[str, str] = field(default_factory=dict)

    @property
    def media(self) -> str:
        """What the body is said to be, without parameters; empty where nothing is said."""
        return self.headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()


def read_json(raw: bytes, *, max_depth: int, lenient: bool = False) -> Any:  # noqa: ANN401 - any JSON
    """Read a body.

    Args:
        raw: The body.
        max_depth: Deepest nesting.
        lenient: Whether NaN and Infinity, which JSON does not know, are read as null.

    Raises:
        Refused: It is no JSON, or nested too deeply.
    """
    # Brackets are counted first: that costs nothing, and no reader of JSON is then led too deep.
    brackets = raw.count(b"[") + raw.count(b"{")
    try:
        read = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        read = _read_leniently(raw) if lenient else None
        if read is None:
            raise Refused(
                HTTPStatus.BAD_REQUEST,
                "the body is not JSON",
                got=str(error)[:_SHOWN],
                what_to_do="send application/json; NaN is written null",
            ) from error
    if brackets > max_depth and _is_deeper(read, max_depth):
        raise Refused(
            HTTPStatus.BAD_REQUEST,
            "the body is nested too deeply",
            got=f"more than {max_depth} levels",
            what_to_do=f"send at most {max_depth} levels of lists and objects",
        )
    return read


def _read_leniently(raw: bytes) -> Any:  # noqa: ANN401 - any JSON
    """What Python's own writer makes of missing numbers; None for what is no JSON even so."""
    if not any(word in raw for word in _NOT_NUMBERS):
        return None
    try:
        read = json.loads(raw, parse_constant=lambda _: None)
        json.dumps(read, ensure_ascii=False).encode()  # halves of characters, which nobody could be answered with
    except (ValueError, RecursionError):
        return None
    return read


def _is_deeper(value: object, most: int) -> bool:
    level: list[object] = [value] if isinstance(value, list | dict) else []
    for _ in range(most):
        insides = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
        if _NESTS.isdisjoint(map(type, chain.from_iterable(insides))):
            return False
        level = [one for inside in insides for one in inside if type(one) in _NESTS]
    return True

"""Smoke requests: one good row, and whatever callers get wrong, each with the status that it must be answered with.

What a row must be is asked of the package's own schema, so that what the YAML lets pass is expected to pass. Speed is
measured in `staging_load`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from ml_lifecycle.dataset.coercion import ColumnType
from ml_lifecycle.dataset.reading import CleanReader
from ml_lifecycle.serving.log_lines import write_json
from ml_lifecycle.serving.staging_client import JSON, Caller

if TYPE_CHECKING:
    from ml_lifecycle.config.serving import ServingConfig
    from ml_lifecycle.release.packaging import Package

_PREDICT: Final = "/predict"
_MB: Final = 1_000_000
_UNKNOWN: Final = "no such value 7f3a"
#: What must never be seen in an answer.
_INSIDE: Final = b"Traceback (most recent call last)"


@dataclass(frozen=True, slots=True)
class SmokeCase:
    """One request.

    Args:
        name: What is wrong with it, or that nothing is.
        body: What is sent.
        expected: The statuses that are right.
        content_type: What the body is said to be.
    """

    name: str
    body: bytes
    expected: tuple[int, ...]
    content_type: str = JSON


def smoke_cases(package: Package, serving: ServingConfig, row: Mapping[str, Any]) -> list[SmokeCase]:
    """The requests, in the order in which they are sent; the last one sees whether the server has got over them.

    Args:
        package: The package that is served.
        serving: The limits of the server.
        row: A row that the schema lets pass.
    """
    fine = SmokeCase("valid", write_json(row), (HTTPStatus.OK,))
    return [
        fine,
        *_bad_rows(package, row),
        SmokeCase("row that is no object", b'["no row"]', (HTTPStatus.UNPROCESSABLE_ENTITY,)),
        SmokeCase("malformed JSON", write_json(row)[:-1], (HTTPStatus.BAD_REQUEST,)),
        SmokeCase(
            "wrong content type",
            b"<row/>",
            (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.BAD_REQUEST),
            content_type="application/xml",
        ),
        SmokeCase("oversized body", _oversized(row, serving), (HTTPStatus.REQUEST_ENTITY_TOO_LARGE,)),
        SmokeCase("too many rows", write_json([{}] * (serving.max_rows + 1)), (HTTPStatus.REQUEST_ENTITY_TOO_LARGE,)),
        SmokeCase("deep nesting", _nested(serving.max_depth + 1), (HTTPStatus.BAD_REQUEST,)),
        SmokeCase("valid after all of these", fine.body, fine.expected),
    ]


def run_smoke(address: str, cases: Sequence[SmokeCase], *, seconds: float) -> pd.DataFrame:
    """Send the requests one after the other.

    Args:
        address: The server.
        cases: The requests.
        seconds: How long to wait for each.

    Returns:
        One row per request: case, expected, status, passed, ms, said.
    """
    lines = []
    with Caller(address, seconds=seconds) as caller:
        for case in cases:
            reply = caller.post(_PREDICT, case.body, content_type=case.content_type)
            leaks = _INSIDE in reply.body
            lines.append(
                {
                    "case": case.name,
                    "expected": " or ".join(str(int(status)) for status in case.expected),
                    "status": reply.status,
                    "passed": reply.status in case.expected and not leaks,
                    "ms": reply.seconds * 1000,
                    "said": "a stack trace" if leaks else reply.body[:120].decode(errors="replace"),
                }
            )
    return pd.DataFrame(lines)


def _bad_rows(package: Package, row: Mapping[str, Any]) -> list[SmokeCase]:
    schema = package.schema
    known = [name for name in package.manifest.columns if name in schema.columns]
    required = [name for name in known if name in schema.required]
    texts = [name for name in known if schema.kind(name) is ColumnType.TEXT]
    closed = [name for name in texts if schema.categories(name) is not None]
    numbers = [name for name in known if schema.kind(name) in (ColumnType.NUMBER, ColumnType.INTEGER)]
    without = [{key: cell for key, cell in row.items() if key != name} for name in required[:1]]
    return [
        *(_judged("missing column", package, bad) for bad in without),
        *(_judged("unknown category", package, {**row, name: _UNKNOWN}) for name in (closed or texts)[:1]),
        *(_judged("text for a number", package, {**row, name: _UNKNOWN}) for name in numbers[:1]),
    ]


def _judged(name: str, package: Package, row: Mapping[str, Any]) -> SmokeCase:
    reader = CleanReader(package.cleaner, package.schema)
    refused = bool(reader.check_row(row, without=package.unread))
    return SmokeCase(name, write_json(row), (HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK,))


def _oversized(row: Mapping[str, Any], serving: ServingConfig) -> bytes:
    """A good row in a body that is one byte too large."""
    body = write_json(row)
    return body + b" " * (int(serving.max_body_mb * _MB) + 1 - len(body))


def _nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels

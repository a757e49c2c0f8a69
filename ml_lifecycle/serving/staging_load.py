"""Load: many requests of one row, first over one connection and then over several at once, timed by their callers.

Over one connection a caller waits for one row and nothing else: that is what limits are set for. Over several, callers
also wait for each other, and they share the machine with the server, which a load balancer does not do.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic, perf_counter
from typing import Final

import numpy as np

from ml_lifecycle.serving.staging_client import Caller

_PREDICT: Final = "/predict"
#: Requests before the clock counts: the first ones fill caches.
WARMUP: Final = 20
#: Requests are cut into so many stretches, and the quietest counts: what else the machine does is no part of a server.
STRETCHES: Final = 3


@dataclass(frozen=True, slots=True)
class LoadResult:
    """How requests were answered.

    Args:
        connections: How many were under way at once.
        requests: How many were sent.
        failed: How many of them got no answer, or another than 200.
        p50_ms: Median of the time that callers waited.
        p95_ms: 95th percentile.
        p99_ms: 99th percentile.
        max_ms: The longest.
        per_second: Answers a second.
    """

    connections: int
    requests: int
    failed: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    per_second: float


def run_load(
    address: str, bodies: Sequence[bytes], *, requests: int, connections: int, seconds: float, stretches: int = 1
) -> LoadResult:
    """Send requests of one row, each connection one after the other.

    Args:
        address: The server.
        bodies: Good rows, sent in turns.
        requests: How many, not counting those that warm up.
        connections: How many are under way at once.
        seconds: How long all of it may take; what is not answered by then has failed.
        stretches: Percentiles are those of the quietest of so many stretches.
    """
    until = monotonic() + seconds
    shares = [range(first, requests, connections) for first in range(min(connections, requests))]
    with ThreadPoolExecutor(len(shares), thread_name_prefix="staging") as pool:
        warm = max(1, WARMUP // len(shares))
        list(pool.map(lambda _: _send(address, bodies, range(warm), until), shares))
        began = perf_counter()
        waits = np.concatenate(list(pool.map(lambda share: _send(address, bodies, share, until), shares)))
        took = perf_counter() - began
    good = waits[np.isfinite(waits)]
    p50, p95, p99 = _quietest(good, stretches) if len(good) else np.full(3, np.nan)
    return LoadResult(
        connections=connections,
        requests=requests,
        failed=requests - len(good),
        p50_ms=float(p50),
        p95_ms=float(p95),
        p99_ms=float(p99),
        max_ms=float(good.max()) if len(good) else float("nan"),
        per_second=len(good) / took,
    )


def _send(address: str, bodies: Sequence[bytes], numbers: range, until: float) -> np.ndarray:
    """Milliseconds of each request; not a number for one that failed."""
    waits = np.full(len(numbers), np.nan)
    with Caller(address, seconds=max(0.1, until - monotonic())) as caller:
        for place, number in enumerate(numbers):
            if monotonic() > until:
                break
            reply = caller.post(_PREDICT, bodies[number % len(bodies)])
            if reply.status == HTTPStatus.OK:
                waits[place] = reply.seconds * 1000
    return waits


def _quietest(waits: np.ndarray, stretches: int) -> np.ndarray:
    parts = np.array_split(waits, min(stretches, len(waits)))
    return np.asarray(np.min([np.percentile(part, [50, 95, 99]) for part in parts], axis=0))

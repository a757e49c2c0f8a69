"""What a model costs to serve: time of one row and of a batch, size, memory, time to load.

It is the model alone that is measured, on features that are there already; what a request costs as a whole is measured
where the package is staged. The clock is `modeling/latency`.
"""

from __future__ import annotations

import ctypes
import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import cycle

import numpy as np

from ml_lifecycle.modeling.latency import Latency, measure_latency
from ml_lifecycle.modeling.optimization.forms import Form, Runtime

#: Calls before the clock counts, in each turn, and turns; the quietest turn counts.
WARM_UP, TURNS = 5, 3


@dataclass(frozen=True, slots=True)
class _Calls:
    """How many calls are timed: as many as their seconds allow, between the fewest and the most."""

    fewest: int
    most: int
    seconds: float

    def within(self, once: float) -> int:
        """The number of calls that take so long."""
        return int(np.clip(self.seconds / max(once, 1e-9), self.fewest, self.most))


ROW_CALLS, BATCH_CALLS, LOADS = _Calls(30, 900, 0.3), _Calls(9, 60, 0.3), _Calls(1, 5, 0.1)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a form of a model costs; times in milliseconds, sizes in bytes.

    Args:
        row_p50_ms: Median time of one row.
        row_p95_ms: 95th percentile.
        row_p99_ms: 99th percentile.
        batch_rows: Rows of a batch.
        batch_p50_ms: Median time of a batch.
        batch_p95_ms: 95th percentile.
        batch_p99_ms: 99th percentile.
        size_bytes: Size of its files.
        memory_bytes: What it occupies once loaded; None where the C library does not tell.
        load_ms: Median time to load it from its bytes.
    """

    row_p50_ms: float
    row_p95_ms: float
    row_p99_ms: float
    batch_rows: int
    batch_p50_ms: float
    batch_p95_ms: float
    batch_p99_ms: float
    size_bytes: int
    memory_bytes: int | None
    load_ms: float

    def to_dict(self) -> dict[str, float | int | None]:
        """All figures by name."""
        return asdict(self)


def measure_profiles(forms: Sequence[Form], values: np.ndarray, *, batch_rows: int) -> dict[str, Profile]:
    """Measure forms of a model in turn, so that what else the machine does falls on all of them alike.

    Args:
        forms: What is measured.
        values: (n, f) features, n at least 1; repeated where a batch asks for more rows.
        batch_rows: Rows of a batch.
    """
    rows, batch = list(values[: ROW_CALLS.most]), np.resize(values[:batch_rows], (batch_rows, values.shape[1]))
    loaded = {form.name: _load(form) for form in forms}
    single = _time({name: _ask_in_turn(form.runtime, rows) for name, form in loaded.items()}, ROW_CALLS)
    many = _time({name: partial(form.runtime.predict, batch) for name, form in loaded.items()}, BATCH_CALLS)
    return {
        form.name: _gather(form, loaded[form.name], single[form.name], many[form.name], batch_rows) for form in forms
    }


def _gather(form: Form, loaded: _Loaded, row: Latency, batch: Latency, batch_rows: int) -> Profile:
    return Profile(
        row_p50_ms=row.p50_ms,
        row_p95_ms=row.p95_ms,
        row_p99_ms=row.p99_ms,
        batch_rows=batch_rows,
        batch_p50_ms=batch.p50_ms,
        batch_p95_ms=batch.p95_ms,
        batch_p99_ms=batch.p99_ms,
        size_bytes=form.size_bytes,
        memory_bytes=loaded.memory_bytes,
        load_ms=loaded.milliseconds,
    )


@dataclass(frozen=True, slots=True)
class _Loaded:
    runtime: Runtime
    memory_bytes: int | None
    milliseconds: float


def _load(form: Form) -> _Loaded:
    """Load a form as a server does, and see how long that takes and how much memory it keeps."""
    began = time.perf_counter()
    form.load()  # what a first load sets up once for the process is neither the form's memory nor its time
    calls = LOADS.within(time.perf_counter() - began)
    taken = measure_latency(form.load, repeats=calls, warmup=0)
    gc.collect()
    before = allocated_bytes()
    runtime = form.load()
    after = allocated_bytes()
    memory = None if before is None or after is None else max(after - before, 0)
    return _Loaded(runtime, memory, taken.p50_ms)


def _ask_in_turn(runtime: Runtime, rows: Sequence[np.ndarray]) -> Callable[[], object]:
    """Another row at each call: the same one again would be answered from caches that no server has."""
    turn = cycle(rows)
    return lambda: runtime.predict_row(next(turn))


def _time(calls: Mapping[str, Callable[[], object]], limits: _Calls) -> dict[str, Latency]:
    """How long each call takes, by as many of them as there is time for.

    The forms take turns, each with many calls at a time: one call each would find the caches full of the form before.
    """
    slowest = 0.0
    for call in calls.values():
        call()  # the first one sets things up
        began = time.perf_counter()
        call()
        slowest = max(slowest, time.perf_counter() - began)
    repeats = max(1, limits.within(slowest) // TURNS)
    turns = [
        {name: measure_latency(call, repeats=repeats, warmup=min(WARM_UP, repeats)) for name, call in calls.items()}
        for _ in range(TURNS)
    ]
    return {name: min((turn[name] for turn in turns), key=lambda found: found.p50_ms) for name in calls}


class _MallInfo(ctypes.Structure):
    """The `struct mallinfo2` of the GNU C library."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks"),
            "keepcost",
        )
    ]


def allocated_bytes() -> int | None:
    """Bytes that the process has allocated, as the GNU C library counts them; None elsewhere."""
    try:
        ask = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError, TypeError):
        return None
    ask.restype = _MallInfo
    found = ask()
    return int(found.uordblks) + int(found.hblkhd)

"""What a piece of work has cost: seconds, processor time, memory, and an estimate in money.

Processor time is that of this process and of the children it has waited for. Memory is the resident set of this
process alone: workers in processes of their own are not in it. The peak is exact where the process was never larger
before (the system keeps that figure); otherwise it is the largest of samples, taken every `SAMPLE_SECONDS` by a thread,
and a peak shorter than that can be missed. Where the system has no `/proc` there are no samples, and the peak of the
process since its start is given.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: Seconds between two looks at the memory: one costs about 10 microseconds.
SAMPLE_SECONDS = 0.02
_SECONDS_PER_HOUR = 3600
_MIB = 2**20
_STATM = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class Effort:
    """What a piece of work has cost.

    Args:
        wall_seconds: Time that passed.
        cpu_seconds: Processor time of all cores together.
        peak_memory_mib: Largest resident set of this process, in MiB.
        cost: Core-hours of processor time, times the price of one. Cores that waited are not in it.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_memory_mib: float
    cost: float

    def as_metrics(self, prefix: str = "training") -> dict[str, float]:
        """The figures by the names under which they are logged.

        >>> Effort(1.0, 2.0, 30.0, 0.5).as_metrics("search")["search.cpu_seconds"]
        2.0
        """
        return {
            f"{prefix}.wall_seconds": self.wall_seconds,
            f"{prefix}.cpu_seconds": self.cpu_seconds,
            f"{prefix}.peak_memory_mib": self.peak_memory_mib,
            f"{prefix}.cost": self.cost,
        }


class EffortMeter:
    """Measures from when it is made; `read` may be called at any time, also more than once.

    Args:
        price_per_core_hour: Price of one core for an hour.
    """

    def __init__(self, price_per_core_hour: float = 0.0) -> None:
        self._price = price_per_core_hour
        self._began = time.perf_counter()
        self._cpu = _cpu_seconds()
        self._largest_before = _largest_ever()
        self._memory = _MemoryWatch()
        self._final: Effort | None = None

    def read(self) -> Effort:
        """What the work has cost until now, or until it was stopped."""
        if self._final is not None:
            return self._final
        cpu = _cpu_seconds() - self._cpu
        return Effort(
            wall_seconds=time.perf_counter() - self._began,
            cpu_seconds=cpu,
            peak_memory_mib=self._peak() / _MIB,
            cost=cpu / _SECONDS_PER_HOUR * self._price,
        )

    def stop(self) -> Effort:
        """End the measurement."""
        self._memory.stop()
        self._final = self.read()
        return self._final

    def _peak(self) -> int:
        largest = _largest_ever()
        sampled = self._memory.look()
        return largest if largest > self._largest_before or sampled == 0 else sampled


@contextmanager
def measure_effort(price_per_core_hour: float = 0.0) -> Iterator[EffortMeter]:
    """Measure what a block costs, also when it fails.

    Args:
        price_per_core_hour: Price of one core for an hour, for the estimate of the cost.

    >>> with measure_effort(price_per_core_hour=0.04) as meter:
    ...     total = sum(range(1000))
    >>> meter.read().wall_seconds < 10
    True
    """
    meter = EffortMeter(price_per_core_hour)
    try:
        yield meter
    finally:
        meter.stop()


class _MemoryWatch:
    """Samples the resident set from a thread of its own."""

    def __init__(self) -> None:
        self._peak = _resident()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="memory-watch", daemon=True)
        if self._peak:
            self._thread.start()

    def look(self) -> int:
        """The peak until now, in bytes; 0 where it cannot be seen."""
        self._peak = max(self._peak, _resident())
        return self._peak

    def stop(self) -> None:
        """Sample no more."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()

    def _sample(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            self.look()


def _cpu_seconds() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _resident() -> int:
    """Bytes of the resident set now; 0 where the system does not tell."""
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0


def _largest_ever() -> int:
    """Bytes of the largest resident set since the process began; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    # Linux counts in KiB, macOS in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

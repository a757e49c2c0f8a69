"""`Metrics`: what a server counts, in the text form that Prometheus reads.

A few integers rather than a library: counting is on the way of every request. Several workers of one server share a
folder, in which each writes its counts every second, so that whichever of them is asked tells the sum of all.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

#: Upper ends of the histogram of latencies, in seconds.
BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_PREFIX: Final = "ml_lifecycle_"
_COUNTERS: Final = ("requests", "rows", "failures")


@dataclass(slots=True)
class Counts:
    """Plain counts, which can be added up.

    Args:
        requests: By path and status.
        latency: By path: requests per bucket, and in the end those above all.
        seconds: By path: time spent.
        rows: Answered rows by version and role.
        failures: Rows that got an error, by column and check.
        dropped: Shadow answers that were left out.
    """

    requests: Counter[str] = field(default_factory=Counter)
    latency: dict[str, list[int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    dropped: int = 0

    def add(self, other: Counts) -> None:
        """Add the counts of another worker."""
        for name in _COUNTERS:
            getattr(self, name).update(getattr(other, name))
        for path, seconds in other.seconds.items():
            self.seconds[path] = self.seconds.get(path, 0.0) + seconds
        for path, buckets in other.latency.items():
            mine = self.latency.setdefault(path, [0] * (len(BUCKETS) + 1))
            self.latency[path] = [one + two for one, two in zip(mine, buckets, strict=True)]
        self.dropped += other.dropped


class Metrics:
    """The counts of a worker.

    Args:
        project: The project.
        folder: Where the workers of a server tell each other their counts; None for a worker by itself.
    """

    def __init__(self, project: str, folder: Path | None = None) -> None:
        self._project = project
        self._folder = folder
        self._own = Counts()
        self._known: dict[tuple[str, int], str] = {}

    def count_request(self, path: str, status: int, seconds: float) -> None:
        """Count a request that has been answered."""
        own = self._own
        key = self._known.get((path, status))
        if key is None:
            key = self._known[path, status] = f"{path}\t{status}"
            own.latency.setdefault(path, [0] * (len(BUCKETS) + 1))
            own.seconds.setdefault(path, 0.0)
        own.requests[key] += 1
        own.latency[path][bisect_left(BUCKETS, seconds)] += 1
        own.seconds[path] += seconds

    def count_rows(self, version: str, role: str, rows: int) -> None:
        """Count rows that were answered."""
        self._own.rows[f"{version}\t{role}"] += rows

    def count_failure(self, column: str, check: str) -> None:
        """Count a row that got an error, under the first thing that is wrong with it."""
        self._own.failures[f"{column}\t{check}"] += 1

    def count_dropped(self) -> None:
        """Count shadow answers that were left out because the server had no time for them."""
        self._own.dropped += 1

    def share(self) -> None:
        """Tell the other workers what was counted; that it cannot be told is no reason to stop."""
        if self._folder is None:
            return
        own = self._own
        said = {name: getattr(own, name) for name in Counts.__slots__}
        place = self._folder / f"{os.getpid()}.json"
        with suppress(OSError):
            draft = place.with_suffix(".part")
            draft.write_bytes(orjson.dumps(said))
            draft.replace(place)

    def total(self) -> Counts:
        """The counts of all workers, ended ones too."""
        total = Counts()
        total.add(self._own)
        if self._folder is None:
            return total
        for place in self._folder.glob("*.json"):
            if place.stem != str(os.getpid()):
                with suppress(OSError, orjson.JSONDecodeError):
                    total.add(_counts_from(orjson.loads(place.read_bytes())))
        return total

    def to_text(self, gauges: Mapping[str, float], version: Mapping[str, str]) -> bytes:
        """All figures in Prometheus' text form.

        Args:
            gauges: Figures as they are now, by name.
            version: What is said of the version that answers.
        """
        total, lines = self.total(), _Lines(self._project)
        lines.head("requests_total", "counter", "Requests by path and status.")
        for key, count in sorted(total.requests.items()):
            path, status = key.split("\t")
            lines.line("requests_total", count, path=path, status=status)
        lines.head("request_seconds", "histogram", "Time from the request's head to its answer.")
        for path, buckets in sorted(total.latency.items()):
            lines.histogram("request_seconds", buckets, total.seconds[path], path=path)
        lines.head("rows_total", "counter", "Answered rows by version and role.")
        for key, count in sorted(total.rows.items()):
            answered, role = key.split("\t")
            lines.line("rows_total", count, version=answered, role=role)
        lines.head("failures_total", "counter", "Rows that got an error, by column and check.")
        for key, count in sorted(total.failures.items()):
            column, check = key.split("\t")
            lines.line("failures_total", count, column=column, check=check)
        lines.head("shadow_dropped_total", "counter", "Requests that the shadow did not see for want of time.")
        lines.line("shadow_dropped_total", total.dropped)
        lines.head("model_info", "gauge", "The version that answers.")
        lines.line("model_info", 1 if version else 0, **version)
        for name, value in gauges.items():
            lines.head(name, "gauge", "As it is now, in this worker.")
            lines.line(name, value)
        return lines.text()


class _Lines:
    def __init__(self, project: str) -> None:
        self._project = project
        self._lines: list[str] = []

    def head(self, name: str, kind: str, what: str) -> None:
        self._lines += [f"# HELP {_PREFIX}{name} {what}", f"# TYPE {_PREFIX}{name} {kind}"]

    def line(self, name: str, value: float, **labels: str) -> None:
        told = ",".join(f'{label}="{_escape(text)}"' for label, text in {"project": self._project, **labels}.items())
        self._lines.append(f"{_PREFIX}{name}{{{told}}} {value!r}")

    def histogram(self, name: str, buckets: list[int], seconds: float, **labels: str) -> None:
        reached = 0
        for end, count in zip((*map(repr, BUCKETS), "+Inf"), buckets, strict=True):
            reached += count
            self.line(f"{name}_bucket", reached, **labels, le=end)
        self.line(f"{name}_sum", float(seconds), **labels)
        self.line(f"{name}_count", reached, **labels)

    def text(self) -> bytes:
        return ("\n".join(self._lines) + "\n").encode(errors="replace")


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _counts_from(said: Mapping[str, Any]) -> Counts:
    plain = {name: Counter(said[name]) for name in _COUNTERS}
    return Counts(**plain, latency=dict(said["latency"]), seconds=dict(said["seconds"]), dropped=int(said["dropped"]))

"""Uptime: for which share of the time since its first start a server was there.

The time after a stop that somebody has asked for is left out, until the next start; what follows a killed or hanging
server counts as down. Which stretches there are is known by `serving/heartbeats`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ml_lifecycle.serving.heartbeats import TOLERANCE, ServedStretch


@dataclass(frozen=True, slots=True)
class Uptime:
    """What was heard of the servers of a project.

    Args:
        up: Time in which at least one worker served a version.
        down: Time in which none did, although none was asked to stop.
        outages: How often that began.
        starts: Stretches that were heard of.
    """

    up: timedelta
    down: timedelta
    outages: int
    starts: int

    @property
    def share(self) -> float:
        """Up, as a share of up and down; NaN where nothing was heard."""
        whole = self.up + self.down
        return self.up / whole if whole else float("nan")


def assess_uptime(
    stretches: Sequence[ServedStretch], start: datetime, end: datetime, *, tolerance: timedelta = TOLERANCE
) -> Uptime:
    """Add up in which time a project was served.

    Args:
        stretches: What was heard of its workers; those without a version did not serve.
        start: The first moment that counts; naive UTC. The time before the first stretch does not.
        end: The moment after the last.
        tolerance: How long after its last beat a worker may still have been there.
    """
    served = sorted((item for item in stretches if item.version and item.began < end), key=lambda item: item.began)
    blocks = _blocks(served, tolerance)
    up = down = timedelta(0)
    outages = 0
    for place, (began, left, stopped) in enumerate(blocks):
        up += _within(began, left, start, end)
        next_start = blocks[place + 1][0] if place + 1 < len(blocks) else end
        missing = _within(left, next_start, start, end)
        if not stopped and missing > tolerance:
            down += missing
            outages += 1
    return Uptime(up, down, outages, len(served))


def _blocks(served: Sequence[ServedStretch], tolerance: timedelta) -> list[tuple[datetime, datetime, bool]]:
    """Stretches that touch each other as one: its beginning, its end, and whether the end was asked for."""
    blocks: list[tuple[datetime, datetime, bool]] = []
    for item in served:
        reach = tolerance if not (blocks and blocks[-1][2]) else timedelta(0)
        if blocks and item.began <= blocks[-1][1] + reach:
            began, left, stopped = blocks[-1]
            later = item.seen > left
            blocks[-1] = (began, item.seen if later else left, item.stopped if later else stopped)
        else:
            blocks.append((item.began, item.seen, item.stopped))
    return blocks


def _within(began: datetime, left: datetime, start: datetime, end: datetime) -> timedelta:
    return max(min(left, end) - max(began, start), timedelta(0))

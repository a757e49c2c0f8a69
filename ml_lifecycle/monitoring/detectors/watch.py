"""Concept drift over windows: the chosen detectors on the reference, the past and the window, in this order.

Everything is found anew from sums that are stored with each window: which window is computed when, and how often, makes
no difference. What an alarm means for retraining is decided in `retraining`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml_lifecycle.config.performance import PerformanceConfig
from ml_lifecycle.monitoring.detectors import adwin, ddm, page_hinkley
from ml_lifecycle.monitoring.detectors.blocks import NO_BLOCKS, Blocks, Change

#: ADWIN's bound is so wide that with a `delta` of so many times the wanted rate windows of any size stay below the rate
#: on stationary losses (measured, see the tests); and the largest `delta`.
_GENEROUS, _MOST = 4.0, 0.5


@dataclass(frozen=True, slots=True)
class Watched:
    """What the detectors say of a window.

    Args:
        drifted: Whether one of them says that the loss has risen, and it has not come down again.
        said: The detectors that do, with the rise in the units of the loss.
    """

    drifted: bool
    said: dict[str, float]


def watch_losses(
    window: Blocks, config: PerformanceConfig, *, reference: Blocks = NO_BLOCKS, past: Blocks = NO_BLOCKS
) -> Watched:
    """Ask the detectors about a window.

    Half of `false_alarm_rate` is theirs (the other is that of the interval of the metric), in equal parts. A rise that
    was seen earlier still counts while the window's losses are nearer to the level after it than to that before it:
    the model does not get better by our having noticed.

    Args:
        window: Losses of the window, scaled to lie between 0 and 1.
        config: Detectors, their rate, and how much past they see.
        reference: Losses on the test split.
        past: Losses of earlier windows of the same model version, oldest first.
    """
    if len(window) == 0 or not config.detectors:
        return Watched(drifted=False, said={})
    earlier = past.newest(config.detector_rows)
    losses = reference.then(earlier).then(window)
    new, chance = len(losses) - len(window), config.false_alarm_rate / 2 / len(config.detectors)
    said: dict[str, float] = {}
    for name in config.detectors:
        rise = _lasting_rise(losses, _changes(name, losses, window, config, chance), new)
        if rise > 0:
            said[name] = rise
    return Watched(bool(said), said)


def _changes(name: str, losses: Blocks, window: Blocks, config: PerformanceConfig, chance: float) -> Sequence[Change]:
    """All changes; after each the detector starts over with what came after it."""
    found: list[Change] = []
    start = 0
    while True:
        change = _first(name, losses.cut(start), window, config, chance)
        if change is None:
            return found
        found.append(Change(start + change.seen, start + change.begun, change.rise))
        start += change.begun


def _first(name: str, losses: Blocks, window: Blocks, config: PerformanceConfig, chance: float) -> Change | None:
    if name == "adwin":
        return adwin.find_change(losses, min(_GENEROUS * chance, _MOST))
    if name == "ddm":
        return ddm.find_change(losses, chance)
    return page_hinkley.find_change(losses, chance, rows=window.rows, slack=config.detector_slack)


def _lasting_rise(losses: Blocks, changes: Sequence[Change], new: int) -> float:
    """How far the window lies above the level before the first rise, if nearer to the level after it; else 0."""
    rises = [change for change in changes if change.rise > 0]
    if not rises:
        return 0.0
    before = losses.cut(0, rises[0].begun).mean
    present = losses.cut(max(new, rises[-1].begun)).mean
    highest = max(losses.cut(change.begun, change.seen + 1).mean for change in rises)
    return present - before if present - before > (highest - before) / 2 else 0.0

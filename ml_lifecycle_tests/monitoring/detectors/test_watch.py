"""Tests of `ml_lifecycle.monitoring.detectors.watch`: detectors over windows."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import pytest

from ml_lifecycle.config.performance import PerformanceConfig
from ml_lifecycle.monitoring.detectors.blocks import NO_BLOCKS, Blocks
from ml_lifecycle.monitoring.detectors.watch import watch_losses

Name: TypeAlias = Literal["adwin", "ddm", "page_hinkley"]
NAMES: tuple[Name, ...] = ("adwin", "ddm", "page_hinkley")
REFERENCE = Blocks.level(0.5, np.sqrt(1 / 12), 2_000)


def _stream(levels: list[float], names: tuple[Name, ...], seed: int, rows: int = 1_000) -> list[bool]:
    """What is said of windows whose losses lie about these levels, one after another."""
    generator, past, said = np.random.default_rng(seed), NO_BLOCKS, []
    config = PerformanceConfig(detectors=names)
    for level in levels:
        window = Blocks.of(generator.random(rows) + level - 0.5)
        said.append(watch_losses(window, config, reference=REFERENCE, past=past).drifted)
        past = past.then(window)
    return said


@pytest.mark.parametrize("names", [("adwin",), ("ddm",), ("page_hinkley",), NAMES])
def test_stationary_losses_are_seldom_called_drift(names: tuple[Name, ...]) -> None:
    """At most half the rate that the YAML asks for; the other half belongs to the interval of the metric."""
    said = [_stream([0.5] * 10, names, seed) for seed in range(12)]
    assert np.mean(said) <= PerformanceConfig().false_alarm_rate / 2


@pytest.mark.parametrize("name", NAMES)
def test_a_rise_of_half_a_deviation_is_found_at_once_and_lasts(name: Name) -> None:
    """In the first window in most streams, and still said in the third: nothing has become better."""
    said = np.array([_stream([0.5, 0.5, 0.65, 0.65, 0.65], (name,), seed) for seed in range(10)])
    assert said[:, 2].mean() >= 0.9
    assert said[:, 4].mean() >= 0.9


def test_what_has_come_down_again_is_over() -> None:
    """A rise that is gone is no drift any more."""
    assert _stream([0.5, 0.7, 0.5], ("adwin",), 0) == [False, True, False]


def test_small_rises_add_up_over_windows() -> None:
    """A fifth of a deviation in windows of 100 rows: found after many of them, not in the first."""
    said = _stream([0.56] * 30, ("page_hinkley",), 1, rows=100)
    assert not said[0]
    assert said[-1]


def test_a_window_computed_again_says_the_same() -> None:
    """All follows from stored sums: order and number of computations make no difference."""
    past = Blocks.from_text(Blocks.of(np.random.default_rng(0).random(500)).to_text())
    window = Blocks.of(np.random.default_rng(1).random(500) + 0.2)
    found = [watch_losses(window, PerformanceConfig(), reference=REFERENCE, past=past) for _ in range(2)]
    assert found[0] == found[1]
    assert found[0].said["adwin"] == pytest.approx(0.2, abs=0.05)


def test_nobody_watches_where_nobody_is_asked() -> None:
    """No detectors, or no losses."""
    window = Blocks.of(np.full(100, 0.9))
    assert not watch_losses(window, PerformanceConfig(detectors=()), reference=REFERENCE).drifted
    assert not watch_losses(NO_BLOCKS, PerformanceConfig(), reference=REFERENCE).drifted

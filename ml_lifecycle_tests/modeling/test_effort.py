"""What work costs is measured while it is done, also when it fails."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest

from ml_lifecycle.modeling.effort import Effort, measure_effort


def _burn(seconds: float) -> None:
    began = time.process_time()
    while time.process_time() - began < seconds:
        sum(range(1000))


def test_time_and_cost_are_measured() -> None:
    """A tenth of a second of one core costs what the price says."""
    with measure_effort(price_per_core_hour=3600) as meter:
        _burn(0.1)
    effort = meter.read()
    assert 0.08 < effort.cpu_seconds < 1
    assert effort.wall_seconds > 0.08
    assert effort.cost == pytest.approx(effort.cpu_seconds)


def test_waiting_costs_no_processor_time() -> None:
    """Wall time and processor time differ."""
    with measure_effort() as meter:
        time.sleep(0.1)
    assert meter.read().wall_seconds >= 0.1
    assert meter.read().cpu_seconds < 0.1


def test_children_that_have_ended_count() -> None:
    """Workers in processes of their own are paid for too."""
    with measure_effort() as meter:
        subprocess.run([sys.executable, "-c", "sum(range(5_000_000))"], check=True)
    assert meter.read().cpu_seconds > 0.02


def test_a_peak_is_seen_although_it_is_gone_at_the_end() -> None:
    """Memory that was given back before the end still counts; a later block does not inherit it."""
    with measure_effort() as first:
        block = np.ones(12_000_000)  # 92 MiB
        time.sleep(0.2)
        del block
    with measure_effort() as second:
        _burn(0.01)
    assert first.read().peak_memory_mib > second.read().peak_memory_mib + 60


def test_a_block_that_fails_is_measured() -> None:
    """The error goes on, the figures stay."""
    with pytest.raises(ValueError, match="no"), measure_effort() as meter:  # noqa: PT012 - the block is the point
        _burn(0.02)
        raise ValueError("no")
    assert meter.read().cpu_seconds > 0.01
    assert meter.read() == meter.read()


def test_metrics_carry_their_prefix() -> None:
    """MLflow's names begin with what was measured."""
    assert Effort(1, 2, 3, 4).as_metrics("search") == {
        "search.wall_seconds": 1,
        "search.cpu_seconds": 2,
        "search.peak_memory_mib": 3,
        "search.cost": 4,
    }


def test_without_samples_the_peak_of_the_process_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without /proc still answers."""
    from pathlib import Path

    from ml_lifecycle.modeling import effort

    monkeypatch.setattr(effort, "_STATM", Path("/nowhere"))
    with measure_effort() as meter:
        pass
    assert meter.read().peak_memory_mib > 1

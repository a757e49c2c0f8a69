"""Tests of the three detectors: what they say of a jump, of a fall, and of losses that stay as they are."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lifecycle.monitoring.detectors import adwin, ddm, page_hinkley
from ml_lifecycle.monitoring.detectors.blocks import Blocks, Change


def _losses(rows: int, jump: float, *, seed: int = 0) -> Blocks:
    values = np.random.default_rng(seed).random(rows) * 0.5
    values[rows // 2 :] += jump
    return Blocks.of(values)


def _find(name: str, losses: Blocks) -> Change | None:
    if name == "adwin":
        return adwin.find_change(losses, 0.05)
    if name == "ddm":
        return ddm.find_change(losses, 0.05)
    return page_hinkley.find_change(losses, 0.05, rows=losses.rows, slack=0.1)


@pytest.mark.parametrize("name", ["adwin", "ddm", "page_hinkley"])
def test_a_jump_is_found_soon_after_it(name: str) -> None:
    """Half a standard deviation and more: within a few blocks, and not before it."""
    losses = _losses(2_000, 0.3)
    found = _find(name, losses)
    assert found is not None
    assert len(losses) // 2 <= found.seen <= len(losses) // 2 + 6
    assert abs(found.begun - len(losses) // 2) <= 2
    assert found.rise == pytest.approx(0.3, abs=0.15)


@pytest.mark.parametrize("name", ["adwin", "ddm", "page_hinkley"])
def test_losses_that_stay_or_are_too_few_are_no_change(name: str) -> None:
    """Stationary, constant, one block, nothing."""
    assert _find(name, _losses(2_000, 0.0)) is None
    assert _find(name, Blocks.of(np.full(500, 0.2))) is None
    assert _find(name, Blocks.of(np.array([0.1, 0.9]))) is None


def test_only_adwin_says_that_losses_fell() -> None:
    """It has to start over after a recovery; to the others a fall is no reason for alarm."""
    losses = _losses(2_000, -0.3)
    found = _find("adwin", losses)
    assert found is not None
    assert found.rise < 0
    assert _find("ddm", losses) is None
    assert _find("page_hinkley", losses) is None


def test_the_threshold_of_page_and_hinkley_gives_its_run_length() -> None:
    """Siegmund's mean run length with this threshold is rows over chance."""
    reach = 2 * 0.1 * (page_hinkley.threshold_of(0.05, 1_000, 0.1) + 1.166)
    assert (np.exp(reach) - reach - 1) / (2 * 0.1**2) == pytest.approx(1_000 / 0.05, rel=1e-6)

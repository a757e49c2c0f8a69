"""The gates keep to their error rates in simulations with known truth; `benchmarks/gates.py` counts more of them."""

import pytest

from ml_lifecycle_tests.benchmarks import gates

_QUICK = ("roc_auc by DeLong", "log_loss", "log_loss in groups", "accuracy", "rmse", "ndcg@10")
_REPEATS, _RESAMPLES = 200, 100


@pytest.mark.parametrize("name", _QUICK)
def test_what_is_no_better_is_seldom_promoted(name: str) -> None:
    """Of candidates that are exactly as good as the champion at most 5 % are promoted, beyond the chance of 200."""
    found = gates.count_promoted(gates.WORLDS[name], 100, gates.NOISE, repeats=_REPEATS, resamples=_RESAMPLES)
    assert found.low <= gates.ALPHA


@pytest.mark.parametrize("name", _QUICK)
def test_what_is_better_by_the_declared_gain_is_promoted(name: str) -> None:
    """On as many rows as the power calculation asks for, at least 80 % of better candidates are promoted."""
    world = gates.WORLDS[name]
    gain = gates.true_gain(world, gates.LESS)
    rows = gates.plan(world, gates.LESS, gain)
    found = gates.count_promoted(world, rows, gates.LESS, repeats=_REPEATS, resamples=_RESAMPLES)
    assert gain > 0
    assert found.high >= gates.POWER


def test_what_is_better_by_just_the_margin_is_seldom_promoted() -> None:
    """The margin is the border: a gain of exactly that size is not more than it."""
    world = gates.WORLDS["rmse"]
    gain = gates.true_gain(world, gates.LESS)
    found = gates.count_promoted(world, 300, gates.LESS, margin=gain, repeats=_REPEATS, resamples=_RESAMPLES)
    assert found.low <= gates.ALPHA


@pytest.mark.parametrize(("noise", "low", "high"), [(gates.NOISE, 0.0, 0.1), (gates.LESS, 0.75, 1.0)])
def test_the_baseline_gate_keeps_the_same_rates(noise: float, low: float, high: float) -> None:
    """A model as good as the baseline seldom passes, a better one mostly does."""
    found = gates.count_promoted(
        gates.WORLDS["log_loss"], 640, noise, gate=gates.beat_baseline, repeats=_REPEATS, resamples=_RESAMPLES
    )
    assert low <= found.value <= high

"""The product's policy of retraining on public tables in time order; `benchmarks/policies.py` runs them whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml_lifecycle_tests.benchmarks.policies import courses
from ml_lifecycle_tests.benchmarks.streams import replay

pytestmark = pytest.mark.real


@pytest.mark.parametrize(("name", "rows"), [("bike", 5_000), ("bank", 16_000), ("elec2", 16_000)])
def test_a_quarter_of_the_trainings_costs_little(name: str, rows: int, data: Path) -> None:
    """On a part of the table: near the loss of training after every window, and far below that of never training."""
    found = courses(replay(name, data, first=rows), rounds=30)
    every, ours = found["every window"], found["ours"]
    assert len(ours.trainings) <= 0.25 * len(every.trainings) + 1
    assert ours.loss <= 1.1 * every.loss
    assert ours.loss <= found["never"].loss

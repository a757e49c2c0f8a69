"""Columns that together make the target are found, and only they."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.discovery.risks.combinations import find_combinations
from ml_lifecycle_tests.discovery.risks.tables import people, prices, read

RANDOM = np.random.default_rng(3)


def _positive() -> pd.DataFrame:
    frame = prices()
    return frame.assign(y=(frame["y"] - frame["y"].min() + 100).round(2))


def _parts(how: str) -> pd.DataFrame:
    frame = _positive()
    y, share, other = frame["y"], RANDOM.uniform(0.1, 0.9, len(frame)), RANDOM.uniform(0.1, 0.9, len(frame))
    unit = RANDOM.uniform(1, 9, len(frame)).round(2)
    made: dict[str, dict[str, Any]] = {
        "sum": {"a": y * share, "b": y * (1 - share)},
        "sum of three": {"a": y * share, "b": y * (1 - share) * other, "c": y * (1 - share) * (1 - other)},
        "difference": {"a": y + unit, "b": unit},
        "product": {"a": unit, "b": y / unit},
        "ratio": {"a": y * unit, "b": unit},
        "discount": {"a": y / (1 - share), "b": share},
    }
    return frame.assign(**made[how])


@pytest.mark.parametrize("how", ["sum", "sum of three", "difference", "product", "ratio", "discount"])
def test_parts_of_an_amount(how: str) -> None:
    """The parts are named, and nothing that is not one."""
    frame = _parts(how)
    (found,) = find_combinations(read(frame, "regression"))
    assert set(found.columns) == set(frame.columns) - set(prices().columns)
    assert found.confidence >= 90


def test_a_border_between_two_columns() -> None:
    """What was needed against what was planned decides the class."""
    frame = people()
    planned = RANDOM.uniform(10, 90, len(frame))
    needed = planned + np.where(frame["y"] == "yes", 1, -1) * RANDOM.gamma(2, 8, len(frame))
    (found,) = find_combinations(read(frame.assign(planned=planned, needed=needed)))
    assert found.name == "target_parts:planned+needed"
    assert found.confidence >= 80


def test_an_honest_amount_has_no_parts() -> None:
    """Noise of the size that life has is enough."""
    assert not list(find_combinations(read(prices(), "regression")))
    assert not list(find_combinations(read(people())))

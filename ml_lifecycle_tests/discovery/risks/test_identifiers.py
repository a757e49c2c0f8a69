"""Columns that name rows are found; amounts that happen to be different in every row are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ml_lifecycle.discovery.risks.identifiers import find_identifiers
from ml_lifecycle_tests.discovery.risks.tables import ROWS, people, read

RANDOM = np.random.default_rng(11)


@pytest.mark.parametrize(
    "values",
    [
        np.arange(ROWS),
        RANDOM.permutation(ROWS) + 5_000,
        RANDOM.choice(20 * ROWS, ROWS, replace=False),
        [f"K-{code:06d}" for code in RANDOM.choice(10**6, ROWS, replace=False)],
    ],
    ids=["counter", "shuffled", "drawn without repetition", "codes"],
)
def test_identifiers(values: Any) -> None:
    """Whatever they are called."""
    found = list(find_identifiers(read(people().assign(v=values))))
    assert [finding.name for finding in found if finding.confidence >= 80] == ["identifier:v"]


@pytest.mark.parametrize(
    "values",
    [
        RANDOM.normal(size=ROWS),
        RANDOM.integers(0, 20 * ROWS, ROWS),
        (np.exp(RANDOM.normal(12, 1, ROWS))).round(),
        [f"they said {a} and then {b}" for a, b in zip(RANDOM.random(ROWS), RANDOM.random(ROWS), strict=True)],
    ],
    ids=["amounts", "whole numbers", "salaries", "remarks"],
)
def test_no_identifiers(values: Any) -> None:
    """As many equal values as chance gives, or sentences."""
    assert not [f for f in find_identifiers(read(people().assign(v=values))) if f.confidence >= 80]

"""Columns that name rows are found; amounts that happen to be different in every row are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
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


def test_addresses_names_and_repeated_rows() -> None:
    """An address or a name of each row's own names it, and some rows entered twice do not hide that."""
    frame = people()
    codes = np.random.default_rng(0).permutation(len(frame))
    frame = frame.assign(
        mail=[f"user{code}@example.com" for code in codes],
        who=[f"Anna{code % 77} Smith{code}" for code in codes],
        ref=np.random.default_rng(0).choice(len(frame) * 40, len(frame), replace=False) + 100_000,
    )
    twice = pd.concat([frame, frame.iloc[:40]], ignore_index=True)
    found = {finding.columns[0] for finding in find_identifiers(read(twice)) if finding.confidence >= 80}
    assert found == {"mail", "who", "ref"}


def test_amounts_that_repeat_by_chance_are_no_names() -> None:
    """Only rows that are equal throughout are set aside."""
    frame = people()
    frame["amount"] = np.random.default_rng(0).integers(10_000, 90_000, len(frame))
    assert not list(find_identifiers(read(frame)))

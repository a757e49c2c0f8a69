"""Parts of an amount are found although some rows are wrong, rounded or without a part."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.discovery.risks.combinations import find_combinations
from ml_lifecycle_tests.discovery.risks.tables import people, prices, read

RANDOM = np.random.default_rng(4)


def _made(how: str) -> pd.DataFrame:
    frame = prices()
    y = (frame["y"] - frame["y"].min() + 100).round(2)
    rows = len(frame)
    part = y * RANDOM.uniform(0.1, 0.9, rows)
    other, first = y - part, RANDOM.random(rows) < 0.5
    if how == "3% wrong":
        return frame.assign(y=y, a=part, b=other.where(RANDOM.random(rows) > 0.03, RANDOM.permutation(other)))
    if how == "60% missing":
        return frame.assign(y=y, a=part, b=other.where(RANDOM.random(rows) > 0.6))
    if how == "rounded":
        return frame.assign(y=y.round(-2), a=part, b=other)
    if how == "logarithm":
        return frame.assign(y=np.log1p(y), a=part, b=other)
    if how == "discount":
        count, less = RANDOM.integers(1, 9, rows), RANDOM.choice([0.0, 0.1, 0.2], rows)
        return frame.assign(y=y, a=count, b=less, c=y / count / (1 - less))
    low = y * RANDOM.uniform(0.2, 1, rows)
    return frame.assign(y=y, a=y.where(first, low), b=low.where(first, y))


@pytest.mark.parametrize("how", ["3% wrong", "60% missing", "rounded", "logarithm", "discount", "the larger"])
def test_rough_parts_of_an_amount(how: str) -> None:
    """The parts are named, and nothing that is not one."""
    frame = _made(how)
    (found,) = find_combinations(read(frame, "regression"))
    assert set(found.columns) == set(frame.columns) - set(prices().columns)
    assert found.confidence >= 82


def test_the_change_since_the_last_row_is_named_and_the_last_row_is_not() -> None:
    """A lag is known; what is added to it is not."""
    frame = prices()
    last = frame["y"].shift(1)
    (found,) = find_combinations(
        read(frame.assign(last=last, change=frame["y"] - last), "regression"), lags=frozenset({"last"})
    )
    assert found.columns == ("change",)


def test_a_limit_of_a_sum_decides_the_class() -> None:
    """One part alone says nearly all already."""
    random = np.random.default_rng(0)
    small, large = random.integers(0, 120, 3_000), random.integers(0, 400, 3_000)
    frame = people(3_000).assign(small=small, large=large, y=np.where(small + large > 200, "busy", "calm"))
    (found,) = find_combinations(read(frame))
    assert found.name == "target_parts:small+large"


def test_a_nearly_exact_honest_line_has_no_rough_parts() -> None:
    """Two in a hundred of the spread are noise enough."""
    frame = prices()
    noise = np.random.default_rng(1).normal(0, 0.02 * frame["y"].std(), len(frame))
    assert not list(find_combinations(read(frame.assign(y=frame["income"] + 30 * frame["age"] + noise), "regression")))


def test_a_heavy_tail_does_not_make_all_rows_equal() -> None:
    """A few huge amounts do not widen what counts as equal."""
    random = np.random.default_rng(2)
    frame = prices().assign(y=np.exp(random.normal(0, 4, 1_500)))
    assert not list(find_combinations(read(frame, "regression")))

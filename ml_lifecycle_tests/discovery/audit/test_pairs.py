"""Pairs of columns that say the same."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lifecycle.discovery.audit.audit import audit_rows
from ml_lifecycle.discovery.audit.pairs import correlation_ratio, cramers_v
from ml_lifecycle_tests.discovery.audit.tables import NOW, find, make_clean


def test_numbers_categories_and_both() -> None:
    """A linear copy, a monotonous one, a coarser category, a number that follows from a category."""
    frame = make_clean(1000)
    zones = {f"region {number}": "north" if number < 3 else "south" for number in range(8)}
    frame = frame.assign(
        cents=-100 * frame["amount"],
        sigma=np.exp(frame["balance"] / 400),
        zone=frame["region"].map(zones),
        rank=frame["channel"].map({"web": 1.0, "shop": 5.0, "call": 7.0}),
    )
    found = find(frame)
    assert set(found) == {
        "correlated:amount+cents",
        "correlated:balance+sigma",
        "correlated:region+zone",
        "correlated:channel+rank",
    }
    assert "Pearson -1" in found["correlated:amount+cents"].text
    assert "Spearman" in found["correlated:balance+sigma"].text
    assert "rank follows from channel" in found["correlated:channel+rank"].text


def test_columns_that_hang_together_are_one_finding() -> None:
    """With the strongest pair named."""
    frame = make_clean()
    frame = frame.assign(a=frame["balance"] * 2, b=frame["balance"] + 1)
    assert find(frame)["correlated:balance+a+b"].figures["pairs"] == 3


def test_missing_cells_do_not_hide_a_pair() -> None:
    """Each pair is measured over the rows that have both."""
    frame = make_clean(1000)
    frame = frame.assign(copy=frame["balance"].where(np.arange(1000) % 30 != 0))
    assert "correlated:balance+copy" in find(frame)


def test_the_target_is_in_the_table_and_in_no_finding() -> None:
    """What gives it away is the risk assessment's business."""
    frame = make_clean()
    frame["hint"] = frame["bought"].map({"yes": 1.0, "no": 0.0})
    audit = audit_rows(frame, target="bought", now=NOW)
    assert not audit.findings
    assert audit.pairs.iloc[0][["one", "other"]].tolist() == ["bought", "hint"]


@pytest.mark.parametrize("levels", [2, 20, 60])
def test_chance_is_taken_off(levels: int) -> None:
    """Many categories on few rows would look associated without the correction."""
    draw = np.random.default_rng(levels)
    one, other = draw.integers(0, levels, (2, 500))
    counts = np.bincount(one * levels + other, minlength=levels**2).reshape(levels, levels)
    assert cramers_v(counts) < 0.25
    assert correlation_ratio(one, draw.normal(size=500), levels) < 0.25

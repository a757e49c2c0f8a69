"""Copies with gaps or wrong rows are found, and honest columns that are often the same are not sure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.discovery.risks.copies import find_copies
from ml_lifecycle_tests.discovery.risks.tables import people, prices, read

RANDOM = np.random.default_rng(5)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_copy_with_most_cells_missing(task: str) -> None:
    """It is judged where it is filled."""
    frame = people() if task == "classification" else prices()
    copy = frame["y"].where(RANDOM.random(len(frame)) > 0.6)
    (found,) = find_copies(read(frame.assign(again=copy), task))
    assert found.name == "target_copy:again"
    assert found.confidence >= 90


def test_a_copy_with_one_row_in_ten_wrong() -> None:
    """The other nine lie on one line."""
    frame = prices()
    wrong = RANDOM.random(len(frame)) < 0.1
    (found,) = find_copies(
        read(frame.assign(again=frame["y"].where(~wrong, RANDOM.permutation(frame["y"]))), "regression")
    )
    assert found.confidence >= 85


def test_an_asking_price_that_half_of_the_sales_keep_to_is_not_reported() -> None:
    """What is often the same in the end was known before."""
    frame = prices()
    kept = RANDOM.random(len(frame)) < 0.5
    asked = frame["y"].where(kept, frame["y"] * RANDOM.uniform(1, 1.3, len(frame)))
    assert all(found.confidence < 80 for found in find_copies(read(frame.assign(asked=asked), "regression")))


@pytest.mark.parametrize("form", ["USD {:,.2f}", "{:,.2f}", "{:.2f} EUR", "paid {:.2f} by card 12"])
def test_an_amount_written_as_text(form: str) -> None:
    """The number inside the text is read."""
    frame = prices()
    (found,) = find_copies(read(frame.assign(again=[form.format(value) for value in frame["y"]]), "regression"))
    assert found.name == "target_copy:again"


def test_a_last_result_that_few_have_is_honest() -> None:
    """Four in five agree with the outcome: a habit, no copy."""
    frame = people()
    same = RANDOM.random(len(frame)) < 0.6
    last = pd.Series(np.where(same, frame["y"], RANDOM.permutation(frame["y"]))).where(RANDOM.random(len(frame)) < 0.4)
    assert not list(find_copies(read(frame.assign(last=last))))

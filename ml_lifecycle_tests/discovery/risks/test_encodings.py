"""Means and sums that hold the row's own target are found; those of earlier rows are honest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.discovery.risks.encodings import find_encodings
from ml_lifecycle_tests.discovery.risks.tables import people, prices, read

SUBJECTS = np.random.default_rng(6).integers(0, 300, 1_500)


def _values(task: str) -> tuple[pd.DataFrame, pd.Series]:
    frame = people() if task == "classification" else prices()
    return frame, (frame["y"] == "yes").astype(float) if task == "classification" else frame["y"]


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("how", ["mean", "rounded mean", "other rows", "running sum", "running mean", "to come"])
def test_the_own_target_is_in_it(task: str, how: str) -> None:
    """Every way to count it in is found."""
    frame, values = _values(task)
    by_subject = values.groupby(SUBJECTS)
    sums, counts = by_subject.transform("sum"), by_subject.transform("count")
    made = {
        "mean": by_subject.transform("mean"),
        "rounded mean": by_subject.transform("mean").round(4),
        "other rows": (sums - values) / (counts - 1),
        "running sum": by_subject.cumsum(),
        "running mean": by_subject.cumsum() / (by_subject.cumcount() + 1),
        "to come": sums - by_subject.cumsum(),
    }
    table = read(frame.assign(subject=[f"s{code}" for code in SUBJECTS], level=made[how]), task)
    assert [found.name for found in find_encodings(table)] == ["target_leak:level"]


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_earlier_rows_are_honest(task: str) -> None:
    """Sums, means and counts of what was before leave the row's own target open."""
    frame, values = _values(task)
    by_subject = values.groupby(SUBJECTS)
    before = by_subject.cumsum() - values
    honest = frame.assign(
        subject=SUBJECTS,
        spent=before,
        mean=before / by_subject.cumcount().clip(lower=1),
        count=by_subject.cumcount(),
        last=by_subject.shift(1),
        all_before=values.cumsum() - values,
    )
    assert not list(find_encodings(read(honest, task)))

"""Tests of `ml_lifecycle.evaluation.comparison.held_out`."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.evaluation.comparison.held_out import divide_rows

_SPLITS = ("train", "validation", "test", "unlabeled", "gap")


def _rows(**splits: str) -> pd.DataFrame:
    """`_row_id` and `_split` of rows given as `r1="train"`."""
    ids = [int(name.removeprefix("r")) for name in splits]
    return pd.DataFrame({"_row_id": ids, "_split": list(splits.values())})


def test_a_random_split_keeps_the_old_test_rows_and_adds_new_ones() -> None:
    """What was test stays test, and both models are new to it."""
    then = _rows(r1="train", r2="validation", r3="test")
    found = divide_rows(_rows(r1="train", r2="validation", r3="test", r4="test", r5="train"), then)
    assert found.fair.tolist() == [3, 4]
    assert found.newest.tolist() == [4]
    assert found.old.tolist() == found.tested.tolist() == [3]
    assert found.unseen.tolist() == [4, 5]
    assert found.notes == ()


def test_a_test_that_moves_on_in_time_leaves_no_old_rows() -> None:
    """The candidate has learnt from them, so that its figures there would prove nothing."""
    then = _rows(r1="train", r2="validation", r3="test")
    found = divide_rows(_rows(r1="train", r2="train", r3="train", r4="validation", r5="test"), then)
    assert found.newest.tolist() == found.fair.tolist() == [5]
    assert found.old.tolist() == []
    assert found.tested.tolist() == [3]
    assert "1 of the old test rows are left out" in found.notes[0]


def test_a_changed_split_does_not_let_the_champion_be_judged_on_what_it_learnt() -> None:
    """As after another seed."""
    then = _rows(r1="train", r2="validation", r3="test")
    found = divide_rows(_rows(r1="test", r2="train", r3="test"), then)
    assert found.fair.tolist() == [3]
    assert found.test_learnt == 1


def test_a_row_whose_outcome_has_come_since_is_new() -> None:
    """Nothing had learnt from it."""
    found = divide_rows(_rows(r1="test", r2="train"), _rows(r1="unlabeled", r2="train"))
    assert found.newest.tolist() == [1]


def test_without_a_record_of_the_champions_rows_the_test_is_taken_and_it_is_said() -> None:
    """Housekeeping may have removed it."""
    found = divide_rows(_rows(r1="train", r2="test"), None)
    assert found.fair.tolist() == [2]
    assert not len(found.old)
    assert "no longer on record" in found.notes[0]


@given(
    st.lists(st.sampled_from(_SPLITS), min_size=1, max_size=12),
    st.lists(st.sampled_from([*_SPLITS, None]), min_size=12, max_size=12),
)
def test_no_row_that_decides_was_learnt_from_by_either(now: list[str], then: list[str | None]) -> None:
    """Whatever has happened to the splits in between."""
    before = pd.DataFrame([(n, split) for n, split in enumerate(then) if split], columns=["_row_id", "_split"])
    found = divide_rows(pd.DataFrame({"_row_id": range(len(now)), "_split": now}), before)
    for row in {*found.fair, *found.newest, *found.old}:
        assert now[row] not in ("train", "validation")
        assert then[row] not in ("train", "validation")
    assert set(found.newest) <= set(found.fair)

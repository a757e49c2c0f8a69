"""Which rows say something fair about a candidate and the model in production: none that either has learnt from.

How rows are divided lives in `dataset.splits`, what the two models say of these rows in `old_and_new`. By the method of
the split:

- random, group, stratified_group: rows that come later change the side of no row that was there, so the test rows of
  the model in production are test rows of the candidate too, and of the rows that came since, the test's share.
- time with borders that move: the test is the newest rows, which the model in production has not seen; its own test
  rows have become training rows of the candidate, so that its figures there prove nothing and are left out.
- time with fixed borders: as random, with all rows that came since in the test.

None of this is taken on trust: both assignments are compared row by row, since a changed split would break it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, TEST, TRAIN, UNLABELED, VALIDATION

_LEARNT_FROM = (TRAIN, VALIDATION)
_SPLITS = (TRAIN, VALIDATION, TEST)
_UNKNOWN = (
    "It is no longer on record which rows the model in production was made of; the test rows are taken as new to it, "
    "and nothing is said of its own test rows."
)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Rows by what may be asked of them, each by `_row_id`.

    Args:
        fair: The candidate's test rows that the model in production has not learnt from.
        newest: Those of them that have come, or got their outcome, since the model in production was made.
        old: Test rows of the model in production that the candidate has not learnt from.
        tested: All test rows of the model in production that still have an outcome: what it was judged on.
        unseen: All labelled rows that have come since, whichever split they are in: news to the model in production.
        old_learnt: How many test rows of the model in production the candidate has learnt from.
        test_learnt: How many test rows of the candidate the model in production has learnt from.
        known: Whether it is on record which rows the model in production was made of.
    """

    fair: pd.Index
    newest: pd.Index
    old: pd.Index
    tested: pd.Index
    unseen: pd.Index
    old_learnt: int = 0
    test_learnt: int = 0
    known: bool = True

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of them, a sentence each."""
        if not self.known:
            return (_UNKNOWN,)
        said = []
        if self.test_learnt:
            said.append(f"{self.test_learnt:,} test rows are left out: the model in production has learnt from them.")
        if self.old_learnt:
            said.append(
                f"{self.old_learnt:,} of the old test rows are left out: the candidate has learnt from them, as the "
                "test has moved on in time."
            )
        return tuple(said)


def divide_rows(assignment: pd.DataFrame, before: pd.DataFrame | None) -> HeldOut:
    """Find the rows that neither model has learnt from.

    Args:
        assignment: `_row_id` and `_split` of the candidate's rows.
        before: The same of the rows that the model in production was made of; None where that is not on record.

    >>> rows = pd.DataFrame({"_row_id": [1, 2, 3], "_split": ["train", "test", "test"]})
    >>> then = pd.DataFrame({"_row_id": [1, 2], "_split": ["train", "test"]})
    >>> found = divide_rows(rows, then)
    >>> found.fair.tolist(), found.newest.tolist(), found.old.tolist()
    ([2, 3], [3], [2])
    """
    now = assignment.set_index(ROW_ID)[SPLIT]
    test = now == TEST
    if before is None:
        nothing = now.index[:0]
        return HeldOut(now.index[test], newest=nothing, old=nothing, tested=nothing, unseen=nothing, known=False)
    then = before.set_index(ROW_ID)[SPLIT].reindex(now.index)
    new = then.isna() | (then == UNLABELED)
    learnt_now, learnt_then = now.isin(_LEARNT_FROM), then.isin(_LEARNT_FROM)
    was_test = (then == TEST) & (now != UNLABELED)
    return HeldOut(
        fair=now.index[test & ~learnt_then],
        newest=now.index[test & new],
        old=now.index[was_test & ~learnt_now],
        tested=now.index[was_test],
        unseen=now.index[new & now.isin(_SPLITS)],
        old_learnt=int((was_test & learnt_now).sum()),
        test_learnt=int((test & learnt_then).sum()),
    )

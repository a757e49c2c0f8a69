"""Mean targets: smoothed, unknown is the prior, and out of fold for the training rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.features.encoders.registry import encoder_from_dict
from ml_lifecycle.features.encoders.target_mean import TargetColumn
from ml_lifecycle.features.targets import TargetNumbers
from ml_lifecycle_tests.features.encoders.cases import encode, values_of

TRAIN = ["a", "a", "b", None, "b", "b"]
TARGET = TargetNumbers(np.array([[1.0], [0.0], [1.0], [1.0], [1.0], [0.0]]), ("",))


def test_means_are_drawn_towards_the_prior() -> None:
    """(sum + m * prior) / (n + m); an unknown category has the prior, missing cells have a mean of their own."""
    encoder = TargetColumn.fit(values_of(TRAIN), TARGET, column="x", smoothing=2.0)
    prior = 4 / 6
    wanted = [(1 + 2 * prior) / 4, (2 + 2 * prior) / 5, prior, (1 + 2 * prior) / 3]
    np.testing.assert_allclose(encode(encoder, pd.Series(["a", "b", "new", None]))[:, 0], wanted, rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "c", None]), st.floats(-5, 5), st.integers(0, 2)), min_size=1, max_size=20
    ),
    st.sampled_from([0.0, 1.0, 20.0]),
)
def test_out_of_fold_is_what_the_other_folds_would_give(
    rows: list[tuple[str | None, float, int]], smoothing: float
) -> None:
    """A training row gets the encoding fitted on the rows of the other folds."""
    cells = values_of([cell for cell, _, _ in rows], object)
    target = TargetNumbers(np.array([[number] for _, number, _ in rows]), ("",))
    folds = np.array([fold for _, _, fold in rows])
    whole = TargetColumn.fit(cells, target, column="x", smoothing=smoothing)
    found = np.empty((1, len(rows)), dtype=np.float32)
    whole.encode_out_of_fold(cells, target, folds, found)
    for fold in set(folds.tolist()):
        other = folds != fold
        if other.any():
            fitted = TargetColumn.fit(
                cells.take(other), TargetNumbers(target.numbers[other], ("",)), column="x", smoothing=smoothing
            )
            wanted = encode(fitted, cells.take(~other))[:, 0]
            np.testing.assert_allclose(found[0, ~other], wanted, rtol=1e-5, atol=1e-6)


def test_the_own_target_does_not_matter() -> None:
    """Changing the target of one row leaves its own features as they are."""
    cells, folds = values_of(TRAIN), np.array([0, 1, 0, 1, 1, 2])
    changed = TargetNumbers(np.where(np.arange(6)[:, None] == 5, 99.0, TARGET.numbers), ("",))
    found = []
    for target in (TARGET, changed):
        encoder = TargetColumn.fit(cells, target, column="x", smoothing=1.0)
        out = np.empty((1, 6), dtype=np.float32)
        encoder.encode_out_of_fold(cells, target, folds, out)
        found.append(out[0])
    assert found[0][5] == found[1][5]
    assert found[0][4] != found[1][4]


def test_several_classes_make_several_features() -> None:
    """Each class has its share, and features can be picked."""
    target = TargetNumbers(np.eye(3)[[0, 1, 2, 0, 1, 2]], ("gold", "new", "old"))
    encoder = TargetColumn.fit(values_of(TRAIN), target, column="x", smoothing=0.0)
    assert encoder.features == ("x__target_gold", "x__target_new", "x__target_old")
    np.testing.assert_allclose(encode(encoder, pd.Series(["a"])), [[0.5, 0.5, 0]])
    picked = encoder.pick(["x__target_new"])
    np.testing.assert_allclose(encode(picked, pd.Series(["a"])), [[0.5]])
    out = np.empty((1, 6), dtype=np.float32)
    picked.encode_out_of_fold(values_of(TRAIN), target, np.array([0, 1, 0, 1, 0, 1]), out)
    assert out[0, 0] == 1.0  # the other `a` is new


def test_a_state_with_other_means_than_labels_is_refused() -> None:
    """Every category has a mean per label."""
    state = TargetColumn.fit(values_of(TRAIN), TARGET, column="x", smoothing=0.0).to_dict()
    with pytest.raises(ValueError, match="means"):
        encoder_from_dict(state | {"prior": [1, 2]})

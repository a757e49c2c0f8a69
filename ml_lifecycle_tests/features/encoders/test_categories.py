"""One-hot, frequency, hashing and the missing flag."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.features.encoders.flags import MissingFlag
from ml_lifecycle.features.encoders.frequency import FrequencyColumn
from ml_lifecycle.features.encoders.hashing import HashColumn, spread_key
from ml_lifecycle.features.encoders.one_hot import OneHotColumn
from ml_lifecycle_tests.features.encoders.cases import encode, values_of

TRAIN = values_of(["a", "b", "a", None, "c"])
ROWS = pd.Series(["b", "a", "new", None])


def test_one_hot_of_unknown_and_missing_is_zero() -> None:
    """A known category switches its feature on; an unknown, a rare and a missing one switch nothing on."""
    encoder = OneHotColumn.fit(TRAIN, column="x", most=2)
    assert encoder.features == ("x=a", "x=b")
    assert encode(encoder, ROWS).tolist() == [[0, 1], [1, 0], [0, 0], [0, 0]]


def test_a_picked_category_keeps_its_feature() -> None:
    """Restricted to some features, one-hot and hash give the same columns as before."""
    one_hot = OneHotColumn.fit(TRAIN, column="x", most=3)
    np.testing.assert_array_equal(encode(one_hot.pick(["x=b"]), ROWS), encode(one_hot, ROWS)[:, [1]])
    hashed = HashColumn.fit(TRAIN, column="x", buckets=4)
    np.testing.assert_array_equal(encode(hashed.pick(["x__hash3"]), ROWS), encode(hashed, ROWS)[:, [3]])


def test_frequency_is_the_share_of_known_rows() -> None:
    """Half of the known rows are `a`; an unknown category was in none, a missing cell stays missing."""
    np.testing.assert_array_equal(
        encode(FrequencyColumn.fit(TRAIN, column="x"), ROWS), [[0.25], [0.5], [0.0], [np.nan]]
    )


def test_a_hash_fills_one_bucket_with_its_sign() -> None:
    """Every category, known or not, is in one bucket; a missing cell is in none."""
    found = encode(HashColumn.fit(TRAIN, column="x", buckets=8), ROWS)
    assert np.abs(found).sum(axis=1).tolist() == [1, 1, 1, 0]
    bucket, sign = spread_key("new", 8)
    assert found[2, bucket] == sign


def test_hashes_spread_evenly_in_both_signs() -> None:
    """Of ten thousand names each of 16 buckets and each sign gets its share."""
    spread = [spread_key(f"name{number}", 16) for number in range(10_000)]
    buckets = np.bincount([bucket for bucket, _ in spread], minlength=16)
    assert buckets.min() > 500
    assert buckets.max() < 750
    assert abs(sum(sign for _, sign in spread)) < 400


@pytest.mark.parametrize("dtype", [object, "category", "string"])
def test_the_flag_is_set_where_a_cell_is_missing(dtype: str) -> None:
    """1 where missing, 0 where not, in columns of any type."""
    assert encode(MissingFlag("x", nullable=True), ROWS.astype(dtype)).tolist() == [[0], [0], [0], [1]]

"""Samples: features with targets."""

# ruff: noqa: PD011 - a matrix is no frame

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.config.features import FeaturesConfig
from ml_lifecycle.errors import DataError, TargetError
from ml_lifecycle.features.extraction import FeatureExtractor
from ml_lifecycle.features.matrix import FeatureMatrix, FeatureSet
from ml_lifecycle.modeling.samples import Samples, build_samples
from ml_lifecycle.modeling.target import Target

FRAME = pd.DataFrame(
    {
        "_row_id": [5, 3, 4, 1, 2],
        "x": [50.0, 30.0, 40.0, 10.0, 20.0],
        "z": [1.0, 2.0, 3.0, 4.0, 5.0],
        "y": [0, 1, 2, 0, None],
        "q": ["b", "a", "b", "a", "a"],
        "t": pd.date_range("2026-01-01", periods=5),
    }
)
ASSIGNMENT = pd.DataFrame({"_row_id": [1, 2, 3, 4, 5], "_split": ["train", "unlabeled", "train", "train", "train"]})
EXTRACTOR = FeatureExtractor.fit(FRAME, FeaturesConfig(), columns=["x", "z"], event_time=None)
FEATURES = FeatureSet(
    EXTRACTOR, pd.DataFrame(EXTRACTOR.transform(FRAME).values, columns=["x", "z"]).assign(_row_id=FRAME["_row_id"])
)
NUMBER = Target(Kind.REGRESSION, "y")
GRADE = Target(Kind.RANKING, "y")


def test_samples_join_features_and_targets_by_row() -> None:
    """Rows come in the order of the frame, with the features of exactly these rows."""
    samples = build_samples(FRAME, FEATURES, ASSIGNMENT, "train", target=NUMBER, names=["x"], event_time="t")
    assert samples.row_ids.tolist() == [5, 3, 4, 1]
    assert samples.matrix.values[:, 0].tolist() == [50, 30, 40, 10]
    assert samples.y.tolist() == [0, 1, 2, 0]
    assert samples.time is not None
    assert samples.time[0] == np.datetime64("2026-01-01")
    assert samples.query is None
    assert samples.query_sizes.size == 0
    assert samples.by_query() is samples


def test_rankings_come_query_by_query() -> None:
    """Rows of one query lie together, in the order they had, and sizes follow the same order."""
    samples = build_samples(FRAME, FEATURES, ASSIGNMENT, "train", target=GRADE, group="q")
    assert samples.row_ids.tolist() == [5, 4, 3, 1]
    assert samples.query is not None
    assert samples.query.tolist() == [0, 0, 1, 1]
    assert samples.query_sizes.tolist() == [2, 2]


def test_a_group_is_no_query_outside_ranking() -> None:
    """A grouped regression has no queries."""
    assert build_samples(FRAME, FEATURES, ASSIGNMENT, "train", target=NUMBER, group="q").query is None


def test_rows_and_features_are_taken() -> None:
    """Taking rows takes all parts alike; selecting features leaves the rows."""
    samples = build_samples(FRAME, FEATURES, ASSIGNMENT, "train", target=GRADE, group="q", event_time="t")
    taken = samples.take(np.array([3, 0]))
    assert taken.row_ids.tolist() == [1, 5]
    assert taken.by_query().row_ids.tolist() == [5, 1]
    assert taken.select(["z"]).matrix.values.tolist() == [[4], [1]]
    assert len(taken) == 2


def test_an_empty_split_is_refused() -> None:
    """A split without rows is an error that names the splits there are."""
    with pytest.raises(DataError, match="'test' holds no rows"):
        build_samples(FRAME, FEATURES, ASSIGNMENT, "test", target=NUMBER)


def test_unlabelled_rows_are_refused() -> None:
    """Rows without a target cannot be samples."""
    with pytest.raises(TargetError, match="1 missing"):
        build_samples(FRAME, FEATURES, ASSIGNMENT, "unlabeled", target=NUMBER)


def test_an_absent_column_is_named() -> None:
    """A group that is not there is named."""
    with pytest.raises(DataError, match="'ghost' is absent"):
        build_samples(FRAME, FEATURES, ASSIGNMENT, "train", target=GRADE, group="ghost")


def test_parts_of_different_length_are_refused() -> None:
    """Samples whose parts do not fit are never made."""
    with pytest.raises(ValueError, match="one length"):
        Samples(FeatureMatrix(np.zeros((2, 1), np.float32), ("x",)), np.zeros(3), np.arange(3))


def test_classes_are_encoded() -> None:
    """A classification's samples hold class codes."""
    target = Target.fit(FRAME["y"], Task.CLASSIFICATION, name="y")
    assert build_samples(FRAME, FEATURES, ASSIGNMENT, "train", target=target).y.tolist() == [0, 1, 2, 0]


def test_weights_come_with_the_rows() -> None:
    """Guessed labels weigh less; where all labels are known there are no weights at all."""
    guessed = FRAME.assign(_weight=[1.0, 0.6, 1.0, 0.9, 1.0])
    samples = build_samples(guessed, FEATURES, ASSIGNMENT, "train", target=NUMBER)
    assert samples.weight is not None
    assert samples.weight.tolist() == [1.0, 0.6, 1.0, 0.9]
    assert samples.take(np.array([3, 1])).weight.tolist() == [0.9, 0.6]  # type: ignore[union-attr]
    assert samples.select(["z"]).weight is samples.weight
    assert build_samples(FRAME.assign(_weight=1.0), FEATURES, ASSIGNMENT, "train", target=NUMBER).weight is None


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan])
def test_weights_that_count_nothing_are_refused(weight: float) -> None:
    """A row that does not count has no place among samples."""
    with pytest.raises(DataError, match="1 that are missing, 0 or less"):
        build_samples(FRAME.assign(_weight=[weight, 1, 1, 1, 1]), FEATURES, ASSIGNMENT, "train", target=NUMBER)


def test_samples_are_joined() -> None:
    """Rows follow each other; a query of one is none of the other's; a row without weight counts once."""
    matrix = FeatureMatrix(np.ones((2, 1), dtype=np.float32), ("x",), (0,))
    first = Samples(matrix, np.array([1, 2]), np.array([5, 6]), query=np.array([0, 1]), weight=np.array([0.5, 1.0]))
    second = Samples(matrix, np.array([3, 4]), np.array([7, 8]), query=np.array([0, 0]))
    joined = first.join(second)
    assert joined.row_ids.tolist() == [5, 6, 7, 8]
    assert joined.query is not None
    assert joined.query.tolist() == [0, 1, 2, 2]
    assert joined.weight is not None
    assert joined.weight.tolist() == [0.5, 1.0, 1.0, 1.0]
    assert joined.matrix.categorical == (0,)
    assert joined.time is None

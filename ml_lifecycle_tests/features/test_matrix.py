"""The feature set of a project and the gates on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.features import FeaturesConfig
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import DataError
from ml_lifecycle.features.extraction import FeatureExtractor
from ml_lifecycle.features.matrix import FeatureSet, build_features, judge_constant, judge_train_serve
from ml_lifecycle.parts import Storable

FRAME = pd.DataFrame(
    {
        "_row_id": [30, 10, 20, 40],
        "amount": [1.0, 2.0, np.nan, 99.0],
        "city": ["Riga", "Oslo", "Riga", "Rome"],
        "fixed": [7, 7, 7, 8],
        "paid": ["y", "n", "y", "n"],
        "secret": [1, 2, 3, 4],
    }
)
ASSIGNMENT = pd.DataFrame({"_row_id": [10, 20, 30, 40], "_split": ["train", "train", "train", "test"]})


def project(**dataset: Any) -> ProjectConfig:
    """A project on the frame above."""
    return ProjectConfig.model_validate(
        {
            "name": "p",
            "folder": Path(),
            "root": Path(),
            "brief": {"problem": "p", "task": "classification", "target": "paid"},
            "dataset": {"sources": [{"path": "x.csv"}], "drop": ["secret"], **dataset},
        }
    )


FEATURES = build_features(FRAME, ASSIGNMENT, project())


def test_features_are_fitted_on_train_and_made_for_all_rows() -> None:
    """The target and dropped columns are left out, and a category of the test split stays unknown."""
    assert FEATURES.extractor.names == ("amount", "city", "fixed")
    assert FEATURES.table["_row_id"].tolist() == [30, 10, 20, 40]
    assert FEATURES.table["city"].tolist() == [0, 1, 0, 2]


def test_rows_come_in_the_order_asked_for() -> None:
    """A matrix follows the row ids, not the table."""
    np.testing.assert_array_equal(
        FEATURES.matrix(np.array([20, 40])).values, np.array([[np.nan, 0, 7], [99, 2, 8]], dtype=np.float32)
    )


def test_a_row_without_features_is_refused() -> None:
    """Features of an unknown row are not made up."""
    with pytest.raises(DataError, match="1 of 2 rows"):
        FEATURES.matrix(np.array([10, 11]))


def test_a_feature_set_survives_storing() -> None:
    """Parts put together give the same matrix."""
    assert isinstance(FEATURES, Storable)
    restored = FeatureSet.from_parts(FEATURES.to_parts())
    ids = FRAME["_row_id"].to_numpy()
    np.testing.assert_array_equal(restored.matrix(ids).values, FEATURES.matrix(ids).values)
    assert restored.extractor == FEATURES.extractor


def test_without_training_rows_nothing_is_fitted() -> None:
    """No row in train is an error that says so."""
    with pytest.raises(DataError, match="none of them in train"):
        build_features(FRAME, ASSIGNMENT.assign(_split="test"), project())


def test_constant_features_warn() -> None:
    """A feature that is constant over the training rows is named, although it varies in test."""
    verdict = judge_constant(FEATURES, ASSIGNMENT)
    assert not verdict.passed
    assert not verdict.blocks
    assert verdict.facts["constant"] == ["fixed"]


def test_varying_features_pass() -> None:
    """Features that vary, be it between missing and present, pass."""
    frame = FRAME.drop(columns="fixed").assign(amount=[1.0, 1.0, np.nan, 1.0])
    assert judge_constant(build_features(frame, ASSIGNMENT, project()), ASSIGNMENT).passed


def test_train_and_serve_agree() -> None:
    """The rows of the frame one by one give the batch's features, also without a column that may be absent."""
    assert judge_train_serve(FEATURES.extractor, FRAME).passed
    verdict = judge_train_serve(FEATURES.extractor, FRAME.drop(columns="amount"), sample=2)
    assert verdict.passed
    assert verdict.facts["rows"] == 2


def test_a_difference_between_train_and_serve_blocks() -> None:
    """An extractor whose stored state computes something else fails the gate, and the feature is named."""

    class Forgetful(FeatureExtractor):
        """Forgets its categories when stored."""

        def to_dict(self) -> dict[str, Any]:
            state = super().to_dict()
            for encoder in state["encoders"]:
                encoder.update({"categories": []} if "categories" in encoder else {})
            return state

    forgetful = Forgetful(FEATURES.extractor.encoders, FEATURES.extractor.names)
    verdict = judge_train_serve(forgetful, FRAME)
    assert verdict.blocks
    assert verdict.facts["differing"] == ["city"]


def test_no_rows_prove_nothing() -> None:
    """Without a row to compare, the gate does not pass."""
    extractor = FeatureExtractor.fit(FRAME, FeaturesConfig(), columns=["amount"], event_time=None)
    assert not judge_train_serve(extractor, FRAME.head(0)).passed

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
from ml_lifecycle_tests.features.projects import make_project

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


def test_training_rows_are_encoded_out_of_fold() -> None:
    """What a training row gets does not depend on its own target; what other rows get is the extractor's answer."""
    config = make_project({"columns": {"city": {"encode": "target", "smoothing": 0.5, "folds": 3}}})
    frame = pd.DataFrame({"_row_id": np.arange(40), "city": ["a", "b"] * 20, "paid": ["y", "n", "n", "y"] * 10})
    splits = pd.DataFrame({"_row_id": np.arange(40), "_split": ["train"] * 30 + ["test"] * 10})
    made = build_features(frame, splits, config)
    answer = made.extractor.transform(frame).values[:, 0]  # noqa: PD011 - not a frame
    found = made.table["city__target"].to_numpy()
    np.testing.assert_array_equal(found[30:], answer[30:])
    assert not np.array_equal(found[:30], answer[:30])
    flipped = frame.assign(paid=frame["paid"].where(frame["_row_id"] != 7, "n"))
    again = build_features(flipped, splits, config).table["city__target"].to_numpy()
    assert again[7] == found[7]
    assert (again[:30] != found[:30]).any()


def test_rows_of_a_group_are_in_one_fold() -> None:
    """Where rows of a group share their outcome, none is encoded by another of its group."""
    config = make_project({"columns": {"city": {"encode": "target", "smoothing": 0.0}}}, group="who")
    frame = pd.DataFrame(
        {"_row_id": range(6), "who": ["a"] * 3 + ["b"] * 3, "city": list("xxxyyy"), "paid": [1, 1, 1, 0, 0, 0]}
    )
    splits = pd.DataFrame({"_row_id": range(6), "_split": "train"})
    found = build_features(frame, splits, config).table["city__target"].to_numpy()
    assert len(set(found[:3].tolist())) == 1
    assert found[0] != 1.0


def test_what_is_not_in_train_is_not_learnt() -> None:
    """Other values in the other splits leave the extractor as it is."""
    columns = {"amount": {"scale": "standard", "impute": "mean"}, "city": {"encode": "one_hot"}}
    config = make_project({"columns": columns}, drop=["secret"])
    changed = FRAME.assign(amount=[1.0, 2.0, np.nan, -5.0], city=["Riga", "Oslo", "Riga", "Lima"])
    one, other = (build_features(frame, ASSIGNMENT, config).extractor for frame in (FRAME, changed))
    assert one == other


HISTORY = make_project(
    {"history": [{"column": "amount", "lags": [1], "windows": ["all"]}, {"column": "paid", "windows": ["all"]}]},
    drop=["secret"],
    event_time="when",
    outcome_time="known",
    entity="city",
)
EVENTS = FRAME.assign(
    when=pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]),
    known=pd.to_datetime(["2026-01-02", "2026-01-03", "2026-01-04", None]),
)


def test_history_is_a_feature() -> None:
    """Earlier rows of the entity are features, which name their sources, and may be missing when served."""
    made = build_features(EVENTS, ASSIGNMENT, HISTORY)
    np.testing.assert_array_equal(made.table["amount__lag1"], [np.nan, np.nan, 1, np.nan])
    np.testing.assert_array_equal(made.table["paid__mean_all"], [np.nan, np.nan, 1, np.nan])
    assert made.extractor.sources_of("paid__mean_all") == ("paid", "city", "when", "known")
    assert made.extractor.history_columns == ("amount__lag1", "amount__mean_all", "paid__mean_all")
    assert "paid" not in made.extractor.columns
    assert set(made.extractor.history_columns).isdisjoint(made.extractor.required_columns)
    assert judge_train_serve(made.extractor, EVENTS, project=HISTORY).passed


def test_a_row_with_its_state_is_served_as_in_the_table() -> None:
    """State, row path and table agree to the last bit for the newest row of an entity, also after storing."""
    made = FeatureSet.from_parts(build_features(EVENTS, ASSIGNMENT, HISTORY).to_parts())
    assert made.history is not None
    row = EVENTS.iloc[2].to_dict()
    served = made.extractor.transform_row(made.history.complete_row(row))
    wanted = made.matrix(np.array([20])).values[0]  # noqa: PD011 - not a frame
    np.testing.assert_array_equal(served, wanted)


def test_no_rows_prove_nothing() -> None:
    """Without a row to compare, the gate does not pass."""
    extractor = FeatureExtractor.fit(FRAME, FeaturesConfig(), columns=["amount"], event_time=None)
    assert not judge_train_serve(extractor, FRAME.head(0)).passed

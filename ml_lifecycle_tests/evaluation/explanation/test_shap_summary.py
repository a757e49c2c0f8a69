"""SHAP values as tables and reasons."""

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.evaluation.explanation.shap_summary import COLUMNS, explain_rows
from ml_lifecycle.modeling.estimators import Goal
from ml_lifecycle.modeling.estimators.facts import ModelFacts
from ml_lifecycle.modeling.estimators.simple import ConstantModel
from ml_lifecycle_tests.evaluation.fitted import fit_case


def test_the_strongest_feature_comes_first() -> None:
    """The table has a row per feature, and the parts of its mean."""
    case = fit_case()
    found = explain_rows(case.model, case.extractor.transform, case.frame, rows=100)
    assert tuple(found.table.columns) == COLUMNS
    assert found.table["feature"].tolist()[0] == "x"
    assert (found.table["raises"] + found.table["lowers"]).to_numpy() == pytest.approx(found.table["mean"].to_numpy())
    assert found.contributions.shape == found.features.shape == (100, 3)
    assert found.by_class.empty
    assert found.unit == "log odds"
    assert not found.note


def test_classes_are_shown_one_by_one() -> None:
    """With several classes there is a table by class, and a mean over them."""
    case = fit_case(Kind.MULTICLASS)
    found = explain_rows(case.model, case.extractor.transform, case.frame, rows=50, classes=["low", "mid", "high"])
    assert found.by_class["class"].unique().tolist() == ["low", "mid", "high"]
    assert found.table["mean"].isna().all()
    mean = found.by_class.groupby("feature")["mean_abs"].mean()
    assert found.table.set_index("feature")["mean_abs"]["x"] == pytest.approx(mean["x"])


def test_predictions_are_put_into_words() -> None:
    """The strongest contributions with the raw value of the column, missing ones by name."""
    case = fit_case()
    frame = case.frame.copy()
    frame.loc[7, "x"] = np.nan
    words = explain_rows(case.model, case.extractor.transform, frame, rows=20, also=[3, 7]).reasons
    assert set(words) == {3, 7}
    assert f"x = {case.frame['x'][3]:.4g} (" in words[3]
    assert "x = missing (" in words[7]


def test_what_cannot_be_explained_is_noted() -> None:
    """A constant has no contributions; the note says so."""
    case = fit_case()
    facts = ModelFacts("constant", Goal(Kind.REGRESSION), case.model.facts.names, (), {}, 1, 10)
    model = ConstantModel(facts, {"value": 1.0})
    found = explain_rows(model, case.extractor.transform, case.frame, rows=20, also=[1])
    assert found.table.empty
    assert found.reasons == {}
    assert "left out" in found.note

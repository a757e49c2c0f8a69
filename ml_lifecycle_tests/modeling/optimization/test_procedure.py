"""Tests of `ml_lifecycle.modeling.optimization.procedure`."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.optimize import OptimizeConfig
from ml_lifecycle.modeling.optimization.choice import Difference
from ml_lifecycle.modeling.optimization.procedure import Optimized, optimize
from ml_lifecycle.modeling.predictor import Predictor
from ml_lifecycle_tests.modeling.test_predictor import EXTRACTOR, FRAME, learn

BINARY = learn(Kind.BINARY)


def _run(family: str = "lightgbm", gain: float = 0.0, **settings: object) -> Optimized:
    model, target, samples = BINARY if family == "lightgbm" else learn(Kind.BINARY, family)
    predictor = Predictor.build(EXTRACTOR, model, target, valid=samples, calibration="sigmoid")

    def compare(predictions: np.ndarray) -> Difference:
        assert predictions.shape == (len(samples),)
        return Difference(0.8 + gain, gain, gain - 0.001, gain + 0.001)

    config = OptimizeConfig.model_validate({"profile_rows": 10, **settings})
    return optimize(predictor, samples, config, compare=compare, train=lambda: samples, metric="roc_auc")


def test_without_variants_the_predictor_is_passed_through() -> None:
    """The very same one, with its profile."""
    found = _run()
    assert found.chosen == "original"
    assert found.predictor.model is BINARY[0]
    assert found.verdict.passed
    assert found.table["form"].tolist() == ["original"]
    assert found.profile.batch_rows == 10


def test_the_form_that_is_taken_is_packaged_like_any_predictor() -> None:
    """It survives its files, and keeps the calibration."""
    found = _run(variants=("prune", "prune_refit", "float16", "int8"), sparsity=0.6)
    assert found.chosen in {"prune", "prune_refit"}
    assert found.summary == f"Tried: prune, prune_refit, float16, int8. Taken: {found.chosen}."
    assert found.predictor.model.iterations == 2
    assert found.predictor.calibrator is not None
    restored = Predictor.from_files(found.predictor.to_files())
    np.testing.assert_array_equal(restored.predict(FRAME), found.predictor.predict(FRAME))
    table = found.table.set_index("form")
    assert table["kept"].all()
    assert table["chosen"].sum() == 1
    assert table.loc["int8", "size_bytes"] < table.loc["original", "size_bytes"]


def test_forms_that_lose_quality_are_shown_and_not_taken() -> None:
    """Nothing is degraded in silence."""
    found = _run(gain=-0.1, variants=("prune", "int8"), choose="smallest")
    assert found.chosen == "original"
    table = found.table.set_index("form")
    assert not table.loc["int8", "kept"]
    assert "keeps the quality" in table.loc["prune", "note"]
    assert table.loc["int8", "high"] == pytest.approx(-0.099)


def test_another_runtime_is_measured_and_not_taken() -> None:
    """Its row says so, and by how much it differs."""
    found = _run(variants=("onnx",))
    assert found.chosen == "original"
    assert "not packaged" in found.table["note"].iloc[1]
    assert found.forms["onnx"].to_file() == found.forms["onnx"].content != b""


def test_what_does_not_apply_to_a_family_is_said() -> None:
    """In the row of the form."""
    table = _run("linear", variants=("prune", "int8", "onnx")).table.set_index("form")
    assert table.loc["prune", "note"] == "it does not apply to linear: there are no rounds to take out"
    assert table.loc["int8", "note"] == "it does not apply to linear, only to lightgbm"
    assert table["chosen"].tolist() == [True, False, False, False]

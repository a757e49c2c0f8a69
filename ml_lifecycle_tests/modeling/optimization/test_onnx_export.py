"""Tests of `ml_lifecycle.modeling.optimization.onnx_export`."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.modeling.estimators.lightgbm_text import ModelText
from ml_lifecycle.modeling.optimization.onnx_export import OnnxRuntime, export_onnx, round_thresholds
from ml_lifecycle_tests.modeling.optimization.small import boosted, new_rows, with_sets_of_categories


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.MULTICLASS, Kind.REGRESSION])
def test_the_exported_model_predicts_nearly_the_same(kind: Kind) -> None:
    """In the shapes of the native one, for gaps and unknown categories too; sums are of float32."""
    model = boosted(kind)
    runtime = OnnxRuntime(model.facts, export_onnx(model))
    expected = model.predict(new_rows(kind))
    np.testing.assert_allclose(runtime.predict(new_rows(kind)), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(runtime.predict_row(new_rows(kind)[3]), expected[3], rtol=1e-4)


def test_sets_of_categories_are_exported_too() -> None:
    """With a category that training lacks."""
    model = with_sets_of_categories()
    found = OnnxRuntime(model.facts, export_onnx(model)).predict(new_rows())
    np.testing.assert_allclose(found, model.predict(new_rows()), rtol=1e-4)


def test_rounded_thresholds_change_no_comparison_of_float32() -> None:
    """They are float32 at or below the threshold, so what was at most the threshold still is, and nothing else."""
    for tree in ModelText.parse(boosted().text).trees:
        finite = tree.numeric & np.isfinite(tree.thresholds)  # LightGBM writes inf where only gaps go right
        before, after = tree.thresholds[finite], round_thresholds(tree).thresholds[finite]
        assert (after == after.astype(np.float32)).all()
        assert (after <= before).all()
        assert (np.nextafter(after.astype(np.float32), np.float32(np.inf)) > before).all()


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, "onnxmltools", None)
    with pytest.raises(ConfigError, match=r'pip install "ml-lifecycle\[onnx\]"'):
        export_onnx(boosted())

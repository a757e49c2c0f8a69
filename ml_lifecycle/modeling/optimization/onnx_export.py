"""A LightGBM model as ONNX (by onnxmltools), and its predictions by ONNX Runtime; the extra `onnx`.

ONNX adds up the trees in float32. Thresholds are first rounded down to float32, which changes no comparison with our
features, which are float32 themselves; what remains are differences of rounding in the sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ModelError
from ml_lifecycle.modeling.estimators.facts import ModelFacts
from ml_lifecycle.modeling.estimators.lightgbm_text import ModelText, TextTree, write_number
from ml_lifecycle.modeling.estimators.lightgbm_trees import LightGBMModel
from ml_lifecycle.modeling.optimization.extras import import_extra

ONNX_FILE = "model.onnx"
_INPUT = "features"


class OnnxRuntime:
    """An exported model in ONNX Runtime, which predicts as `FittedModel` does.

    Args:
        facts: Facts of the model it was made from.
        content: The model as ONNX.

    Raises:
        ConfigError: The extra is not installed.
    """

    def __init__(self, facts: ModelFacts, content: bytes) -> None:
        onnxruntime = import_extra("onnxruntime", form="onnx")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = facts.goal.threads
        self._goal = facts.goal
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self._output = self._session.get_outputs()[-1].name

    def predict(self, values: np.ndarray) -> np.ndarray:
        """Predict (n, f) features."""
        rows = np.ascontiguousarray(values, dtype=np.float32)
        found = np.asarray(self._session.run([self._output], {_INPUT: rows})[0], dtype=np.float64)
        if self._goal.kind is Kind.MULTICLASS:
            return found
        return found[:, 1] if self._goal.kind is Kind.BINARY else found.ravel()

    def predict_row(self, values: np.ndarray) -> Any:  # noqa: ANN401 - a figure, or an array of them
        """Predict (f,) features."""
        return self.predict(values.reshape(1, -1))[0]


def export_onnx(model: LightGBMModel) -> bytes:
    """The model as ONNX, with one input `features` of float32.

    Raises:
        ConfigError: The extra is not installed.
        ModelError: The converter does not know the model's objective.
    """
    onnxmltools = import_extra("onnxmltools", form="onnx")
    import lightgbm as lgb
    from onnxmltools.convert.common.data_types import FloatTensorType

    text = ModelText.parse(model.text)
    booster = lgb.Booster(model_str=text.with_trees([round_thresholds(tree) for tree in text.trees]).write())
    kind = FloatTensorType([None, len(model.facts.names)])
    try:
        made = onnxmltools.convert_lightgbm(booster, initial_types=[(_INPUT, kind)], zipmap=False)
    except (RuntimeError, ValueError, NotImplementedError, KeyError) as error:
        raise ModelError(
            "the model cannot be written as ONNX",
            expected="an objective that onnxmltools knows",
            got=f"{model.facts.goal.objective}: {error}",
            advice="leave out the format onnx",
        ) from error
    return bytes(made.SerializeToString())


def round_thresholds(tree: TextTree) -> TextTree:
    """A tree whose thresholds are the next float32 at or below: the same comparisons with float32 features."""
    if not len(tree.thresholds):
        return tree
    near = tree.thresholds.astype(np.float32)
    down = np.where(near.astype(np.float64) > tree.thresholds, np.nextafter(near, np.float32(-np.inf)), near)
    before = tree.lines["threshold"].split()
    written = [
        write_number(new) if numeric else old for new, old, numeric in zip(down, before, tree.numeric, strict=True)
    ]
    return tree.with_lines(threshold=written)

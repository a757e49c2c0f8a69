"""The forms that the YAML names, made of a model, each by its own module; what cannot be made says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ml_lifecycle.config.optimize import OptimizeConfig, Variant
from ml_lifecycle.errors import ModelError
from ml_lifecycle.modeling.estimators import FittedModel
from ml_lifecycle.modeling.estimators.lightgbm_trees import LightGBMModel
from ml_lifecycle.modeling.optimization.forms import Attempt, Form, Refused, Runtime
from ml_lifecycle.modeling.optimization.pruning import PRUNE, prune
from ml_lifecycle.modeling.samples import Samples

#: Predictions of another runtime may differ from the native ones by this much, relatively, before their row says so.
SAME = 1e-6


@dataclass(frozen=True, slots=True)
class Means:
    """What forms are made with.

    Args:
        config: Sparsity and the like.
        keeps_quality: Whether a model loses nothing on validation.
        train: Gives the training rows; asked for by those forms that need them.
        values: (n, f) features of validation rows.
    """

    config: OptimizeConfig
    keeps_quality: Callable[[FittedModel], bool]
    train: Callable[[], Samples]
    values: np.ndarray


def make_form(name: Variant, model: FittedModel, means: Means) -> Attempt:
    """Give a model a form.

    Args:
        name: Which.
        model: The model as it is.
        means: What it is made with.

    Raises:
        ConfigError: The form needs an extra or a compiler that is not installed.
    """
    if name == PRUNE:
        return prune(model, means.config.sparsity, means.keeps_quality)
    if not isinstance(model, LightGBMModel):
        return Refused(name, f"it does not apply to {model.family}, only to lightgbm")
    try:
        return _give_form(name, model, means)
    except ModelError as error:
        return Refused(name, str(error))


def _give_form(name: Variant, model: LightGBMModel, means: Means) -> Attempt:
    if name == "prune_refit":
        from ml_lifecycle.modeling.optimization.refitting import prune_and_refit

        return prune_and_refit(model, means.train(), means.config.sparsity)
    if name in ("float16", "int8"):
        from ml_lifecycle.modeling.optimization.quantisation import quantise

        return Form.of(name, quantise(model, name), f"leaves and thresholds in {name}: smaller, not faster")
    return _other_runtime(name, model, means.values)


def _other_runtime(name: Variant, model: LightGBMModel, values: np.ndarray) -> Form:
    if name == "onnx":
        from ml_lifecycle.modeling.optimization.onnx_export import OnnxRuntime, export_onnx

        content = export_onnx(model)
        return _as_form(name, model, content, lambda: OnnxRuntime(model.facts, content), values)
    from ml_lifecycle.modeling.optimization.compiled import CompiledModel, compile_model

    library = compile_model(model)
    return _as_form(name, model, library, lambda: CompiledModel(model.facts, library), values)


def _as_form(name: str, model: FittedModel, content: bytes, load: Callable[[], Runtime], values: np.ndarray) -> Form:
    runtime = load()
    apart = relative_difference(runtime.predict(values), model.predict(values))
    said = f"its predictions differ from the native model's by up to {apart:.2g} of their value"
    same = "its predictions are the native model's"
    note = f"an export, not packaged; {said if apart > SAME else same}"
    return Form(name, runtime.predict, load, len(content), note, content=content)


def relative_difference(found: np.ndarray, wanted: np.ndarray) -> float:
    """The largest difference of predictions, as a share of the wanted ones.

    >>> round(relative_difference(np.array([1.0, 2.2]), np.array([1.0, 2.0])), 6)
    0.1
    """
    scale = np.maximum(np.abs(wanted), np.finfo(np.float64).tiny)
    return float((np.abs(found - wanted) / scale).max()) if np.size(wanted) else 0.0

"""What each feature adds to each prediction: SHAP values (Lundberg and Lee 2017), as each family of models gives them.

The extra `explain` is needed only for trees of scikit-learn. What is made of the values (tables, reasons in words):
`shap_summary`. What columns matter to the metric: `importance`.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ModelError
from ml_lifecycle.modeling.estimators import FittedModel, Goal
from ml_lifecycle.modeling.estimators.blend import BlendModel
from ml_lifecycle.modeling.estimators.lightgbm_trees import LightGBMModel
from ml_lifecycle.modeling.estimators.linear import LinearModel
from ml_lifecycle.modeling.estimators.scikit_trees import ScikitTrees

#: Work is rows times leaves of the trees: so much is done at most, on at least `MIN_ROWS` rows (a row and leaf takes
#: about 0.2 microseconds with LightGBM on two cores).
MAX_WORK, MIN_ROWS = 1_500_000, 150
#: Rows of a model whose size is not known.
UNKNOWN_ROWS = 300
#: Above so much work even `MIN_ROWS` rows are not explained.
TOO_MUCH = 100_000_000
_TOLERANCE = 1e-4


def contribute(model: FittedModel, values: np.ndarray) -> np.ndarray:
    """Contributions of each feature to each prediction, and last what a prediction starts from.

    Boosted trees of LightGBM, XGBoost and CatBoost tell them natively, a linear model exactly (against the means of the
    same rows), trees of scikit-learn by the extra `explain`, a blend by those of its members.

    Args:
        model: The fitted model.
        values: Features, shape (n, f).

    Returns:
        Shape (n, f + 1, k), with k classes, or one; sums over the second axis are the model's raw predictions.

    Raises:
        ModelError: The model cannot be explained.
    """
    native = model.contributions(values)
    if native is not None:
        return native
    if isinstance(model, LinearModel):
        return _split_linear(model, values)
    if isinstance(model, ScikitTrees):
        return _ask_shap(model, values)
    if isinstance(model, BlendModel):
        return _mix(model, values)
    raise _unexplained(model.facts.family)


def _unexplained(family: str) -> ModelError:
    return ModelError(
        f"SHAP values are left out: a model of the family {family} cannot be explained",
        advice="see the importance by permutation and the partial dependence, which hold for any model",
    )


def _split_linear(model: LinearModel, values: np.ndarray) -> np.ndarray:
    """Coefficient times distance from the mean of the rows: exact where features are taken singly."""
    design, coefficients = model.design, model.coefficients
    out = np.empty((len(values), values.shape[1] + 1, len(coefficients)))
    count = len(design.numeric)
    out[:, design.numeric] = design.numbers(values)[:, :, None] * coefficients[:, :count].T[None]
    for column, switched in zip(design.nominal, design.places(values).T, strict=True):
        out[:, column] = coefficients[:, switched].T
    means = out[:, :-1].mean(axis=0)
    out[:, :-1] -= means
    out[:, -1] = model.intercepts + means.sum(axis=0)
    return out


def _ask_shap(model: ScikitTrees, values: np.ndarray) -> np.ndarray:
    try:
        import shap
    except ImportError as error:
        raise ModelError(
            f"SHAP values are left out: for a model of the family {model.facts.family} they need the extra `explain`",
            advice='pip install "ml-lifecycle[explain]"',
        ) from error
    try:
        explainer = shap.TreeExplainer(model.estimator)
        found, base = explainer.shap_values(values, check_additivity=False), np.atleast_1d(explainer.expected_value)
    except _REFUSALS as error:
        raise _refused(model, f"{type(error).__name__}: {error}") from error
    parts = _join(np.asarray(found), base, model.facts.goal)
    if not np.isfinite(parts).all() or find_unit(parts, model.predict(values)) == RAW:
        raise _refused(model, "contributions that do not add up to the predictions")
    return parts


#: What shap raises for trees that it does not know.
_REFUSALS = (NotImplementedError, TypeError, ValueError, AssertionError)


def _join(found: np.ndarray, base: np.ndarray, goal: Goal) -> np.ndarray:
    """Contributions and starting points in one cube; of two classes only the positive one, of all that the goal has."""
    cube = found[:, :, None] if found.ndim == 2 else found  # noqa: PLR2004 - one output
    start = np.broadcast_to(base[None, None, :], (len(cube), 1, cube.shape[2]))
    parts = np.concatenate([cube, start], axis=1)
    return parts[:, :, 1:2] if goal.kind is Kind.BINARY and parts.shape[2] > 1 else parts


def _mix(model: BlendModel, values: np.ndarray) -> np.ndarray:
    """The weighted sum of the members' contributions: exact where the members are added up in the same unit."""
    total = np.zeros((len(values), len(model.facts.names) + 1, model.facts.goal.outputs))
    units = set()
    for weight, member in zip(model.mix.weights, model.members, strict=True):
        parts = contribute(member, values)
        units.add(find_unit(parts, member.predict(values)))
        total += weight * parts
    total[:, -1] += np.asarray(model.mix.intercepts)
    if len(units) > 1:
        raise ModelError(
            "SHAP values are left out: the members of the blend are not added up in one unit",
            got=" and ".join(sorted(units)),
            advice="see the importance by permutation and the partial dependence, which hold for any model",
        )
    return total


def _refused(model: FittedModel, got: str) -> ModelError:
    return ModelError(
        f"SHAP values are left out: shap does not read this model of the family {model.facts.family}",
        got=got,
        advice="missing values and categories inside the trees are what it mostly stumbles on; the family lightgbm "
        "is explained natively",
    )


#: What is added up where it is neither the prediction nor its log odds or logarithm.
RAW = "the model's raw score"


def find_unit(parts: np.ndarray, predicted: np.ndarray) -> str:
    """What the contributions are added up in, found by comparing their sums with the predictions."""
    raw = parts.sum(axis=1)
    if predicted.ndim == 1:
        raw = raw[:, 0]
    odds = 1 / (1 + np.exp(-np.clip(raw, -500, 500)))
    powers = np.exp(np.clip(raw, -500, 500))
    if raw.ndim > 1:
        odds = np.exp(raw - raw.max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
    scale = float(np.abs(predicted).max(initial=1e-12))
    for unit, sums in (("the prediction's unit", raw), ("log odds", odds), ("logarithm of the prediction", powers)):
        if sums.shape == predicted.shape and np.abs(sums - predicted).max(initial=0) <= _TOLERANCE * scale:
            return unit
    return RAW


def allow_rows(model: FittedModel, wanted: int) -> int:
    """How many rows of so large a model may be explained.

    Raises:
        ModelError: Not even a few.
    """
    work = count_work(model)
    if work is None:
        return min(wanted, UNKNOWN_ROWS)
    if work * min(MIN_ROWS, wanted) > TOO_MUCH:
        raise ModelError(
            "SHAP values are left out: the trees of the model are too many and too deep",
            expected=f"at most {TOO_MUCH // MIN_ROWS:,} leaves (deep trees count more)",
            got=f"{work:,}",
            advice="set evaluation.report.shap_rows by hand to wait for them",
        )
    return int(min(wanted, max(MIN_ROWS, MAX_WORK // max(1, work))))


def count_work(model: FittedModel) -> int | None:
    """Leaves of a model's trees; those of scikit-learn by depth, since shap's time grows with its square.

    None where that is not known.
    """
    if isinstance(model, LightGBMModel):
        return sum(map(int, re.findall(r"^num_leaves=(\d+)$", model.text, re.MULTILINE)))
    if isinstance(model, ScikitTrees):
        return sum(_weigh_tree(tree) for tree in _trees(model.estimator))
    if isinstance(model, LinearModel):
        return 1
    if isinstance(model, BlendModel):
        parts = [count_work(member) for member in model.members]
        return None if None in parts else sum(part for part in parts if part is not None)
    return None


#: Depth at which a tree of scikit-learn costs as much as one of LightGBM.
_USUAL_DEPTH = 8


def _trees(estimator: Any) -> list[Any]:  # noqa: ANN401 - any estimator of scikit-learn
    if hasattr(estimator, "estimators_"):
        return [getattr(tree, "tree_", tree) for tree in np.ravel(estimator.estimators_)]
    if hasattr(estimator, "_predictors"):
        return [tree for rounds in estimator._predictors for tree in rounds]  # noqa: SLF001 - there is no public way
    return [estimator.tree_] if hasattr(estimator, "tree_") else []


def _weigh_tree(tree: Any) -> int:  # noqa: ANN401 - trees of two kinds
    leaves = tree.n_leaves if hasattr(tree, "n_leaves") else tree.get_n_leaf_nodes()
    depth = tree.max_depth if hasattr(tree, "max_depth") else tree.get_max_depth()
    return int(leaves * max(1.0, (depth / _USUAL_DEPTH) ** 2))

"""Families of models behind one contract, and the reading of a stored model. The contract itself is `base`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from ml_lifecycle.errors import ConfigError, PackageError
from ml_lifecycle.modeling.estimators import blend
from ml_lifecycle.modeling.estimators.base import Family, Fit, FittedModel, Prepared, require_file
from ml_lifecycle.modeling.estimators.capabilities import Capabilities, adapt_goal, check_goal
from ml_lifecycle.modeling.estimators.catboost_trees import CatBoost, CatBoostModel
from ml_lifecycle.modeling.estimators.decision_tree import DecisionTree
from ml_lifecycle.modeling.estimators.facts import FACTS_FILE, Goal, ModelFacts
from ml_lifecycle.modeling.estimators.hist_gradient_boosting import HistGradientBoosting
from ml_lifecycle.modeling.estimators.lightgbm_trees import LightGBM, LightGBMModel
from ml_lifecycle.modeling.estimators.linear import Linear, LinearModel
from ml_lifecycle.modeling.estimators.nearest_neighbours import NearestNeighbours, NeighbourModel
from ml_lifecycle.modeling.estimators.random_forest import ExtraTrees, RandomForest
from ml_lifecycle.modeling.estimators.rounds import Rounds
from ml_lifecycle.modeling.estimators.scikit_trees import ScikitTrees
from ml_lifecycle.modeling.estimators.simple import ChanceModel, ConstantModel, SimpleModel, SingleFeatureModel
from ml_lifecycle.modeling.estimators.xgboost_trees import XGBoost, XGBoostModel

#: The families by the name that `modeling.family` gives them.
FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        LightGBM(),
        HistGradientBoosting(),
        RandomForest(),
        ExtraTrees(),
        DecisionTree(),
        Linear(),
        NearestNeighbours(),
        XGBoost(),
        CatBoost(),
    )
}
_SIMPLE: tuple[type[SimpleModel], ...] = (ConstantModel, ChanceModel, SingleFeatureModel)
_MODELS: Mapping[str, type[FittedModel]] = {
    LightGBM.name: LightGBMModel,
    HistGradientBoosting.name: ScikitTrees,
    RandomForest.name: ScikitTrees,
    ExtraTrees.name: ScikitTrees,
    DecisionTree.name: ScikitTrees,
    XGBoost.name: XGBoostModel,
    CatBoost.name: CatBoostModel,
    Linear.name: LinearModel,
    NearestNeighbours.name: NeighbourModel,
    blend.NAME: blend.BlendModel,
    **{model.family_name: model for model in _SIMPLE},
}


def get_family(name: str) -> Family:
    """The family of that name.

    Raises:
        ConfigError: There is none.
    """
    if name == blend.NAME:  # fitted again, never named in the YAML
        return blend.Blend()
    if name not in FAMILIES:
        near = difflib.get_close_matches(name, FAMILIES, n=1)
        raise ConfigError(
            "modeling.family is unknown",
            expected=f"one of {', '.join(FAMILIES)}",
            got=name,
            advice=f"did you mean {near[0]!r}" if near else "choose one of those",
        )
    return FAMILIES[name]


def load_model(files: Mapping[str, bytes]) -> FittedModel:
    """Read what `FittedModel.to_files` gave.

    Raises:
        PackageError: A file is missing or damaged, or the family is unknown to this version.
    """
    facts = ModelFacts.from_json(require_file(files, FACTS_FILE))
    if facts.family not in _MODELS:
        raise PackageError(
            "the stored model is of an unknown family",
            expected=f"one of {', '.join(_MODELS)}",
            got=facts.family,
            advice="load it with the version of this package that stored it",
        )
    return _MODELS[facts.family].from_files(facts, files)


__all__ = [
    "FAMILIES",
    "Capabilities",
    "Family",
    "Fit",
    "FittedModel",
    "Goal",
    "ModelFacts",
    "Prepared",
    "Rounds",
    "adapt_goal",
    "check_goal",
    "get_family",
    "load_model",
]

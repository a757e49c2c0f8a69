"""Small fitted models for the tests of this folder; it is no test itself."""

from __future__ import annotations

from functools import cache

import lightgbm as lgb
import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.estimators import FittedModel, Rounds, get_family
from ml_lifecycle.modeling.estimators.lightgbm_trees import LightGBMModel
from ml_lifecycle.modeling.training import fit_model
from ml_lifecycle_tests.modeling.problems import make_goal, make_samples

ROUNDS = 12


@cache
def fitted(kind: Kind = Kind.BINARY, family: str = "lightgbm", rounds: int = ROUNDS) -> FittedModel:
    """A model of so many rounds on the small problem."""
    settings = Rounds(rounds, patience=None)
    return fit_model(get_family(family), make_samples(kind), None, {}, goal=make_goal(kind), rounds=settings).model


def boosted(kind: Kind = Kind.BINARY, rounds: int = ROUNDS) -> LightGBMModel:
    """A model of LightGBM."""
    model = fitted(kind, rounds=rounds)
    assert isinstance(model, LightGBMModel)
    return model


@cache
def with_sets_of_categories() -> LightGBMModel:
    """A model that splits the category into sets, as LightGBM itself does it."""
    values, plain = make_samples(Kind.BINARY).matrix.values, boosted()
    labels = np.isin(values[:, 2], [1, 3]) ^ (values[:, 0] > 0)
    settings = {"objective": "binary", "num_leaves": 8, "min_data_per_group": 2, "verbosity": -1, "num_threads": 1}
    data = lgb.Dataset(values, labels, categorical_feature=[2], params=settings)
    return LightGBMModel(plain.facts, str(lgb.train(settings, data, ROUNDS).model_to_string()))


def new_rows(kind: Kind = Kind.BINARY) -> np.ndarray:
    """Features of rows that no model has seen, with gaps and a category that training lacks."""
    rows = make_samples(kind, 120, seed=5).matrix.values.copy()
    rows[3, 2] = 77
    return rows

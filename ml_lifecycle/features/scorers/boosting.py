"""A quick LightGBM for scoring features: small trees, one thread, the same answer for the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.features.values import FeatureMatrix

_TREES = 100
_LEAST_ROUNDS = 8  # however many classes share the trees


def fit_quickly(matrix: FeatureMatrix, y: np.ndarray, kind: Kind, seed: int, groups: np.ndarray | None) -> Any:  # noqa: ANN401 - LightGBM ships no types
    """Fit about a hundred small trees and return the booster.

    Args:
        matrix: The rows.
        y: Their encoded targets, shape (n,).
        kind: What is fitted; ranking without groups, or whose relevances are no grades, as regression.
        seed: Seed of the columns each tree sees.
        groups: Query codes, each query in one piece, shape (n,).
    """
    import lightgbm

    parameters = _parameters(kind, y, seed, ranked=groups is not None)
    dataset = lightgbm.Dataset(
        matrix.values,
        label=y,
        group=None if groups is None else np.unique(groups, return_counts=True)[1],
        categorical_feature=list(matrix.categorical),
        params=parameters,
    )
    rounds = max(_LEAST_ROUNDS, _TREES // int(parameters.get("num_class", 1)))
    return lightgbm.train(parameters, dataset, num_boost_round=rounds)


def gains_of(matrix: FeatureMatrix, y: np.ndarray, kind: Kind, seed: int, groups: np.ndarray | None) -> np.ndarray:
    """Total gain of the splits on each feature in a quick LightGBM, shape (f,)."""
    booster = fit_quickly(matrix, y, kind, seed, groups)
    return np.asarray(booster.feature_importance("gain"), dtype=np.float64)


def _parameters(kind: Kind, y: np.ndarray, seed: int, *, ranked: bool) -> dict[str, Any]:
    objective: dict[str, Any] = {"objective": "regression"}
    if kind is Kind.BINARY:
        objective = {"objective": "binary"}
    elif kind is Kind.MULTICLASS:
        objective = {"objective": "multiclass", "num_class": max(2, int(y.max()) + 1)}
    elif kind is Kind.RANKING and ranked and _are_grades(y):
        objective = {"objective": "lambdarank"}
    return objective | {
        "learning_rate": 0.1,
        "num_leaves": 15,
        "max_bin": 63,
        "min_data_in_leaf": max(5, min(50, len(y) // 20)),
        "min_sum_hessian_in_leaf": 1.0,
        "max_delta_step": 1.0,  # rare classes would else make leaves, and gains, without bound
        # Each tree sees half of the columns, so that a feature is scored although a stronger one says the same.
        "feature_fraction": 0.5,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,  # seconds at most, and threads fight on a busy machine
        "verbosity": -1,
    }


def _are_grades(y: np.ndarray) -> bool:
    most = 30  # LightGBM's lambdarank knows the gains of grades 0 to 30
    return bool((y >= 0).all() and (y <= most).all() and (y == np.floor(y)).all())

"""Rates that groups can have together, as Fairlearn finds them, and the single thresholds that come nearest to them.

What they are used for lives in `mitigation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np

from ml_lifecycle.errors import ConfigError

#: What is made best while groups are treated alike.
Objective: TypeAlias = Literal["accuracy_score", "balanced_accuracy_score"]
#: The rates that a constraint holds alike between groups.
RATES: Mapping[str, tuple[str, ...]] = {
    "demographic_parity": ("selection_rate",),
    "true_positive_rate_parity": ("true_positive_rate",),
    "equalized_odds": ("true_positive_rate", "false_positive_rate"),
}


def ask_fairlearn(
    y: np.ndarray, p: np.ndarray, keys: np.ndarray, constraint: str, objective: Objective
) -> dict[str, dict[str, float]]:
    """The rates of each group under the randomised thresholds of Fairlearn.

    Args:
        y: Targets, 0 or 1, shape (n,).
        p: Probabilities, shape (n,).
        keys: The group of each row, shape (n,); each has both classes.
        constraint: What is alike between groups.
        objective: What is made best.

    Returns:
        By group and name of the rate.

    Raises:
        ConfigError: Fairlearn is not installed.
    """
    optimizer = _postprocessing().ThresholdOptimizer(
        estimator=_given(), constraints=constraint, objective=objective, prefit=True, predict_method="predict"
    )
    optimizer.fit(p[:, None], y, sensitive_features=keys.astype(str))
    rates = {}
    for group, mix in optimizer.interpolated_thresholder_.interpolation_dict.items():
        its = keys == group
        chance = mix.p0 * mix.operation0(p[its]) + mix.p1 * mix.operation1(p[its])
        if "p_ignore" in mix:
            chance = mix.p_ignore * mix.prediction_constant + (1 - mix.p_ignore) * chance
        rates[str(group)] = {name: _rate(name, chance, y[its]) for name in RATES[constraint]}
    return rates


def find_nearest(y: np.ndarray, p: np.ndarray, asked: Mapping[str, float]) -> tuple[float, dict[str, float]]:
    """The one threshold whose rates come nearest to those asked for (in the worst of them), and its rates.

    Between two neighbouring probabilities all thresholds do the same on these rows: the middle is taken. Of equally
    near ones the highest, which selects the fewest.
    """
    falling = np.sort(np.unique(p))[::-1]
    candidates = np.r_[(1.0 + falling[0]) / 2, (falling[1:] + falling[:-1]) / 2, falling[-1] / 2]
    reached = {name: _rates_at(candidates, p, y, name) for name in asked}
    away = np.max([np.abs(reached[name] - rate) for name, rate in asked.items()], axis=0)
    best = int(np.argmin(away))
    return float(candidates[best]), {name: float(rates[best]) for name, rates in reached.items()}


def _postprocessing() -> Any:  # noqa: ANN401 - a module
    import importlib

    try:
        return importlib.import_module("fairlearn.postprocessing")
    except ImportError as error:
        raise ConfigError(
            "thresholds by group need Fairlearn, which is not installed",
            expected="the package fairlearn",
            got=str(error),
            advice='install it with `pip install "ml-lifecycle[fairness]"`, or set evaluation.fairness.mitigation to '
            "none",
        ) from error


def _given() -> Any:  # noqa: ANN401 - an estimator of scikit-learn
    """A fitted estimator that predicts its one feature as it is: the probabilities were made before."""
    from sklearn.linear_model import LinearRegression

    given = LinearRegression()
    given.coef_, given.intercept_ = np.ones(1), 0.0
    return given


def _rate(name: str, selected: np.ndarray, y: np.ndarray) -> float:
    return float(selected[_counted(name, y)].mean())


def _rates_at(candidates: np.ndarray, p: np.ndarray, y: np.ndarray, name: str) -> np.ndarray:
    rising = np.sort(p[_counted(name, y)])
    return np.asarray(1 - np.searchsorted(rising, candidates, side="left") / len(rising))


def _counted(name: str, y: np.ndarray) -> np.ndarray:
    """The rows that a rate is a share of."""
    if name == "selection_rate":
        return np.ones(len(y), dtype=bool)
    return np.asarray(y == 1 if name == "true_positive_rate" else y != 1)

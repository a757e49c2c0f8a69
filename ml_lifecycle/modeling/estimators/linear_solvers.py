"""Solving linear models with scikit-learn, round by round. The family and its stored model are `linear`.

Strengths are given as for ridge (`alpha`, the weight of the penalty against the sum over all rows) and logistic
regression (`C`, its inverse), whatever the penalty; they are translated to what each solver wants.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.estimators.base import Prepared
from ml_lifecycle.modeling.estimators.capabilities import LOGARITHMIC
from ml_lifecycle.modeling.estimators.design import Design
from ml_lifecycle.modeling.estimators.facts import Goal
from ml_lifecycle.modeling.estimators.rounds import RoundWatch
from ml_lifecycle.modeling.search_space import Parameter

#: What is penalised: squares, absolute values, both, nothing.
PENALTIES = ("l2", "l1", "elasticnet", "none")
#: Iterations of the solver in one round: fewer where one takes long, so that a deadline is met, yet enough for the
#: solver to learn the curvature, which it forgets between rounds.
STRETCHES = (5, 20)
#: Products of one iteration (rows x columns x outputs) over a round that aim at about a second.
ROUND_PRODUCTS = 1_000_000_000
#: Iterations of a fit at most: linear models have converged by then or do not need to.
MOST_ITERATIONS = 200
#: The most rounds of a fit.
MOST_ROUNDS = MOST_ITERATIONS // STRETCHES[0]
#: Iterations of the coordinate descent of lasso and elastic net.
DESCENT_ITERATIONS = 1_000
#: Log-odds of a class that training lacked: a probability of about 1e-13.
NEVER = -30.0


@dataclass(frozen=True, slots=True)
class Solution:
    """Coefficients (outputs, width) and intercepts (outputs,) after a round."""

    coefficients: np.ndarray
    intercepts: np.ndarray


def solve(
    prepared: Prepared, parameters: Mapping[str, Parameter], design: Design, watch: RoundWatch
) -> Iterator[Solution]:
    """Solve, giving the solution after each round; the caller may stop in between.

    Args:
        prepared: The samples.
        parameters: Hyperparameters.
        design: From features to columns.
        watch: Says how many rounds there may be.
    """
    columns = design.matrix(prepared.train.matrix.values)
    if prepared.goal.is_classification:
        yield from _solve_logistic(prepared, parameters, columns, watch)
    else:
        yield _solve_regression(prepared, parameters, columns)


def _solve_regression(prepared: Prepared, parameters: Mapping[str, Parameter], columns: Any) -> Solution:  # noqa: ANN401
    train, goal = prepared.train, prepared.goal
    solver = (
        _general(goal, parameters, len(train.y))
        if goal.objective in LOGARITHMIC
        else _least_squares(goal, parameters, train.y)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a descent ends before convergence: near enough
        solver.fit(columns, train.y, sample_weight=train.weight)
    return Solution(np.atleast_2d(solver.coef_), np.atleast_1d(solver.intercept_))


def _least_squares(goal: Goal, parameters: Mapping[str, Parameter], y: np.ndarray) -> Any:  # noqa: ANN401
    from sklearn.linear_model import ElasticNet, Ridge

    alpha, penalty = float(parameters["alpha"]), str(parameters.get("penalty", "l2"))
    if penalty in {"l2", "none"}:
        return Ridge(alpha=alpha if penalty == "l2" else 0.0, random_state=goal.seed)
    ratio = 1.0 if penalty == "l1" else float(parameters.get("l1_ratio", 0.5))
    # Absolute values do not scale with the target as squares do; and scikit-learn divides by the rows here.
    scaled = alpha / len(y) * (float(np.std(y)) or 1.0)
    return ElasticNet(alpha=scaled, l1_ratio=ratio, max_iter=DESCENT_ITERATIONS, random_state=goal.seed)


def _general(goal: Goal, parameters: Mapping[str, Parameter], rows: int) -> Any:  # noqa: ANN401
    from sklearn.linear_model import TweedieRegressor

    power = {"poisson": 1.0, "gamma": 2.0}.get(goal.objective, goal.level)
    return TweedieRegressor(power=power, link="log", alpha=float(parameters["alpha"]) / rows, max_iter=MOST_ITERATIONS)


def _solve_logistic(
    prepared: Prepared,
    parameters: Mapping[str, Parameter],
    columns: Any,  # noqa: ANN401 - dense or sparse
    watch: RoundWatch,
) -> Iterator[Solution]:
    from sklearn.linear_model import LogisticRegression

    stretch = _stretch(columns.shape, prepared.goal)
    settings = _logistic_settings(parameters)
    solver = LogisticRegression(**settings, max_iter=stretch, warm_start=True, random_state=prepared.goal.seed)
    done, converged = 0, False
    while not converged and done < watch.rounds.most:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a stretch ends before convergence is the plan
            solver.fit(columns, prepared.train.y, sample_weight=prepared.train.weight)
        done += 1
        yield _spread(solver, prepared.goal)
        converged = int(np.max(solver.n_iter_)) < stretch or done * stretch >= MOST_ITERATIONS


def _logistic_settings(parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    settings: dict[str, Any] = dict(parameters)
    penalty, ratio = str(settings.pop("penalty", "l2")), settings.pop("l1_ratio", 0.5)
    if penalty == "none":
        settings["C"] = np.inf
    if penalty in {"l1", "elasticnet"}:
        settings |= {"penalty": "elasticnet", "l1_ratio": 1.0 if penalty == "l1" else ratio, "solver": "saga"}
    return settings


def _stretch(shape: tuple[int, int], goal: Goal) -> int:
    """Iterations per round, from the size of the problem alone: a later fit of the same makes the same rounds."""
    least, most = STRETCHES
    return int(np.clip(ROUND_PRODUCTS // (shape[0] * shape[1] * goal.outputs), least, most))


def _spread(solver: Any, goal: Goal) -> Solution:  # noqa: ANN401
    """Coefficients and intercepts of all classes of the goal, also of those that training lacked."""
    coefficients, intercepts = np.array(solver.coef_, dtype=float), np.array(solver.intercept_, dtype=float)
    if goal.kind is Kind.BINARY:
        return Solution(coefficients, intercepts)
    if len(coefficients) == 1:  # two classes came: scikit-learn gives the log-odds of the second
        coefficients, intercepts = np.vstack([0 * coefficients, coefficients]), np.r_[0.0, intercepts]
    all_coefficients, all_intercepts = np.zeros((goal.classes, coefficients.shape[1])), np.full(goal.classes, NEVER)
    present = solver.classes_.astype(int)
    all_coefficients[present], all_intercepts[present] = coefficients, intercepts
    return Solution(all_coefficients, all_intercepts)

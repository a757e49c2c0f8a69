"""Logistic and ridge regression by scikit-learn; a ranking is learnt pointwise. Stored and predicted as plain arrays.

How features become the columns of a linear model is `design`.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import PackageError
from ml_lifecycle.modeling.estimators.base import Family, Fit, FittedModel, Prepared, require_file
from ml_lifecycle.modeling.estimators.design import Design
from ml_lifecycle.modeling.estimators.facts import Goal, ModelFacts, normalise
from ml_lifecycle.modeling.estimators.rounds import Rounds, RoundWatch
from ml_lifecycle.modeling.search_space import Parameter, Range, Space

MODEL_FILE = "coefficients.json"
#: Iterations of the solver in one round: fewer where one takes long, so that a deadline is met, yet enough for the
#: solver to learn the curvature, which it forgets between rounds.
STRETCHES = (5, 20)
#: Products of one iteration (rows x columns x outputs) over a round that aim at about a second.
ROUND_PRODUCTS = 1_000_000_000
#: Iterations of a fit at most: linear models have converged by then or do not need to.
MOST_ITERATIONS = 200
#: Log-odds of a class that training lacked: a probability of about 1e-13.
NEVER = -30.0


class LinearModel(FittedModel):
    """Coefficients.

    Args:
        facts: What is known of the model.
        design: From features to columns.
        coefficients: (outputs, width).
        intercepts: (outputs,).
    """

    def __init__(self, facts: ModelFacts, design: Design, coefficients: np.ndarray, intercepts: np.ndarray) -> None:
        super().__init__(facts)
        self.design = design
        self.coefficients = coefficients
        self.intercepts = intercepts

    def _predict(self, values: np.ndarray) -> np.ndarray:
        count = len(self.design.numeric)
        raw = self.design.numbers(values) @ self.coefficients[:, :count].T + self.intercepts
        for column in self.design.places(values).T:
            raw += self.coefficients[:, column].T
        return _link(raw, self.facts.goal.kind)

    def _payload(self) -> dict[str, bytes]:
        state = asdict(self.design) | {
            "coefficients": self.coefficients.tolist(),
            "intercepts": self.intercepts.tolist(),
        }
        return {MODEL_FILE: json.dumps(state, sort_keys=True).encode()}

    @classmethod
    def from_files(cls, facts: ModelFacts, files: Mapping[str, bytes]) -> LinearModel:
        """Make the model of its coefficients.

        Raises:
            PackageError: The file is damaged.
        """
        try:
            state = json.loads(require_file(files, MODEL_FILE))
            coefficients, intercepts = np.array(state.pop("coefficients")), np.array(state.pop("intercepts"))
            return cls(facts, Design(**state), coefficients, intercepts)
        except (ValueError, TypeError, KeyError) as error:
            raise PackageError(
                f"{MODEL_FILE} cannot be read",
                expected="coefficients as JSON",
                got=f"{type(error).__name__}: {error}",
                advice="package the model again",
            ) from error


class Linear(Family):
    """`LogisticRegression` and `Ridge`."""

    name: ClassVar[str] = "linear"
    also_known: ClassVar[frozenset[str]] = frozenset({"class_weight"})
    patience: ClassVar[int | None] = 3
    most_rounds: ClassVar[int | None] = MOST_ITERATIONS // STRETCHES[0]

    def default_parameters(self, rows: int, goal: Goal) -> dict[str, Parameter]:  # noqa: ARG002 - part of the contract
        """Mild regularisation."""
        return {"C": 1.0} if goal.is_classification else {"alpha": 1.0}

    def space(self, rows: int, goal: Goal) -> Space:  # noqa: ARG002 - part of the contract
        """The strength of regularisation."""
        if goal.is_classification:
            return {"C": Range(1e-4, 100.0, log=True)}
        return {"alpha": Range(1e-3, 1e5, log=True)}

    def fit(self, prepared: Prepared, parameters: Mapping[str, Parameter], rounds: Rounds) -> Fit:
        """Solve, for classifications in stretches of iterations until the solver or patience is done."""
        from threadpoolctl import threadpool_limits

        watch = RoundWatch(rounds, prepared.valid)
        with threadpool_limits(prepared.goal.threads):
            design = Design.fit(prepared.train.matrix.values, tuple(prepared.train.matrix.categorical))
            solve = _solve_logistic if prepared.goal.is_classification else _solve_ridge
            model = solve(prepared, parameters, watch, design)
        return Fit(model, watch.best_score, watch.done, watch.stopped or "most")


def _solve_ridge(
    prepared: Prepared, parameters: Mapping[str, Parameter], watch: RoundWatch, design: Design
) -> LinearModel:
    from sklearn.linear_model import Ridge

    solver = Ridge(**parameters, random_state=prepared.goal.seed)
    solver.fit(design.matrix(prepared.train.matrix.values), prepared.train.y, sample_weight=prepared.train.weight)
    model = _model(prepared, parameters, design, 1, np.atleast_2d(solver.coef_), np.atleast_1d(solver.intercept_))
    _see(watch, 1, model, prepared)
    watch.stopped = "most"
    return model


def _solve_logistic(
    prepared: Prepared, parameters: Mapping[str, Parameter], watch: RoundWatch, design: Design
) -> LinearModel:
    from sklearn.linear_model import LogisticRegression

    columns = design.matrix(prepared.train.matrix.values)
    stretch = _stretch(columns.shape, prepared.goal)
    solver = LogisticRegression(**parameters, max_iter=stretch, warm_start=True, random_state=prepared.goal.seed)
    done, best = 0, None
    stop = False
    while not stop:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a stretch ends before convergence is the plan
            solver.fit(columns, prepared.train.y, sample_weight=prepared.train.weight)
        done += 1
        coefficients, intercepts = _spread(solver, prepared.goal)
        model = _model(prepared, parameters, design, done, coefficients, intercepts)
        stop = _see(watch, done, model, prepared)
        if best is None or watch.best_round == done:
            best = model
        if int(np.max(solver.n_iter_)) < stretch or done * stretch >= MOST_ITERATIONS:  # converged, or near enough
            watch.stopped = "most"
            stop = True
    assert best is not None, "a fit makes at least one round"  # noqa: S101 - invariant
    return best


def _stretch(shape: tuple[int, int], goal: Goal) -> int:
    """Iterations per round, from the size of the problem alone: a later fit of the same makes the same rounds."""
    least, most = STRETCHES
    return int(np.clip(ROUND_PRODUCTS // (shape[0] * shape[1] * goal.outputs), least, most))


def _see(watch: RoundWatch, done: int, model: LinearModel, prepared: Prepared) -> bool:
    value = None
    if watch.scores and prepared.valid is not None:
        value = watch.score_of(model.predict(prepared.valid.matrix.values))
    return watch.see(done, value)


def _spread(solver: Any, goal: Goal) -> tuple[np.ndarray, np.ndarray]:  # noqa: ANN401
    """Coefficients and intercepts of all classes of the goal, also of those that training lacked."""
    coefficients, intercepts = np.asarray(solver.coef_, dtype=float), np.asarray(solver.intercept_, dtype=float)
    if goal.kind is Kind.BINARY:
        return coefficients, intercepts
    if len(coefficients) == 1:  # two classes came: scikit-learn gives the log-odds of the second
        coefficients, intercepts = np.vstack([0 * coefficients, coefficients]), np.r_[0.0, intercepts]
    all_coefficients, all_intercepts = np.zeros((goal.classes, coefficients.shape[1])), np.full(goal.classes, NEVER)
    present = solver.classes_.astype(int)
    all_coefficients[present], all_intercepts[present] = coefficients, intercepts
    return all_coefficients, all_intercepts


def _model(
    prepared: Prepared,
    parameters: Mapping[str, Parameter],
    design: Design,
    iterations: int,
    coefficients: np.ndarray,
    intercepts: np.ndarray,
) -> LinearModel:
    names = tuple(prepared.train.matrix.names)
    facts = ModelFacts(
        Linear.name,
        prepared.goal,
        names=names,
        categorical=tuple(prepared.train.matrix.categorical),
        parameters=dict(parameters),
        iterations=iterations,
        rows=len(prepared.train.y),
        importance=normalise(names, _weights(design, coefficients)),
    )
    return LinearModel(facts, design, np.asarray(coefficients, dtype=float), np.asarray(intercepts, dtype=float))


def _weights(design: Design, coefficients: np.ndarray) -> np.ndarray:
    """Size of the standardised coefficients by feature; of a category's, their spread."""
    weights = np.zeros(len(design.numeric) + len(design.nominal))
    weights[design.numeric] = np.abs(coefficients[:, : len(design.numeric)]).sum(axis=0)
    start = len(design.numeric)
    for column, known in zip(design.nominal, design.known, strict=True):
        weights[column] = coefficients[:, start : start + known + 2].std(axis=1).sum()
        start += known + 2
    return weights


def _link(raw: np.ndarray, kind: Kind) -> np.ndarray:
    if kind is Kind.BINARY:
        return np.asarray(1 / (1 + np.exp(-np.clip(raw[:, 0], -500, 500))))
    if kind is Kind.MULTICLASS:
        odds = np.exp(raw - raw.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))
    return raw[:, 0]

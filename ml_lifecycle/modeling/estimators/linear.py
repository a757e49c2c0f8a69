"""The family of linear models by scikit-learn; a ranking is learnt pointwise. Stored and predicted as plain arrays.

How it is solved (ridge, lasso, elastic net, logistic, generalised) is `linear_solvers`; how features become the columns
of a linear model is `design`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import ClassVar

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ConfigError, PackageError
from ml_lifecycle.modeling.estimators.base import Family, Fit, FittedModel, Prepared, describe, require_file
from ml_lifecycle.modeling.estimators.capabilities import LOGARITHMIC, Capabilities
from ml_lifecycle.modeling.estimators.design import Design
from ml_lifecycle.modeling.estimators.facts import Goal, ModelFacts
from ml_lifecycle.modeling.estimators.linear_solvers import MOST_ROUNDS, PENALTIES, Solution, solve
from ml_lifecycle.modeling.estimators.rounds import Rounds, RoundWatch
from ml_lifecycle.modeling.search_space import Choice, Parameter, Range, Space

MODEL_FILE = "coefficients.json"
#: Beyond this an exponential would overflow.
LARGEST_EXPONENT = 500.0


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
        return _link(raw, self.facts.goal)

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
    """Logistic regression, ridge, lasso, elastic net, and generalised linear models with a logarithmic link."""

    name: ClassVar[str] = "linear"
    also_known: ClassVar[frozenset[str]] = frozenset({"class_weight"})
    patience: ClassVar[int | None] = 3
    most_rounds: ClassVar[int | None] = MOST_ROUNDS
    capabilities: ClassVar[Capabilities] = Capabilities(
        missing_values=False,
        categories=False,
        monotone=False,
        ranking=False,
        quantiles=False,
        objectives=frozenset({"auto", "squared_error", *LOGARITHMIC}),
        interpretability="high",
    )

    def default_parameters(self, rows: int, goal: Goal) -> dict[str, Parameter]:  # noqa: ARG002 - part of the contract
        """Mild regularisation of the squares (ridge)."""
        strength: dict[str, Parameter] = {"C": 1.0} if goal.is_classification else {"alpha": 1.0}
        return strength if goal.objective in LOGARITHMIC else {**strength, "penalty": "l2", "l1_ratio": 0.5}

    def space(self, rows: int, goal: Goal) -> Space:  # noqa: ARG002 - part of the contract
        """The strength of regularisation and its kind; `l1_ratio` acts on the elastic net only."""
        strength = (
            {"C": Range(1e-4, 100.0, log=True)} if goal.is_classification else {"alpha": Range(1e-3, 1e5, log=True)}
        )
        if goal.objective in LOGARITHMIC:
            return strength
        return {**strength, "penalty": Choice(("l2", "l1", "elasticnet")), "l1_ratio": Range(0.05, 0.95)}

    def check_parameters(self, parameters: Mapping[str, Parameter], rows: int, goal: Goal) -> None:
        """See that hyperparameters fixed by hand exist, and that the penalty is one of ours.

        Raises:
            ConfigError: They do not.
        """
        super().check_parameters(parameters, rows, goal)
        if parameters.get("penalty", "l2") not in PENALTIES:
            raise ConfigError(
                "modeling.parameters.penalty is unknown",
                expected=f"one of {', '.join(PENALTIES)}",
                got=str(parameters["penalty"]),
                advice="`l2` is ridge, `l1` lasso, `elasticnet` both in shares of l1_ratio",
            )

    def fit(self, prepared: Prepared, parameters: Mapping[str, Parameter], rounds: Rounds) -> Fit:
        """Solve, for classifications in stretches of iterations until the solver or patience is done."""
        from threadpoolctl import threadpool_limits

        watch = RoundWatch(rounds, prepared.valid)
        with threadpool_limits(prepared.goal.threads):
            design = Design.fit(prepared.train.matrix.values, tuple(prepared.train.matrix.categorical))
            best: LinearModel | None = None
            for iteration, solution in enumerate(solve(prepared, parameters, design, watch), start=1):
                model = _model(prepared, parameters, design, iteration, solution)
                value = None
                if watch.scores and prepared.valid is not None:
                    value = watch.score_of(model.predict(prepared.valid.matrix.values))
                stop = watch.see(iteration, value)
                if best is None or watch.best_round == iteration:
                    best = model
                if stop:
                    break
            else:
                watch.stopped = "most"  # the solver has converged, or near enough
        assert best is not None, "a fit makes at least one round"  # noqa: S101 - invariant
        return Fit.of(best, watch)

    def cost_hint(self, rows: int, features: int, goal: Goal) -> float:  # noqa: ARG002 - part of the contract
        """Cheap while the columns, one per category, are few."""
        return 0.1 * goal.outputs


def _model(
    prepared: Prepared, parameters: Mapping[str, Parameter], design: Design, iterations: int, solution: Solution
) -> LinearModel:
    coefficients = np.asarray(solution.coefficients, dtype=float)
    weights = _weights(design, coefficients)
    facts = describe(Linear.name, prepared, parameters, iterations=iterations, weights=weights)
    return LinearModel(facts, design, coefficients, np.asarray(solution.intercepts, dtype=float))


def _weights(design: Design, coefficients: np.ndarray) -> np.ndarray:
    """Size of the standardised coefficients by feature; of a category's, their spread."""
    weights = np.zeros(len(design.numeric) + len(design.nominal))
    weights[design.numeric] = np.abs(coefficients[:, : len(design.numeric)]).sum(axis=0)
    start = len(design.numeric)
    for column, known in zip(design.nominal, design.known, strict=True):
        weights[column] = coefficients[:, start : start + known + 2].std(axis=1).sum()
        start += known + 2
    return weights


def _link(raw: np.ndarray, goal: Goal) -> np.ndarray:
    if goal.kind is Kind.BINARY:
        return np.asarray(1 / (1 + np.exp(-np.clip(raw[:, 0], -LARGEST_EXPONENT, LARGEST_EXPONENT))))
    if goal.kind is Kind.MULTICLASS:
        odds = np.exp(raw - raw.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))
    if goal.objective in LOGARITHMIC:
        return np.asarray(np.exp(np.clip(raw[:, 0], -LARGEST_EXPONENT, LARGEST_EXPONENT)))
    return raw[:, 0]

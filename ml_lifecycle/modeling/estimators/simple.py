"""Models that need no fitting worth the name: a constant, chance, one feature. They serve as baselines.

They are stored and loaded like all models, so that a baseline can predict later what the candidate is compared on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import PackageError
from ml_lifecycle.modeling.estimators.base import FittedModel, require_file
from ml_lifecycle.modeling.estimators.facts import ModelFacts

MODEL_FILE = "simple.json"


class SimpleModel(FittedModel):
    """A model whose whole state is a few figures.

    Args:
        facts: What is known of the model.
        state: Its figures.
    """

    family_name: ClassVar[str]

    def __init__(self, facts: ModelFacts, state: Mapping[str, list[float]]) -> None:
        super().__init__(facts)
        self.state = dict(state)

    def _payload(self) -> dict[str, bytes]:
        return {MODEL_FILE: json.dumps(self.state, sort_keys=True).encode()}

    @classmethod
    def from_files(cls, facts: ModelFacts, files: Mapping[str, bytes]) -> SimpleModel:
        """Make the model of its figures.

        Raises:
            PackageError: The file is damaged.
        """
        try:
            return cls(facts, json.loads(require_file(files, MODEL_FILE)))
        except ValueError as error:
            raise PackageError(
                f"{MODEL_FILE} cannot be read",
                expected="figures as JSON",
                got=str(error),
                advice="package the model again",
            ) from error


class ConstantModel(SimpleModel):
    """The same prediction for every row: `state["value"]`."""

    family_name: ClassVar[str] = "constant"

    def _predict(self, values: np.ndarray) -> np.ndarray:
        value = np.asarray(self.state["value"])
        return np.tile(value, (len(values), 1)) if self.facts.goal.outputs > 1 else np.full(len(values), value[0])


class ChanceModel(SimpleModel):
    """Draws by the seed of the goal, independent of the row; `state` says from what.

    `shares` (classifications): a class by its share, named as surely as `sure` says. `value` (regression): any of
    these quantiles. `range` (regression): any number between the two. With none of them: any probabilities, any order.
    """

    family_name: ClassVar[str] = "chance"

    def _predict(self, values: np.ndarray) -> np.ndarray:
        rng = np.random.default_rng(self.facts.goal.seed)
        goal, rows = self.facts.goal, len(values)
        if self.state.get("shares"):
            return self._draw_classes(rng, rows)
        if self.state.get("range"):
            low, high = self.state["range"]
            return np.asarray(rng.uniform(low, high, size=rows))
        if goal.kind is Kind.MULTICLASS:
            return np.asarray(rng.dirichlet(np.ones(goal.classes), size=rows))
        if goal.kind is Kind.REGRESSION:
            return np.asarray(rng.choice(np.asarray(self.state["value"]), size=rows))
        return rng.random(rows)

    def _draw_classes(self, rng: np.random.Generator, rows: int) -> np.ndarray:
        shares, sure = np.asarray(self.state["shares"]), self.state["sure"][0]
        drawn = rng.choice(len(shares), size=rows, p=shares)
        if self.facts.goal.kind is not Kind.MULTICLASS:
            return np.where(drawn == 1, sure, 1 - sure)
        others = (1 - sure) / max(len(shares) - 1, 1)
        return np.where(np.arange(len(shares)) == drawn[:, None], sure, others)


class SingleFeatureModel(SimpleModel):
    """The feature at position `state["feature"]` times `state["sign"]` ranks; missing values come last."""

    family_name: ClassVar[str] = "single_feature"

    def _predict(self, values: np.ndarray) -> np.ndarray:
        column = values[:, int(self.state["feature"][0])].astype(np.float64) * self.state["sign"][0]
        known = column[~np.isnan(column)]
        least = known.min() - 1 if len(known) else 0.0
        return np.where(np.isnan(column), least, column)

"""`ScikitTrees`: a fitted forest or boosting of scikit-learn, whatever its family. Storing it is `skops_files`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.estimators.base import FittedModel, require_file
from ml_lifecycle.modeling.estimators.facts import Goal, ModelFacts
from ml_lifecycle.modeling.estimators.skops_files import MODEL_FILE, dump_estimator, load_estimator


class ScikitTrees(FittedModel):
    """Trees of scikit-learn.

    Args:
        facts: What is known of the model.
        estimator: The fitted estimator.
        stored: The bytes it was loaded from, which it keeps: storing it anew might order shared parts differently.
    """

    def __init__(self, facts: ModelFacts, estimator: Any, stored: bytes | None = None) -> None:  # noqa: ANN401
        super().__init__(facts)
        self.estimator = estimator
        self._stored = stored

    @staticmethod
    def ask(estimator: Any, values: np.ndarray, goal: Goal) -> np.ndarray:  # noqa: ANN401
        """Predictions of an estimator in the form of `FittedModel`; classes that training lacked get probability 0."""
        if not goal.is_classification:
            return np.asarray(estimator.predict(values), dtype=np.float64)
        found = np.asarray(estimator.predict_proba(values), dtype=np.float64)
        if goal.kind is Kind.BINARY:
            return found[:, 1]
        spread = np.zeros((len(values), goal.classes))
        spread[:, estimator.classes_.astype(int)] = found
        return spread

    def _predict(self, values: np.ndarray) -> np.ndarray:
        return self.ask(self.estimator, values, self.facts.goal)

    def _payload(self) -> dict[str, bytes]:
        if self._stored is None:
            self._stored = dump_estimator(self.estimator)
        return {MODEL_FILE: self._stored}

    @classmethod
    def from_files(cls, facts: ModelFacts, files: Mapping[str, bytes]) -> ScikitTrees:
        """Make the model of its skops file."""
        stored = require_file(files, MODEL_FILE)
        return cls(facts, load_estimator(stored), stored)

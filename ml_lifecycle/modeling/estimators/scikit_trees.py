"""`ScikitTrees`: a fitted forest or boosting of scikit-learn, whatever its family. Storing it is `skops_files`."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
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
        return ScikitTrees._shape(estimator, estimator.predict_proba(values), goal)

    @staticmethod
    def _shape(estimator: Any, answers: np.ndarray, goal: Goal) -> np.ndarray:  # noqa: ANN401
        found = np.asarray(answers, dtype=np.float64)
        if not goal.is_classification:
            return found
        if goal.kind is Kind.BINARY:
            return found[:, 1]
        spread = np.zeros((len(found), goal.classes))
        spread[:, estimator.classes_.astype(int)] = found
        return spread

    def _predict(self, values: np.ndarray) -> np.ndarray:
        return self.ask(self.estimator, values, self.facts.goal)

    def first_rounds(self, rounds: int) -> ScikitTrees | None:
        """The estimator after so many rounds, or with so many trees of a forest; a single tree has none.

        scikit-learn has no public way to shorten a histogram boosting. What each feature does is told as of the whole.
        """
        first = copy.copy(self.estimator)
        if hasattr(first, "estimators_"):
            first.set_params(n_estimators=rounds)
            first.estimators_ = first.estimators_[:rounds]
        elif hasattr(first, "_predictors"):
            first.set_params(max_iter=rounds)
            first._predictors = first._predictors[:rounds]  # noqa: SLF001
        else:
            return None
        return ScikitTrees(replace(self.facts, iterations=rounds), first)

    def stages(self, values: np.ndarray, marks: Sequence[int]) -> Iterator[np.ndarray] | None:
        """Predictions of a boosting after so many rounds each; the trees of a forest are no steps of learning."""
        if not hasattr(self.estimator, "_predictors"):
            return None
        rows, wanted = np.ascontiguousarray(values, dtype=np.float32), set(marks)
        ask = (
            self.estimator.staged_predict_proba if self.facts.goal.is_classification else self.estimator.staged_predict
        )
        return (
            self._shape(self.estimator, found, self.facts.goal)
            for number, found in enumerate(ask(rows), start=1)
            if number in wanted
        )

    def _payload(self) -> dict[str, bytes]:
        if self._stored is None:
            self._stored = dump_estimator(self.estimator)
        return {MODEL_FILE: self._stored}

    @classmethod
    def from_files(cls, facts: ModelFacts, files: Mapping[str, bytes]) -> ScikitTrees:
        """Make the model of its skops file."""
        stored = require_file(files, MODEL_FILE)
        return cls(facts, load_estimator(stored), stored)

"""`Decision`: which class a predicted probability is turned into, and what wrong classes cost.

How a threshold is chosen lives in `threshold`, thresholds by group in `evaluation/fairness/assessment`; a decision is
stored with the `predictor` and used by whoever makes labels (`release/answers`).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ConfigError, PackageError
from ml_lifecycle.features.cells import category_key
from ml_lifecycle.modeling.target import Target

#: The probability from which a class is the positive one where nothing else was chosen.
EVEN = 0.5


@dataclass(frozen=True, slots=True)
class GroupThresholds:
    """Thresholds by the value of a column, so that groups are treated alike.

    Args:
        column: The column; rows bring it, also where it is no feature.
        thresholds: Threshold of each group, by the text of the column's value (`features.cells.category_key`).
        default: For other values, missing ones, and rows without the column.

    >>> GroupThresholds("sex", {"f": 0.4, "m": 0.6}, default=0.5).of("f")
    0.4
    """

    column: str
    thresholds: Mapping[str, float]
    default: float

    def of(self, value: object) -> float:
        """The threshold of one cell."""
        key = category_key(value)
        return self.default if key is None else self.thresholds.get(key, self.default)

    def of_rows(self, rows: pd.DataFrame | None, count: int) -> np.ndarray:
        """The threshold of each of `count` rows, shape (count,)."""
        if rows is None or self.column not in rows.columns:
            return np.full(count, self.default)
        codes, values = pd.factorize(rows[self.column])
        known = np.array([*(self.of(value) for value in values), self.default])
        return np.asarray(known[codes])  # a missing cell has the code -1


@dataclass(frozen=True, slots=True)
class Decision:
    """How predictions of a classification become classes. Without any part: 0.5, or the most probable class.

    Args:
        threshold: Binary: the probability from which the class is the positive one.
        by_group: Binary: thresholds by group, in place of the one.
        costs: Multiclass: cost of each true class (row) and predicted class (column), shape (k, k); the class with the
            least expected cost is taken.

    Raises:
        ValueError: Costs are given together with thresholds, or are not square.

    >>> Decision(threshold=0.3).codes(np.array([0.2, 0.3])).tolist()
    [0, 1]
    """

    threshold: float | None = None
    by_group: GroupThresholds | None = None
    costs: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        if self.costs is None:
            return
        if self.threshold is not None or self.by_group is not None:
            raise ValueError("expected either a threshold or costs, got both")
        if any(len(row) != len(self.costs) for row in self.costs):
            raise ValueError(f"expected square costs, got rows of {[len(row) for row in self.costs]}")

    @property
    def general_threshold(self) -> float:
        """Binary: the threshold of a row of which no group is known."""
        if self.by_group is not None:
            return self.by_group.default
        return EVEN if self.threshold is None else self.threshold

    @property
    def column(self) -> str | None:
        """The column that rows must bring besides what the model reads."""
        return None if self.by_group is None else self.by_group.column

    def codes(self, predictions: np.ndarray, rows: pd.DataFrame | None = None) -> np.ndarray:
        """Class codes of many predictions, int64 of shape (n,).

        Args:
            predictions: Probabilities, shape (n,), or (n, k) for k classes.
            rows: The raw rows of these predictions; only thresholds by group look at them.
        """
        if predictions.ndim > 1:
            return np.asarray(self._judge_classes(predictions), dtype=np.int64)
        if self.by_group is None:
            return np.asarray(predictions >= self.general_threshold, dtype=np.int64)
        return np.asarray(predictions >= self.by_group.of_rows(rows, len(predictions)), dtype=np.int64)

    def code(self, prediction: float | np.ndarray, row: Mapping[str, object] | None = None) -> int:
        """The class code of one prediction; the same as `codes` gives."""
        if isinstance(prediction, np.ndarray) and prediction.ndim:
            return int(self._judge_classes(prediction[None, :])[0])
        if self.by_group is None:
            return int(prediction >= self.general_threshold)
        return int(prediction >= self.by_group.of(None if row is None else row.get(self.by_group.column)))

    def _judge_classes(self, predictions: np.ndarray) -> np.ndarray:
        if self.costs is None:
            return np.asarray(predictions.argmax(axis=1))
        # Summed class by class: a matrix product rounds one row and many rows differently.
        expected = np.zeros_like(predictions)
        for code, costs in enumerate(self.costs):
            expected += predictions[:, code, None] * np.asarray(costs)
        return np.asarray(expected.argmin(axis=1))

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        group = self.by_group
        return {
            "threshold": self.threshold,
            "by_group": None
            if group is None
            else {"column": group.column, "thresholds": dict(group.thresholds), "default": group.default},
            "costs": None if self.costs is None else [list(row) for row in self.costs],
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Decision:
        """Make a decision of what `to_dict` gave.

        Raises:
            PackageError: The state is damaged.
        """
        try:
            threshold, group, costs = state["threshold"], state["by_group"], state["costs"]
            return cls(
                None if threshold is None else float(threshold),
                None if group is None else _group_from(group),
                None if costs is None else tuple(tuple(map(float, row)) for row in costs),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise PackageError(
                "the stored decision cannot be read",
                expected="threshold, by_group and costs",
                got=f"{type(error).__name__}: {error}",
                advice="package the model again",
            ) from error


def cost_matrix(target: Target, costs: Mapping[str, Mapping[str, float]]) -> np.ndarray:
    """The costs of the brief as a matrix.

    Args:
        target: The classes.
        costs: By the name of the true class and of the predicted one; what is not named costs nothing.

    Returns:
        Cost of each true class (row) and predicted class (column), in the order of the codes, shape (k, k).

    Raises:
        ConfigError: A name is no class.

    >>> cost_matrix(Target(Kind.BINARY, "repaid", ("no", "yes")), {"yes": {"no": 5}, "no": {"yes": 1}}).tolist()
    [[0.0, 1.0], [5.0, 0.0]]
    """
    matrix = np.zeros((len(target.classes), len(target.classes)))
    for true, row in costs.items():
        for predicted, cost in row.items():
            matrix[_code_of(target, true), _code_of(target, predicted)] = cost
    return matrix


def least_cost_decision(target: Target, costs: Mapping[str, Mapping[str, float]]) -> Decision:
    """For several classes: take the class with the least expected cost by the (calibrated) probabilities.

    Raises:
        ConfigError: A name is no class, or the target is not multiclass (a binary one has a threshold).
    """
    if target.kind is not Kind.MULTICLASS:
        raise ConfigError(
            "classes cannot be decided by expected cost",
            expected="a target of more than two classes",
            got=f"{target.kind}",
            advice="set modeling.threshold.method to cost for two classes, to fixed for numbers",
        )
    return Decision(costs=tuple(tuple(map(float, row)) for row in cost_matrix(target, costs)))


def _code_of(target: Target, name: object) -> int:
    keys = [category_key(label) or "" for label in target.classes]
    key = category_key(name) or ""
    if key not in keys:
        near = difflib.get_close_matches(key, keys, n=1, cutoff=0.4)
        raise ConfigError(
            "brief.costs names a class that does not occur",
            expected=f"classes among {keys[:10]}",
            got=repr(key),
            advice=f"did you mean {near[0]!r}" if near else "correct the name",
        )
    return keys.index(key)


def _group_from(state: Mapping[str, Any]) -> GroupThresholds:
    thresholds = {str(group): float(value) for group, value in state["thresholds"].items()}
    return GroupThresholds(str(state["column"]), thresholds, float(state["default"]))

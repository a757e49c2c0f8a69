"""What decisions cost: the mean cost of a row, from a table of costs by true and predicted class.

The table comes from `brief.costs`. The metric that is made of it, `cost`, stands in `metrics`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.measures.forms import Scored, Sums, ratio
from ml_lifecycle.evaluation.measures.labels import codes, label
from ml_lifecycle.features.cells import category_key


@dataclass(frozen=True, slots=True)
class CostMatrix:
    """What it costs to take one class for another.

    Args:
        values: Cost by code of the true class, then by code of the predicted one; a gain is negative.

    >>> costs = CostMatrix.of({"yes": {"no": 5}, "no": {"yes": 1}}, ["no", "yes"])
    >>> costs.values
    ((0.0, 1.0), (5.0, 0.0))
    >>> CostMatrix.of({"yes": {"nope": 5}}, ["no", "yes"])
    Traceback (most recent call last):
    ...
    ml_lifecycle.errors.ConfigError: brief.costs names a class that the target does not have: ... got 'nope'...
    """

    values: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, costs: Mapping[str, Mapping[str, float]], classes: Sequence[object]) -> CostMatrix | None:
        """Put the costs of a brief in the order of the classes; None where there are none.

        Args:
            costs: By true class, then by predicted class; what is not named costs nothing.
            classes: The target's classes in the order of their codes; without any (regression, ranking) costs are an
                error.

        Raises:
            ConfigError: A class is not one of the target's, or a cost is not finite.
        """
        if not costs:
            return None
        code = {str(category_key(name)): place for place, name in enumerate(classes)}
        matrix = np.zeros((len(code), len(code)))
        for true, row in costs.items():
            for predicted, cost in row.items():
                matrix[_code_of(true, code), _code_of(predicted, code)] = _finite(cost, true, predicted)
        return cls(tuple(tuple(map(float, row)) for row in matrix))

    def of_rows(self, scored: Scored) -> np.ndarray:
        """The cost of each row, shape (n,): the prediction is by threshold, or the most probable class.

        Raises:
            ConfigError: The predictions are of another number of classes.
        """
        found = 2 if scored.p.ndim == 1 else scored.p.shape[1]
        if found != len(self.values):
            raise ConfigError(
                "the costs do not fit the predictions",
                expected=f"predictions of {len(self.values)} classes",
                got=f"{found} classes",
                advice="build the costs from the classes of the target that the model was fitted to",
            )
        return np.asarray(np.array(self.values)[codes(scored), label(scored)])

    def measure(self) -> Sums:
        """The mean cost of a row."""
        return Sums(lambda scored: np.column_stack([self.of_rows(scored), np.ones(len(scored.y))]), ratio)


def refuse(scored: Scored) -> NoReturn:
    """Say that there are no costs.

    Raises:
        ConfigError: Always.
    """
    raise ConfigError(
        "the metric 'cost' has nothing to count with",
        expected="brief.costs, by true and predicted class",
        got=f"no costs for {len(scored.y)} rows",
        advice="write what each mistake costs, such as `costs: {yes: {no: 5}, no: {yes: 1}}`",
    )


#: The measure of `cost` before costs are known: it can be named, not computed.
NO_COSTS = Sums(refuse, ratio)


def _code_of(name: object, codes_by_name: Mapping[str, int]) -> int:
    key = str(category_key(name))
    if key not in codes_by_name:
        raise ConfigError(
            "brief.costs names a class that the target does not have",
            expected=f"one of {_listed(codes_by_name)}",
            got=repr(name),
            advice="write the classes as the data have them",
        )
    return codes_by_name[key]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names) or "no class at all, since this target has none"


def _finite(cost: float, true: str, predicted: str) -> float:
    if not np.isfinite(cost):
        raise ConfigError(
            f"brief.costs.{true}.{predicted} is no cost",
            expected="a finite number",
            got=f"{cost}",
            advice="write a large number where a mistake must never happen",
        )
    return float(cost)

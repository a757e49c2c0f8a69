"""`Goal` and `ModelFacts`: what is fitted, and what is known of a fitted model, as plain JSON. Models are `base`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.modeling import ModelingConfig
from ml_lifecycle.errors import PackageError
from ml_lifecycle.modeling.search_space import Parameter

FACTS_FILE = "model.json"


@dataclass(frozen=True, slots=True)
class Goal:
    """What is fitted, and with which means.

    Args:
        kind: The kind of problem.
        classes: Number of classes of a classification (those of the target, not only those in the training rows);
            0 otherwise.
        seed: Seed of everything random.
        threads: Threads of training.
        objective: The loss as `modeling.objective` names it; `auto` is what the kind and the family make of it.
        level: Objective quantile: which one; objective tweedie: the power of the variance.
        monotone: Features by name that predictions may only rise (1) or fall (-1) with.
    """

    kind: Kind
    classes: int = 0
    seed: int = 0
    threads: int = 1
    objective: str = "auto"
    level: float | None = None
    monotone: Mapping[str, int] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        least = {Kind.BINARY: 2, Kind.MULTICLASS: 2}.get(self.kind, 0)
        if self.classes < least:
            raise ValueError(f"expected at least {least} classes for {self.kind}, got {self.classes}")

    @classmethod
    def of(cls, kind: Kind, classes: int, config: ModelingConfig, threads: int) -> Goal:
        """The goal that the modeling section describes; whether a family can reach it says `check_goal`.

        Args:
            kind: The kind of problem.
            classes: Number of classes of the target.
            config: Objective, quantile, power, monotone features and seed.
            threads: Threads of training.
        """
        levels = {"quantile": config.quantile, "tweedie": config.tweedie_power}
        return cls(
            kind,
            classes,
            seed=config.seed,
            threads=threads,
            objective=config.objective,
            level=levels.get(config.objective),
            monotone=dict(config.monotone),
        )

    @property
    def is_classification(self) -> bool:
        """Whether probabilities are predicted."""
        return self.kind in {Kind.BINARY, Kind.MULTICLASS}

    @property
    def outputs(self) -> int:
        """Figures per row: one per class for multiclass, else one."""
        return self.classes if self.kind is Kind.MULTICLASS else 1


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a fitted model: enough to use it, and to fit it again on the same rows.

    Args:
        family: Its family.
        goal: What was fitted, with which seed and threads.
        names: Names of the features in their order.
        categorical: Positions of the features that are codes.
        parameters: All hyperparameters.
        iterations: Rounds the model consists of.
        rows: Rows it was fitted on.
        importance: Share of each feature in what the model does, by name; they sum to 1 (or are all 0).
    """

    family: str
    goal: Goal
    names: tuple[str, ...]
    categorical: tuple[int, ...]
    parameters: Mapping[str, Parameter]
    iterations: int
    rows: int
    importance: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """Plain JSON, the same bytes for the same facts."""
        return json.dumps(asdict(self), sort_keys=True, indent=1).encode()

    @classmethod
    def from_json(cls, text: bytes) -> ModelFacts:
        """Read what `to_json` wrote.

        Raises:
            PackageError: The text is something else.
        """
        try:
            raw = json.loads(text)
            plain = raw.pop("goal")
            goal = Goal(**{**plain, "kind": Kind(plain["kind"])})
            return cls(**{**raw, "goal": goal, "names": tuple(raw["names"]), "categorical": tuple(raw["categorical"])})
        except (ValueError, TypeError, KeyError) as error:
            raise PackageError(
                f"{FACTS_FILE} of a model cannot be read",
                expected="the facts of a model as JSON",
                got=f"{type(error).__name__}: {error}",
                advice="package the model again",
            ) from error


def normalise(names: tuple[str, ...], weights: np.ndarray) -> dict[str, float]:
    """Weights by name as shares of their sum.

    >>> normalise(("a", "b"), np.array([3.0, 1.0]))
    {'a': 0.75, 'b': 0.25}
    """
    total = float(weights.sum())
    shares = weights / total if total > 0 else np.zeros(len(names))
    return dict(zip(names, (float(share) for share in shares), strict=True))

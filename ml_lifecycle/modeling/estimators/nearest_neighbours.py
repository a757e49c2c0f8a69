"""k nearest neighbours (Fix & Hodges 1951) in plain numpy; a ranking is learnt pointwise. Stored as arrays.

Numbers are standardised, categories become columns in which two different ones lie a distance of 1 apart, and missing
cells are replaced (`design`). Every prediction measures the distance to all stored rows, so at most `MOST_ROWS` of the
training rows are kept, drawn by the seed: a prediction then takes about a millisecond. Rows as far away as the
last neighbour all count, so that neither order nor rounding decides between them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import PackageError
from ml_lifecycle.modeling.estimators.base import Family, Fit, FittedModel, Prepared, describe, require_file
from ml_lifecycle.modeling.estimators.capabilities import Capabilities
from ml_lifecycle.modeling.estimators.design import Design
from ml_lifecycle.modeling.estimators.facts import Goal, ModelFacts
from ml_lifecycle.modeling.estimators.rounds import Rounds, RoundWatch
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.search_space import Choice, Parameter, Range, Space

DESIGN_FILE = "design.json"
ROWS_FILE = "rows.npz"
#: Training rows that are kept at most.
MOST_ROWS = 10_000
#: Distances in memory at once.
BLOCK = 250_000
#: Relative difference up to which two squared distances count as equal.
TIE = 1e-9
#: Rows that importance is measured on.
PROBE_ROWS = 300
_STORED = ("columns", "targets", "weights")


@dataclass(frozen=True)
class Neighbours:
    """The rows that answer.

    Args:
        columns: Their place, (n, width).
        targets: What they vote for, (n, outputs).
        weights: How much each counts, (n,).
    """

    columns: np.ndarray
    targets: np.ndarray
    weights: np.ndarray

    @cached_property
    def lengths(self) -> np.ndarray:
        """The squared length of each row, (n,)."""
        return np.asarray((self.columns**2).sum(axis=1))

    def vote(self, places: np.ndarray, count: int, *, by_distance: bool, skip_self: bool = False) -> np.ndarray:
        """The mean of the nearest rows for each place (m, width), shape (m, outputs).

        Args:
            places: Where to ask.
            count: How many neighbours are asked.
            by_distance: Whether nearer ones count more, by the inverse of their distance.
            skip_self: Whether the places are these rows, none of which may answer for itself.
        """
        count = min(count, len(self.columns) - skip_self)
        lengths = self.lengths
        answers = np.empty((len(places), self.targets.shape[1]))
        step = max(1, BLOCK // len(self.columns))
        for start in range(0, len(places), step):
            part = places[start : start + step]
            squared = np.maximum(lengths - 2 * (part @ self.columns.T) + (part**2).sum(axis=1)[:, None], 0.0)
            scale = lengths.max() + (part**2).sum(axis=1)[:, None] + 1.0
            if skip_self:
                squared[np.arange(len(part)), np.arange(start, start + len(part))] = np.inf
            farthest = np.partition(squared, count - 1, axis=1)[:, [count - 1]]
            votes = (squared <= farthest + TIE * scale) * self.weights
            if by_distance:
                votes = votes / np.sqrt(np.where(np.isfinite(squared), squared, 0.0) + TIE * scale)
            answers[start : start + step] = votes @ self.targets / votes.sum(axis=1, keepdims=True)
        return answers


class NeighbourModel(FittedModel):
    """Stored rows, and how their answers are taken together.

    Args:
        facts: What is known of the model.
        design: From features to columns.
        rows: The rows that answer.
    """

    def __init__(self, facts: ModelFacts, design: Design, rows: Neighbours) -> None:
        super().__init__(facts)
        self.design = design
        self.rows = rows

    def _predict(self, values: np.ndarray) -> np.ndarray:
        count, by_distance = _manner(self.facts.parameters)
        found = self.rows.vote(place(self.design, values), count, by_distance=by_distance)
        if self.facts.goal.kind is Kind.MULTICLASS:
            return np.asarray(found / found.sum(axis=1, keepdims=True))
        return np.clip(found[:, 0], 0.0, 1.0) if self.facts.goal.is_classification else found[:, 0]

    def _payload(self) -> dict[str, bytes]:
        target = io.BytesIO()
        np.savez(target, **{name: getattr(self.rows, name) for name in _STORED})
        return {DESIGN_FILE: json.dumps(asdict(self.design), sort_keys=True).encode(), ROWS_FILE: target.getvalue()}

    @classmethod
    def from_files(cls, facts: ModelFacts, files: Mapping[str, bytes]) -> NeighbourModel:
        """Make the model of its arrays.

        Raises:
            PackageError: A file is damaged.
        """
        try:
            design = Design(**json.loads(require_file(files, DESIGN_FILE)))
            with np.load(io.BytesIO(require_file(files, ROWS_FILE)), allow_pickle=False) as stored:
                return cls(facts, design, Neighbours(**{name: stored[name] for name in _STORED}))
        except (ValueError, TypeError, KeyError, OSError, EOFError) as error:
            raise PackageError(
                "the rows of a model of neighbours cannot be read",
                expected=f"{DESIGN_FILE} and {ROWS_FILE} of ours",
                got=f"{type(error).__name__}: {error}",
                advice="package the model again",
            ) from error


class NearestNeighbours(Family):
    """k nearest neighbours."""

    name: ClassVar[str] = "knn"
    most_rounds: ClassVar[int | None] = 1
    capabilities: ClassVar[Capabilities] = Capabilities(
        missing_values=False,
        categories=False,
        monotone=False,
        ranking=False,
        quantiles=False,
        objectives=frozenset({"auto", "squared_error"}),
        interpretability="medium",
    )

    def default_parameters(self, rows: int, goal: Goal) -> dict[str, Parameter]:  # noqa: ARG002 - part of the contract
        """More neighbours where there are more rows; nearer ones count more."""
        return {"n_neighbors": int(np.clip(np.sqrt(min(rows, MOST_ROWS)) / 2, 3, 50)), "weights": "distance"}

    def space(self, rows: int, goal: Goal) -> Space:  # noqa: ARG002 - part of the contract
        """How many neighbours answer, and how they are taken together."""
        return {
            "n_neighbors": Range(1, int(np.clip(rows // 4, 5, 200)), log=True, integer=True),
            "weights": Choice(("distance", "uniform")),
        }

    def fit(self, prepared: Prepared, parameters: Mapping[str, Parameter], rounds: Rounds) -> Fit:
        """Store the rows; there is one round."""
        from threadpoolctl import threadpool_limits

        train, goal = prepared.train, prepared.goal
        with threadpool_limits(goal.threads):
            design = Design.fit(train.matrix.values, tuple(train.matrix.categorical))
            rng = np.random.default_rng(goal.seed)
            kept = np.sort(rng.permutation(len(train.y))[:MOST_ROWS])
            rows = _store(train.take(kept), design, goal)
            weights = _importance(train.take(kept), design, rows, parameters, rng)
            model = NeighbourModel(
                describe(self.name, prepared, parameters, iterations=1, weights=weights), design, rows
            )
            watch = RoundWatch(rounds, prepared.valid)
            value = None
            if watch.scores and prepared.valid is not None:
                value = watch.score_of(model.predict(prepared.valid.matrix.values))
            watch.see(1, value)
        watch.stopped = "most"
        return Fit.of(model, watch)

    def cost_hint(self, rows: int, features: int, goal: Goal) -> float:  # noqa: ARG002 - part of the contract
        """Storing is cheap; what costs is every prediction."""
        return 0.5


def place(design: Design, values: np.ndarray) -> np.ndarray:
    """Where rows lie, (n, width) in double precision: two different categories have a distance of 1."""
    numbers, switched = design.numbers(values), design.places(values)
    places = np.zeros((len(values), design.width))
    places[:, : numbers.shape[1]] = numbers
    places[np.arange(len(values))[:, None], switched] = np.sqrt(0.5)
    return places


def _manner(parameters: Mapping[str, Parameter]) -> tuple[int, bool]:
    return int(parameters["n_neighbors"]), parameters["weights"] == "distance"


def _store(train: Samples, design: Design, goal: Goal) -> Neighbours:
    if goal.kind is Kind.MULTICLASS:
        targets = np.eye(goal.classes)[train.y.astype(int)]
    else:
        targets = train.y.astype(np.float64).reshape(-1, 1)
    weights = np.ones(len(train.y)) if train.weight is None else train.weight.astype(np.float64)
    return Neighbours(place(design, train.matrix.values), targets, weights)


def _importance(
    train: Samples, design: Design, rows: Neighbours, parameters: Mapping[str, Parameter], rng: np.random.Generator
) -> np.ndarray:
    """By how much squared errors on some rows, which do not answer for themselves, grow when a feature is shuffled."""
    if len(train.y) <= 1:
        return np.zeros(len(train.matrix.names))
    count, by_distance = _manner(parameters)
    probe = rng.permutation(len(train.y))[:PROBE_ROWS]
    values, near = train.matrix.values[probe], Neighbours(rows.columns[probe], rows.targets[probe], rows.weights[probe])

    def error(asked: np.ndarray) -> float:
        votes = near.vote(place(design, asked), count, by_distance=by_distance, skip_self=True)
        return float(((votes - near.targets) ** 2).mean())

    base = error(values)
    grown = np.zeros(values.shape[1])
    for column in range(values.shape[1]):
        shuffled = values.copy()
        shuffled[:, column] = rng.permutation(shuffled[:, column])
        grown[column] = max(error(shuffled) - base, 0.0)
    return grown

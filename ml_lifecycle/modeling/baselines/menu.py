"""Which baselines a problem has, and how each is made. The names are scikit-learn's where it has one.

`most_frequent` and `prior` decide alike; their probabilities differ: certainty, and the shares of the classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.baselines import levels
from ml_lifecycle.modeling.baselines.last_value import LastValue
from ml_lifecycle.modeling.baselines.popularity import Popularity
from ml_lifecycle.modeling.baselines.record import BaselineModel
from ml_lifecycle.modeling.estimators import FittedModel, Goal, Rounds, get_family
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.sampling import cap_rows

#: Rows that the linear model and the tree learn from at most.
MOST_ROWS = 20_000
#: Share of the newest training rows whose level `recent_level` carries forward.
NEWEST_SHARE = 0.1
#: Stretches of the linear solver: it need not converge to be a fair baseline.
LINEAR_ROUNDS = 3
TREE_PARAMETERS: Mapping[str, int | bool | float] = {
    "max_depth": 4,
    "min_samples_leaf": 10,
    "max_features": 1.0,
    "bootstrap": False,
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A baseline that can be made.

    Args:
        description: What it predicts.
        make: Fits it.
    """

    description: str
    make: Callable[[], BaselineModel]


def offer_baselines(
    train: Samples,
    valid: Samples,
    goal: Goal,
    *,
    label_delay: timedelta | np.timedelta64,
    entity: pd.Series | None = None,
) -> dict[str, Offer]:
    """The baselines of a problem by name; the decisions read as a list."""
    found: dict[str, Offer] = {}
    if goal.is_classification:
        found |= _of_classes(train, goal)
    if goal.kind is Kind.REGRESSION:
        found |= _of_numbers(train, goal)
    if goal.kind is Kind.RANKING:
        found |= _of_rankings(train, goal, entity)
    elif train.time is not None and valid.time is not None:
        found |= _of_times(train, valid, goal, label_delay, entity)
    small = cap_rows(train, MOST_ROWS, goal)
    found["linear"] = Offer(f"linear model on {len(small):,} rows", lambda: _linear(small, goal))
    depth = TREE_PARAMETERS["max_depth"]
    found["tree"] = Offer(f"tree of depth {depth} on {len(small):,} rows", lambda: _tree(small, goal))
    return found


def _of_classes(train: Samples, goal: Goal) -> dict[str, Offer]:
    shares = levels.level(train.y, goal, train.weight)
    return {
        "most_frequent": Offer("the most frequent class, for certain", lambda: levels.most_frequent(train, goal)),
        "prior": Offer("shares of the classes for every row", lambda: levels.constant(train, goal, shares)),
        "stratified": Offer("a class at random by its share, for certain", lambda: levels.stratified(train, goal)),
        "uniform": Offer("probabilities at random, all alike", lambda: levels.uniform(train, goal)),
    }


def _of_numbers(train: Samples, goal: Goal) -> dict[str, Offer]:
    mean = levels.level(train.y, goal, train.weight)
    middle = levels.median(train.y, train.weight)
    return {
        "mean": Offer("the mean for every row", lambda: levels.constant(train, goal, mean)),
        "median": Offer("the median for every row", lambda: levels.constant(train, goal, [middle])),
        "stratified": Offer("values of training rows, drawn at random", lambda: levels.stratified(train, goal)),
        "uniform": Offer("any number of the usual range, at random", lambda: levels.uniform(train, goal)),
    }


def _of_rankings(train: Samples, goal: Goal, entity: pd.Series | None) -> dict[str, Offer]:
    small = cap_rows(train, MOST_ROWS, goal)
    found = {"uniform": Offer("any order", lambda: levels.uniform(train, goal))}
    if entity is not None:
        text = "mean relevance of the item in training"
        found["popularity"] = Offer(text, lambda: Popularity.fit(train, entity))
    text = "the feature that goes most with relevance" + ("" if entity is not None else ", as no item id is known")
    found["single_feature"] = Offer(text, lambda: levels.single_feature(small, goal))
    return found


def _of_times(
    train: Samples, valid: Samples, goal: Goal, delay: timedelta | np.timedelta64, entity: pd.Series | None
) -> dict[str, Offer]:
    when = train.time if train.time is not None else np.empty(0)
    newest = levels.newest_rows(train, when, NEWEST_SHARE)
    carried = levels.level(newest.y, goal, newest.weight)
    shares = levels.class_shares(train.y, goal.classes, train.weight) if goal.is_classification else None
    start = np.asarray(levels.level(train.y, goal, train.weight) if shares is None else shares)
    days = pd.Timedelta(delay) / pd.Timedelta(days=1)
    what = "the newest label known" + (f", {days:g} days old or more" if days else "")
    what += ", by what follows on it" if goal.is_classification else ""

    def persist(of: pd.Series | None) -> LastValue:
        return LastValue.fit(train, valid, goal, level=start, delay=delay, entity=of)

    found = {
        "recent_level": Offer(
            f"the level of the newest {NEWEST_SHARE:.0%} of training rows",
            lambda: levels.constant(train, goal, carried),
        ),
        "last_value": Offer(what, lambda: persist(None)),
    }
    if entity is not None:
        found["last_value_of_entity"] = Offer(f"{what}, of the same entity", lambda: persist(entity))
    return found


def _linear(train: Samples, goal: Goal) -> FittedModel:
    family = get_family("linear")
    parameters = family.default_parameters(len(train.y), goal)
    return family.fit(family.prepare(train, None, goal, parameters), parameters, Rounds(most=LINEAR_ROUNDS)).model


def _tree(train: Samples, goal: Goal) -> FittedModel:
    family = get_family("random_forest")
    return family.fit(family.prepare(train, None, goal, TREE_PARAMETERS), TREE_PARAMETERS, Rounds(most=1)).model

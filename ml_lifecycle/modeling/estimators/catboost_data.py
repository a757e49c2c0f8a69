"""Samples as CatBoost takes them: numbers first, then categories as text, gaps as they are or filled with medians.

What stands in gaps is kept in the model itself, see `write_medians`. The family is `catboost_trees`, its training
`catboost_training`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.modeling.estimators.base import Prepared
from ml_lifecycle.modeling.estimators.facts import Goal
from ml_lifecycle.modeling.estimators.queries import average_weights
from ml_lifecycle.modeling.samples import Samples

#: The category of missing cells; codes begin at 0.
MISSING = -1
#: Codes up to this are told apart; larger ones (no extractor gives them) count as it.
LARGEST_CODE = 2**31 - 1
#: The hyperparameter that says what a missing number is: less than all others, or their median.
MISSING_NUMBERS, LOWEST, MEDIAN = "missing", "lowest", "median"
_MEDIANS = "ml_lifecycle_medians"


@dataclass(frozen=True, slots=True)
class PooledSamples(Prepared):
    """Samples as CatBoost takes them.

    Args:
        pool: The training rows.
        judged: The rows to judge on.
        medians: What stands in the gaps of the numbers, (f,); NaN for categories. None where gaps stay gaps.
    """

    pool: Any
    judged: Any
    medians: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class GappedSamples(Prepared):
    """Samples that are pooled once for each way to treat missing numbers that is asked for.

    Args:
        pooled: What was pooled already, by the hyperparameter `missing`.
    """

    pooled: dict[str, PooledSamples] = field(default_factory=dict)

    def treated(self, missing: str) -> PooledSamples:
        """The samples with their gaps as they are, or filled; one is as good as the other where there are none."""
        name = missing if has_gaps(self.train) else LOWEST
        if name not in self.pooled:
            medians = find_medians(self.train) if name == MEDIAN else None
            parts = [None if part is None else _fill(part, medians) for part in (self.train, self.valid)]
            assert parts[0] is not None, "there are training rows"  # noqa: S101 - for the types
            self.pooled[name] = _pool(parts[0], parts[1], self.goal, medians)
        return self.pooled[name]


def has_gaps(samples: Samples) -> bool:
    """Whether a number is missing."""
    numbers, _ = feature_places(len(samples.matrix.names), tuple(samples.matrix.categorical))
    return bool(np.isnan(samples.matrix.values[:, numbers]).any())


def find_medians(train: Samples) -> np.ndarray:
    """The median of each number, 0 where all are missing; NaN for categories, whose gaps are a category."""
    values = train.matrix.values
    medians = np.full(values.shape[1], np.nan, dtype=np.float32)
    for place in feature_places(values.shape[1], tuple(train.matrix.categorical))[0]:
        known = values[:, place][~np.isnan(values[:, place])]
        medians[place] = np.median(known) if len(known) else 0.0
    return medians


def fill_gaps(values: np.ndarray, medians: np.ndarray) -> np.ndarray:
    """Values (n, f) with medians in the gaps."""
    return np.asarray(np.where(np.isnan(values), medians, values), dtype=np.float32)


def write_medians(model: Any, medians: np.ndarray | None) -> None:  # noqa: ANN401 - a model
    """Keep in the model what stands in gaps."""
    if medians is not None:
        known = [None if np.isnan(value) else float(value) for value in medians]
        model.get_metadata()[_MEDIANS] = json.dumps(known)


def read_medians(model: Any) -> np.ndarray | None:  # noqa: ANN401 - a model
    """What stands in gaps, (f,); None where gaps stay gaps."""
    stored = dict(model.get_metadata()).get(_MEDIANS)
    if stored is None:
        return None
    return np.array([np.nan if value is None else value for value in json.loads(stored)], dtype=np.float32)


def _fill(samples: Samples, medians: np.ndarray | None) -> Samples:
    if medians is None:
        return samples
    matrix = samples.matrix
    return replace(samples, matrix=replace(matrix, values=fill_gaps(matrix.values, medians)))


def _pool(train: Samples, valid: Samples | None, goal: Goal, medians: np.ndarray | None) -> PooledSamples:
    """Samples as CatBoost takes them."""
    ranking = goal.kind is Kind.RANKING
    places = feature_places(len(train.matrix.names), tuple(train.matrix.categorical))
    groups = {"group_id": train.query} if ranking else {}
    by_query = average_weights(train) if ranking else None
    if by_query is not None:
        groups["group_weight"] = np.repeat(by_query, train.query_sizes)
    weight = None if ranking else train.weight
    pool = make_pool(train.matrix.values, places, label=train.y, weight=weight, **groups)
    judged = None
    if valid is not None:
        groups = {"group_id": valid.query} if ranking else {}
        judged = make_pool(valid.matrix.values, places, label=valid.y, **groups)
    return PooledSamples(train, valid, goal, pool, judged, medians)


def import_catboost() -> Any:  # noqa: ANN401 - a module
    """The library.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        import catboost
    except ModuleNotFoundError as error:
        raise ConfigError(
            "the family catboost needs a library that is not installed",
            expected="the extra `catboost`",
            got=str(error),
            advice='install it with `pip install "ml-lifecycle[catboost]"`, or choose another modeling.family',
        ) from error
    return catboost


def feature_places(features: int, categorical: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the numbers and of the categories: CatBoost has the numbers first."""
    nominal = np.asarray(categorical, dtype=np.int64)
    return np.setdiff1d(np.arange(features), nominal), nominal


def make_pool(
    values: np.ndarray,
    places: tuple[np.ndarray, np.ndarray],
    **columns: np.ndarray | None,
) -> Any:  # noqa: ANN401 - a pool
    """Feature values (n, f) as CatBoost's pool; its categories are the codes as text."""
    catboost = import_catboost()
    numbers, nominal = places
    parts = {}
    if len(numbers):
        parts["num_feature_data"] = np.ascontiguousarray(values[:, numbers])
    if len(nominal):
        codes = values[:, nominal]
        codes = np.where(np.isnan(codes), MISSING, np.clip(codes, MISSING, LARGEST_CODE)).astype(np.int64)
        parts["cat_feature_data"] = codes.astype("S").astype(object)
    return catboost.Pool(catboost.FeaturesData(**parts), **columns)

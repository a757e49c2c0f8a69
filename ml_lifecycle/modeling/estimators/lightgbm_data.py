"""Samples in LightGBM's bins, and the settings that a goal gives.

Boosting is `lightgbm_boosting`; the forms that categories can have, `lightgbm_categories`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import lightgbm as lgb
import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.estimators.base import Prepared
from ml_lifecycle.modeling.estimators.capabilities import huber_delta, monotone_signs
from ml_lifecycle.modeling.estimators.facts import Goal
from ml_lifecycle.modeling.estimators.lightgbm_categories import (
    CODES,
    TARGET_MEANS,
    CategoryMeans,
    as_numbers,
    encode_by_folds,
)
from ml_lifecycle.modeling.estimators.queries import check_grades
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.search_space import Parameter

#: LightGBM takes at most so many rows per query; longer queries are cut into pieces.
QUERY_LIMIT = 10_000
#: Hyperparameters that decide how the data is binned: the same for all fits on one `Prepared`.
BINNING = ("max_bin", "min_data_in_bin")
_REGRESSION = {"auto": "regression", "squared_error": "regression", "absolute_error": "regression_l1"}
_RANKING = {"auto": "lambdarank", "lambdarank": "lambdarank", "xendcg": "rank_xendcg"}


@dataclass(frozen=True, slots=True)
class BinnedSamples(Prepared):
    """Samples in LightGBM's bins: built once, used by every fit on them.

    Args:
        binned_train: The training rows.
        binned_valid: The rows to judge on, by the same bins.
        binning: The settings they were binned with.
        largest_label: The largest label of both.
        signs: Monotone features: a sign per feature.
        means: What stands for categories in the rows; None where their codes do.
    """

    binned_train: lgb.Dataset
    binned_valid: lgb.Dataset | None
    binning: Mapping[str, Any]
    largest_label: int
    signs: list[int] | None
    means: CategoryMeans | None = None


@dataclass(frozen=True, slots=True)
class FormedSamples(Prepared):
    """Samples that are binned once for each form of categories that is asked for.

    Args:
        binning: The settings they are binned with.
        signs: Monotone features: a sign per feature.
        binned: What was binned already, by form.
    """

    binning: Mapping[str, Any]
    signs: list[int] | None
    binned: dict[str, BinnedSamples] = field(default_factory=dict)

    def of_form(self, form: str) -> BinnedSamples:
        """The samples with their categories in a form; one form is as good as another where there are none."""
        name = form if self.train.matrix.categorical else CODES
        if name not in self.binned:
            self.binned[name] = self._bin(name)
        return self.binned[name]

    def _bin(self, form: str) -> BinnedSamples:
        means = None
        train, valid = self.train, self.valid
        if form == CODES:
            train, valid = as_numbers(train), None if valid is None else as_numbers(valid)
        elif form == TARGET_MEANS:
            means = CategoryMeans.fit(train)
            train, valid = encode_by_folds(train, self.goal.seed), None if valid is None else means.encode(valid)
        binned = make_dataset(train, self.goal, self.binning)
        judged = None if valid is None else make_dataset(valid, self.goal, self.binning, reference=binned)
        largest = max(int(part.y.max()) for part in (train, valid) if part is not None and len(part.y))
        return BinnedSamples(train, valid, self.goal, binned, judged, self.binning, largest, self.signs, means)


def form_samples(
    train: Samples, valid: Samples | None, goal: Goal, parameters: Mapping[str, Parameter]
) -> FormedSamples:
    """Make samples ready to be binned, once for many fits.

    Raises:
        ConfigError: A monotone feature is unknown or holds categories.
        ModelError: Labels of a ranking are no grades.
    """
    if goal.kind is Kind.RANKING:
        check_grades(train)
        train, valid = train.by_query(), valid.by_query() if valid is not None else None
    return FormedSamples(train, valid, goal, _binning(goal, parameters), monotone_signs(train.matrix, goal))


def make_settings(prepared: BinnedSamples) -> dict[str, Any]:
    """All settings that are not hyperparameters."""
    goal = prepared.goal
    settings: dict[str, Any] = {**_binning(goal, {}), "metric": "none"}
    if prepared.signs is not None:
        settings["monotone_constraints"] = prepared.signs
    if goal.kind is Kind.MULTICLASS:
        return settings | {"objective": "multiclass", "num_class": goal.classes}
    if goal.kind is Kind.BINARY:
        return settings | {"objective": "binary"}
    if goal.kind is Kind.RANKING:
        gains = [2**label - 1 for label in range(prepared.largest_label + 1)]
        return settings | {"objective": _RANKING[goal.objective], "label_gain": gains}
    settings["objective"] = _REGRESSION.get(goal.objective, goal.objective)
    if goal.objective == "huber":
        settings["alpha"] = huber_delta(prepared.train.y)
    if goal.objective == "quantile":
        settings["alpha"] = goal.level
    if goal.objective == "tweedie":
        settings["tweedie_variance_power"] = goal.level
    return settings


def make_dataset(
    samples: Samples,
    goal: Goal,
    settings: Mapping[str, Any],
    *,
    reference: lgb.Dataset | None = None,
    keep_values: bool = False,
) -> lgb.Dataset:
    """Samples as LightGBM takes them, not yet binned where the values are kept.

    Args:
        samples: The rows; of a ranking, query by query.
        goal: What is fitted.
        settings: Settings of the binning.
        reference: Rows whose bins are used.
        keep_values: Whether a booster that goes on from another one will need the values themselves.
    """
    matrix = samples.matrix
    dataset = lgb.Dataset(
        matrix.values,
        label=samples.y,
        weight=samples.weight,
        group=_query_sizes(samples) if goal.kind is Kind.RANKING else None,
        feature_name=[f"f{position}" for position in range(len(matrix.names))],  # LightGBM refuses many characters
        categorical_feature=list(matrix.categorical),
        params=dict(settings),
        reference=reference,
        free_raw_data=not keep_values,
    )
    return dataset if keep_values else dataset.construct()


def _query_sizes(samples: Samples) -> list[int]:
    """Rows of each query, in order; a query longer than LightGBM takes is cut into pieces."""
    assert samples.query is not None, "the check of grades let samples without queries through"  # noqa: S101
    sizes = []
    for size in np.diff(np.flatnonzero(np.r_[True, samples.query[1:] != samples.query[:-1], True])):
        whole, rest = divmod(int(size), QUERY_LIMIT)
        sizes += [QUERY_LIMIT] * whole + ([rest] if rest else [])
    return sizes


def _binning(goal: Goal, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    chosen = {name: parameters[name] for name in BINNING if name in parameters}
    return {
        **chosen,
        "seed": goal.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": goal.threads,
        "feature_pre_filter": False,  # else a dataset could not be used with another min_data_in_leaf
        "verbosity": -1,
    }

"""Gradient boosted trees by LightGBM (Ke et al. 2017), the default family; stored in LightGBM's own text.

Deterministic by LightGBM's own means (`deterministic`, `force_row_wise`, one seed): same rows, parameters and threads
give the same text. Ranking is LambdaMART (`lambdarank`, Burges 2010) over whole queries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import lightgbm as lgb
import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ModelError, PackageError
from ml_lifecycle.modeling.estimators.base import Family, Fit, FittedModel, Prepared, check_learnable, require_file
from ml_lifecycle.modeling.estimators.facts import Goal, ModelFacts, normalise
from ml_lifecycle.modeling.estimators.rounds import Rounds, RoundWatch
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.search_space import Choice, Parameter, Range, Space

MODEL_FILE = "model.txt"
#: LightGBM takes at most so many rows per query; longer queries are cut into pieces.
QUERY_LIMIT = 10_000
#: Gains of 2**label - 1 up to this label (LightGBM's own table ends there).
LABEL_LIMIT = 30
#: Below and from so many rows the default takes few and many leaves.
SMALL_ROWS = 50_000
LARGE_ROWS = 200_000
#: Hyperparameters that decide how the data is binned: the same for all fits on one `Prepared`.
BINNING = ("max_bin", "min_data_in_bin")


class LightGBMModel(FittedModel):
    """A LightGBM booster."""

    def __init__(self, facts: ModelFacts, text: str) -> None:
        super().__init__(facts)
        self.text = text
        try:
            self._booster = lgb.Booster(model_str=text)
        except lgb.basic.LightGBMError as error:
            raise PackageError(
                f"{MODEL_FILE} cannot be read",
                expected="a model in LightGBM's text format",
                got=str(error),
                advice="package the model again",
            ) from error

    def _predict(self, values: np.ndarray) -> np.ndarray:
        # The own check of the shape was made already, LightGBM's would cost a third of a single row's time.
        threads = self.facts.goal.threads
        return np.asarray(self._booster.predict(values, num_threads=threads, predict_disable_shape_check=True))

    def _predict_row(self, values: np.ndarray) -> Any:  # noqa: ANN401 - a figure, or an array of them
        row = values.reshape(1, -1)
        return self._booster.predict(row, num_threads=1, predict_disable_shape_check=True)[0]

    def _payload(self) -> dict[str, bytes]:
        return {MODEL_FILE: self.text.encode()}

    @classmethod
    def from_files(cls, facts: ModelFacts, files: Mapping[str, bytes]) -> LightGBMModel:
        """Make the model of LightGBM's text."""
        return cls(facts, require_file(files, MODEL_FILE).decode())


@dataclass(frozen=True, slots=True)
class BinnedSamples(Prepared):
    """Samples in LightGBM's bins: built once, used by every fit on them."""

    binned_train: lgb.Dataset
    binned_valid: lgb.Dataset | None
    largest_label: int


class LightGBM(Family):
    """LightGBM."""

    name: ClassVar[str] = "lightgbm"
    also_known: ClassVar[frozenset[str]] = frozenset(
        {
            *BINNING, "lambda_l1", "min_gain_to_split", "max_depth", "path_smooth", "is_unbalance",
            "scale_pos_weight", "min_data_per_group", "max_cat_threshold", "boost_from_average",
            "feature_fraction_bynode", "max_delta_step", "lambdarank_truncation_level", "lambdarank_norm",
        }
    )  # fmt: skip
    patience: ClassVar[int | None] = 50

    def default_parameters(self, rows: int, goal: Goal) -> dict[str, Parameter]:
        """A slow learning rate and leaves that grow with the rows; early stopping chooses the number of trees."""
        many_classes = goal.outputs > 4  # noqa: PLR2004 - from about here the trees of a round cost more than they give
        small, large = rows < SMALL_ROWS or goal.outputs > 1, rows >= LARGE_ROWS
        leaves = 31 if small else 255 if large else 127
        return {
            "learning_rate": 0.1 if many_classes else 0.05,
            "num_leaves": leaves,
            "min_data_in_leaf": int(np.clip(rows // 100, 5, 20)),
            "min_sum_hessian_in_leaf": 0.1 if many_classes else 1e-3,
            "feature_fraction": 0.8,
            "bagging_fraction": 0.9,
            "bagging_freq": 1,
            "lambda_l2": 1.0,
            "extra_trees": False,
            "cat_smooth": 10.0,
            "cat_l2": 10.0,
            "max_cat_to_onehot": 8,
            "min_data_per_group": int(np.clip(rows // 200, 5, 100)),
        }

    def space(self, rows: int, goal: Goal) -> Space:
        """What acts most on boosted trees; ranges are bounded by the number of rows."""
        most_leaves = int(np.clip(rows // 50, 8, 63 if goal.outputs > 1 else 255))
        most_data = int(np.clip(rows // 50, 10, 200))
        return {
            "learning_rate": Range(0.02, 0.3, log=True),
            "num_leaves": Range(4, most_leaves, log=True, integer=True),
            "min_data_in_leaf": Range(2, most_data, log=True, integer=True),
            "feature_fraction": Range(0.3, 1.0),
            "bagging_fraction": Range(0.5, 1.0),
            "lambda_l2": Range(1e-3, 30.0, log=True),
            "min_sum_hessian_in_leaf": Range(1e-3, 10.0, log=True),
            "extra_trees": Choice((False, True)),
        }

    def prepare(
        self, train: Samples, valid: Samples | None, goal: Goal, parameters: Mapping[str, Parameter]
    ) -> BinnedSamples:
        """Bin the samples once.

        Raises:
            ModelError: Nothing can be learnt, or labels of a ranking are no grades.
        """
        check_learnable(train, goal)
        if goal.kind is Kind.RANKING:
            _check_grades(train)
            train, valid = train.by_query(), valid.by_query() if valid is not None else None
        settings = _binning(goal, parameters)
        binned = _dataset(train, goal, settings, reference=None)
        binned_valid = _dataset(valid, goal, settings, reference=binned) if valid is not None else None
        largest = max(int(part.y.max()) for part in (train, valid) if part is not None and len(part.y))
        return BinnedSamples(train, valid, goal, binned, binned_valid, largest)

    def fit(self, prepared: Prepared, parameters: Mapping[str, Parameter], rounds: Rounds) -> Fit:
        """Boost, watching the score of the validation rows."""
        if not isinstance(prepared, BinnedSamples):
            raise TypeError(f"expected samples that LightGBM.prepare made, got {type(prepared).__name__}")
        settings = {**_settings(prepared), **parameters}
        booster = lgb.Booster(settings, prepared.binned_train)
        watch = RoundWatch(rounds, prepared.valid)
        if watch.scores and prepared.binned_valid is not None:
            booster.add_valid(prepared.binned_valid, "validation")
        _boost(booster, watch)
        return _finish(booster, watch, prepared, parameters)


def _boost(booster: lgb.Booster, watch: RoundWatch) -> None:
    done = 0
    stop = False
    while not stop:
        exhausted = booster.update()
        done += 1
        stop = watch.see(done, _judge(booster, watch) if watch.scores else None)
        if exhausted and not stop:  # no leaf can be split any more: further rounds would add nothing
            watch.stopped = "most"
            return


def _judge(booster: lgb.Booster, watch: RoundWatch) -> float:
    found: list[float] = []

    def judge(predictions: np.ndarray, _: lgb.Dataset) -> tuple[str, float, bool]:
        found.append(watch.score_of(predictions))
        return "score", found[-1], True

    booster.eval_valid(judge)
    return found[-1]


def _finish(
    booster: lgb.Booster, watch: RoundWatch, prepared: BinnedSamples, parameters: Mapping[str, Parameter]
) -> Fit:
    best = watch.best_round
    gain = booster.feature_importance("gain", iteration=best)
    names = tuple(prepared.train.matrix.names)
    facts = ModelFacts(
        family=LightGBM.name,
        goal=prepared.goal,
        names=names,
        categorical=tuple(prepared.train.matrix.categorical),
        parameters=dict(parameters),
        iterations=best,
        rows=len(prepared.train.y),
        importance=normalise(names, np.asarray(gain, dtype=np.float64)),
    )
    model = LightGBMModel(facts, booster.model_to_string(num_iteration=best))
    return Fit(model, watch.best_score, watch.done, watch.stopped or "most")


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


def _settings(prepared: BinnedSamples) -> dict[str, Any]:
    goal = prepared.goal
    settings: dict[str, Any] = {**_binning(goal, {}), "metric": "none"}
    if goal.kind is Kind.MULTICLASS:
        return settings | {"objective": "multiclass", "num_class": goal.classes}
    if goal.kind is Kind.RANKING:
        gains = [2**label - 1 for label in range(prepared.largest_label + 1)]
        return settings | {"objective": "lambdarank", "label_gain": gains}
    return settings | {"objective": str(goal.kind)}


def _dataset(samples: Samples, goal: Goal, settings: dict[str, Any], reference: lgb.Dataset | None) -> lgb.Dataset:
    matrix = samples.matrix
    return lgb.Dataset(
        matrix.values,
        label=samples.y,
        weight=samples.weight,
        group=_query_sizes(samples) if goal.kind is Kind.RANKING else None,
        feature_name=[f"f{position}" for position in range(len(matrix.names))],  # LightGBM refuses many characters
        categorical_feature=list(matrix.categorical),
        params=settings,
        reference=reference,
        free_raw_data=True,
    ).construct()


def _query_sizes(samples: Samples) -> list[int]:
    """Rows of each query, in order; a query longer than LightGBM takes is cut into pieces."""
    assert samples.query is not None, "the check of grades let samples without queries through"  # noqa: S101
    sizes = []
    for size in np.diff(np.flatnonzero(np.r_[True, samples.query[1:] != samples.query[:-1], True])):
        whole, rest = divmod(int(size), QUERY_LIMIT)
        sizes += [QUERY_LIMIT] * whole + ([rest] if rest else [])
    return sizes


def _check_grades(train: Samples) -> None:
    grades = train.y
    fits = bool((grades >= 0).all() and (grades <= LABEL_LIMIT).all() and (grades == np.floor(grades)).all())
    if train.query is None or not fits:
        raise ModelError(
            "LightGBM cannot learn this ranking",
            expected=f"queries, and grades of relevance that are whole numbers from 0 to {LABEL_LIMIT}",
            got="no queries" if train.query is None else f"labels from {grades.min():g} to {grades.max():g}",
            advice="name dataset.group, and turn the target into a few grades or choose another modeling.family",
        )

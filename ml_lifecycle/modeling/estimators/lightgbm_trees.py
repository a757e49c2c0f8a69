"""Gradient boosted trees by LightGBM (Ke et al. 2017), the default family; stored in LightGBM's own text.

Deterministic by LightGBM's own means (`deterministic`, `force_row_wise`, seeds): same rows, parameters and threads give
the same text. Ranking is LambdaMART (`lambdarank`, Burges 2010) or XE-NDCG (`xendcg`, Bruch 2020) over whole queries.
How the data is binned is `lightgbm_data`; the rounds and their checkpoints, `lightgbm_boosting`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

import lightgbm as lgb
import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import PackageError
from ml_lifecycle.modeling.estimators.base import Family, Fit, FittedModel, Prepared, describe, require_file
from ml_lifecycle.modeling.estimators.capabilities import LOGARITHMIC, OBJECTIVES, ORDER_STATISTICS, Capabilities
from ml_lifecycle.modeling.estimators.checkpoints import Checkpoint
from ml_lifecycle.modeling.estimators.facts import Goal, ModelFacts, normalise
from ml_lifecycle.modeling.estimators.fast_rows import FastRows
from ml_lifecycle.modeling.estimators.lightgbm_boosting import boost
from ml_lifecycle.modeling.estimators.lightgbm_categories import CATEGORIES, CODES, list_forms
from ml_lifecycle.modeling.estimators.lightgbm_data import BINNING, FormedSamples, form_samples
from ml_lifecycle.modeling.estimators.quick_trees import QuickTrees
from ml_lifecycle.modeling.estimators.rounds import Rounds, RoundWatch
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.search_space import Choice, Parameter, Range, Space

MODEL_FILE = "model.txt"
#: From so many rows on they are predicted by several threads. Below, those of many callers of a server would wait for
#: each other, spinning.
MANY_ROWS = 4_096
#: Below and from so many rows the default takes few and many leaves.
SMALL_ROWS = 50_000
LARGE_ROWS = 200_000
#: From so many rows on they are walked by `QuickTrees`, where `quicken` has made it.
_QUICK_ROWS = 16


class LightGBMModel(FittedModel):
    """A LightGBM booster.

    Args:
        facts: What is known of the model.
        text: The booster as LightGBM's text.
        booster: The booster of that text, where it was read already.
    """

    def __init__(self, facts: ModelFacts, text: str, booster: lgb.Booster | None = None) -> None:
        super().__init__(facts)
        self.text = text
        try:
            self._booster = booster or lgb.Booster(model_str=text)
        except lgb.basic.LightGBMError as error:
            raise PackageError(
                f"{MODEL_FILE} cannot be read",
                expected="a model in LightGBM's text format",
                got=str(error),
                advice="package the model again",
            ) from error
        self._quick: QuickTrees | None = None

    def quicken(self) -> bool:
        """Take the trees apart for `QuickTrees`, where the extra `fast` is installed."""
        if self._quick is None:
            self._quick = QuickTrees.of(self.text)
        return self._quick is not None

    def _predict(self, values: np.ndarray) -> np.ndarray:
        if self._quick is not None and len(values) >= _QUICK_ROWS:
            return self._quick.predict(values)
        # The own check of the shape was made already, LightGBM's would cost a third of a single row's time.
        threads = self.facts.goal.threads if len(values) >= MANY_ROWS else 1
        return np.asarray(self._booster.predict(values, num_threads=threads, predict_disable_shape_check=True))

    def _predict_row(self, values: np.ndarray) -> Any:  # noqa: ANN401 - a figure, or an array of them
        return self._rows.predict(values)

    @cached_property
    def _rows(self) -> FastRows:
        return FastRows(self._booster)

    def contributions(self, values: np.ndarray) -> np.ndarray:
        """SHAP values of the trees, (n, f + 1, k)."""
        rows, features = np.ascontiguousarray(values, dtype=np.float32), len(self.facts.names) + 1
        found = np.asarray(self._booster.predict(rows, pred_contrib=True, num_threads=self.facts.goal.threads))
        return found.reshape(len(rows), -1, features).transpose(0, 2, 1)

    def first_rounds(self, rounds: int) -> LightGBMModel:
        """The booster after so many rounds."""
        gains = np.asarray(self._booster.feature_importance("gain", iteration=rounds), dtype=np.float64)
        shares = normalise(self.facts.names, gains)
        text = str(self._booster.model_to_string(num_iteration=rounds))
        return LightGBMModel(replace(self.facts, iterations=rounds, importance=shares), text)

    def leaves(self, values: np.ndarray) -> np.ndarray:
        """The leaf that each row ends in, by tree, (n, trees)."""
        rows = np.ascontiguousarray(values, dtype=np.float32)
        found = self._booster.predict(rows, pred_leaf=True, num_threads=self.facts.goal.threads)
        return np.asarray(found, dtype=np.intp).reshape(len(rows), -1)

    def stages(self, values: np.ndarray, marks: Sequence[int]) -> Iterator[np.ndarray]:
        """Predictions after so many rounds each: sums of leaves grow from mark to mark, so no tree is asked twice."""
        rows, raw, done = np.ascontiguousarray(values, dtype=np.float32), np.zeros(()), 0
        for mark in marks:
            part = self._booster.predict(
                rows,
                start_iteration=done,
                num_iteration=mark - done,
                raw_score=True,
                num_threads=self.facts.goal.threads,
            )
            raw, done = raw + np.asarray(part, dtype=np.float64), mark
            yield link(raw, self.facts.goal)

    def _payload(self) -> dict[str, bytes]:
        return {MODEL_FILE: self.text.encode()}

    @classmethod
    def from_files(cls, facts: ModelFacts, files: Mapping[str, bytes]) -> LightGBMModel:
        """Make the model of LightGBM's text."""
        return cls(facts, require_file(files, MODEL_FILE).decode())


def link(raw: np.ndarray, goal: Goal) -> np.ndarray:
    """From sums of leaves to predictions, as LightGBM itself does it for the objective."""
    if goal.kind is Kind.BINARY:
        return np.asarray(1 / (1 + np.exp(-raw)))
    if goal.kind is Kind.MULTICLASS:
        odds = np.exp(raw - raw.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))
    return np.exp(raw) if goal.objective in LOGARITHMIC else raw


class LightGBM(Family):
    """LightGBM."""

    name: ClassVar[str] = "lightgbm"
    also_known: ClassVar[frozenset[str]] = frozenset(
        {
            *BINNING, "lambda_l1", "min_gain_to_split", "max_depth", "path_smooth", "is_unbalance",
            "scale_pos_weight", "min_data_per_group", "max_cat_threshold", "boost_from_average",
            "feature_fraction_bynode", "max_delta_step", "lambdarank_truncation_level", "lambdarank_norm",
            "monotone_constraints_method", "monotone_penalty",
        }
    )  # fmt: skip
    patience: ClassVar[int | None] = 100
    capabilities: ClassVar[Capabilities] = Capabilities(
        missing_values=True,
        categories=True,
        monotone=True,
        ranking=True,
        quantiles=True,
        objectives=frozenset().union(*OBJECTIVES.values()),
        interpretability="medium",
        free_objectives=ORDER_STATISTICS,
    )

    def default_parameters(self, rows: int, goal: Goal) -> dict[str, Parameter]:
        """A slow learning rate and leaves that grow with the rows; early stopping chooses the number of trees."""
        many_classes = goal.outputs > 4  # noqa: PLR2004 - from about here the trees of a round cost more than they give
        small, large = rows < SMALL_ROWS or goal.outputs > 1, rows >= LARGE_ROWS
        leaves = 31 if small else 255 if large else 127
        cautious = float(np.clip(rows // 300, 10, 100))
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
            CATEGORIES: CODES,
            "cat_smooth": cautious,  # with LightGBM's own 10, sets learn many rare categories by heart
            "cat_l2": cautious,
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
            CATEGORIES: Choice(list_forms(goal)),
        }

    def idle(self, train: Samples) -> frozenset[str]:
        """Without categories their form does not matter."""
        return frozenset() if train.matrix.categorical else frozenset({CATEGORIES})

    def prepare(
        self, train: Samples, valid: Samples | None, goal: Goal, parameters: Mapping[str, Parameter]
    ) -> Prepared:
        """Bin the samples once for each form of their categories that a fit asks for.

        Raises:
            ConfigError: LightGBM cannot do what the goal asks.
            ModelError: Nothing can be learnt, or labels of a ranking are no grades.
        """
        super().prepare(train, valid, goal, parameters)
        return form_samples(train, valid, goal, parameters)

    def fit(self, prepared: Prepared, parameters: Mapping[str, Parameter], rounds: Rounds) -> Fit:
        """Boost, watching the score of the validation rows; with a checkpoint, go on from it."""
        if not isinstance(prepared, FormedSamples):
            raise TypeError(f"expected samples that LightGBM.prepare made, got {type(prepared).__name__}")
        watch = RoundWatch(rounds, prepared.valid)
        binned = prepared.of_form(str(parameters.get(CATEGORIES, CODES)))
        own = {name: value for name, value in parameters.items() if name != CATEGORIES}
        text = boost(binned, own, watch, Checkpoint(rounds, prepared, parameters, self.name))
        if binned.means is not None:
            text = lgb.Booster(model_str=binned.means.to_codes(text)).model_to_string()
        # Gains are asked of the text: read back from it, they are the same whether the fit was interrupted or not.
        booster = lgb.Booster(model_str=text)
        gains = booster.feature_importance("gain")
        facts = describe(self.name, prepared, parameters, iterations=watch.best_round, weights=gains)
        return Fit.of(LightGBMModel(facts, text, booster), watch)

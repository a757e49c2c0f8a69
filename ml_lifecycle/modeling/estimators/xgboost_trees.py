"""Gradient boosted trees by XGBoost (Chen & Guestrin 2016), an extra; stored in XGBoost's own UBJSON.

Categories are split as such, missing cells have a direction of their own. Ranking is LambdaMART (`rank:ndcg`). A round
draws by the seed and its own number (`seed_per_iteration`), so the same fit gives the same bytes, also when it was
interrupted; only the generator of columns keeps a state, which goes with the updater that each segment makes anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ConfigError, PackageError
from ml_lifecycle.modeling.estimators.base import Family, Fit, FittedModel, Prepared, describe, require_file
from ml_lifecycle.modeling.estimators.capabilities import ORDER_STATISTICS, Capabilities, huber_delta, monotone_signs
from ml_lifecycle.modeling.estimators.checkpoints import SEGMENT, Checkpoint
from ml_lifecycle.modeling.estimators.facts import Goal, ModelFacts
from ml_lifecycle.modeling.estimators.queries import average_weights, check_grades
from ml_lifecycle.modeling.estimators.rounds import Rounds, RoundWatch
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.search_space import Parameter, Range, Space

MODEL_FILE = "model.ubj"
#: Below so many rows the default takes shallow trees.
SMALL_ROWS = 50_000
#: XGBoost refuses infinite cells: they become this.
LARGEST = 3e38
_CLASSES = "classes"
_OBJECTIVES = {
    "auto": "reg:squarederror",
    "squared_error": "reg:squarederror",
    "absolute_error": "reg:absoluteerror",
    "huber": "reg:pseudohubererror",
    "quantile": "reg:quantileerror",
    "poisson": "count:poisson",
    "gamma": "reg:gamma",
    "tweedie": "reg:tweedie",
}


#: The raw prediction of a class that training lacked: its probability is next to nothing.
ABSENT = -50.0


class XGBoostModel(FittedModel):
    """An XGBoost booster.

    Args:
        facts: What is known of the model.
        content: The booster as UBJSON.
    """

    def __init__(self, facts: ModelFacts, content: bytes) -> None:
        super().__init__(facts)
        self.content = content
        self._booster = _load(content, facts.goal.threads)
        self._single = self._booster if facts.goal.threads == 1 else _load(content, 1)
        self._classes = json.loads(self._booster.attr(_CLASSES) or "null")

    def _predict(self, values: np.ndarray) -> np.ndarray:
        return self._spread(self._booster.inplace_predict(np.clip(values, -LARGEST, LARGEST), validate_features=False))

    def _predict_row(self, values: np.ndarray) -> Any:  # noqa: ANN401 - a figure, or an array of them
        row = np.clip(values.reshape(1, -1).astype(np.float32, copy=False), -LARGEST, LARGEST)
        return self._spread(self._single.inplace_predict(row, validate_features=False))[0]

    def contributions(self, values: np.ndarray) -> np.ndarray:
        """What each feature adds to each row's raw prediction (SHAP values), (n, f + 1, k); the last is the start."""
        import xgboost

        booster = self._booster
        rows = xgboost.DMatrix(
            np.clip(values, -LARGEST, LARGEST),
            feature_names=booster.feature_names,
            feature_types=booster.feature_types,
            enable_categorical=True,
        )
        found = np.asarray(booster.predict(rows, pred_contribs=True, validate_features=False), dtype=np.float64)
        if self.facts.goal.kind is not Kind.MULTICLASS:
            return found[:, :, None]
        out = np.zeros((len(found), found.shape[2], self.facts.goal.classes))
        out[:, -1] = ABSENT
        out[:, :, self._classes] = found.transpose(0, 2, 1)
        return out

    def first_rounds(self, rounds: int) -> XGBoostModel:
        """The booster after so many rounds; what each feature does in it is told as of the whole."""
        first = self._booster[:rounds]
        first.set_attr(**{_CLASSES: json.dumps(self._classes)})
        return XGBoostModel(replace(self.facts, iterations=rounds), bytes(first.save_raw("ubj")))

    def stages(self, values: np.ndarray, marks: Sequence[int]) -> Iterator[np.ndarray]:
        """Predictions after so many rounds each."""
        rows = np.clip(np.ascontiguousarray(values, dtype=np.float32), -LARGEST, LARGEST)
        for mark in marks:
            found = self._booster.inplace_predict(rows, iteration_range=(0, mark), validate_features=False)
            yield self._spread(found)

    def _spread(self, found: np.ndarray) -> np.ndarray:
        """Probabilities of all classes of the goal: those that training lacked get 0."""
        if self.facts.goal.kind is not Kind.MULTICLASS:
            return np.asarray(found, dtype=np.float64)
        spread = np.zeros((len(found), self.facts.goal.classes))
        spread[:, self._classes] = found
        return np.asarray(spread / spread.sum(axis=1, keepdims=True))  # single precision does not sum to 1 by itself

    def _payload(self) -> dict[str, bytes]:
        return {MODEL_FILE: self.content}

    @classmethod
    def from_files(cls, facts: ModelFacts, files: Mapping[str, bytes]) -> XGBoostModel:
        """Make the model of its UBJSON."""
        return cls(facts, require_file(files, MODEL_FILE))


@dataclass(frozen=True, slots=True)
class QuantisedSamples(Prepared):
    """Samples in XGBoost's bins: built once, used by every fit on them.

    Args:
        quantised: The training rows.
        judged: The rows to judge on.
        classes: Multiclass: the classes that training has.
    """

    quantised: Any
    judged: Any
    classes: tuple[int, ...]


class XGBoost(Family):
    """XGBoost."""

    name: ClassVar[str] = "xgboost"
    also_known: ClassVar[frozenset[str]] = frozenset(
        {
            "max_bin", "max_leaves", "grow_policy", "gamma", "reg_alpha", "max_delta_step", "scale_pos_weight",
            "colsample_bylevel", "colsample_bynode", "max_cat_to_onehot", "max_cat_threshold",
            "lambdarank_pair_method", "lambdarank_num_pair_per_sample",
        }
    )  # fmt: skip
    patience: ClassVar[int | None] = 50
    capabilities: ClassVar[Capabilities] = Capabilities(
        missing_values=True,
        categories=True,
        monotone=True,
        ranking=True,
        quantiles=True,
        objectives=frozenset({*_OBJECTIVES, "lambdarank"}),
        interpretability="medium",
        free_objectives=ORDER_STATISTICS,
    )

    def default_parameters(self, rows: int, goal: Goal) -> dict[str, Parameter]:
        """A slow learning rate and trees that deepen with the rows; early stopping chooses their number."""
        return {
            "learning_rate": 0.05 if goal.outputs == 1 else 0.1,
            "max_depth": 6 if rows < SMALL_ROWS or goal.outputs > 1 else 8,
            "min_child_weight": 1.0,
            "subsample": 0.9,
            "colsample_bytree": 0.8,
            "reg_lambda": 1.0,
        }

    def space(self, rows: int, goal: Goal) -> Space:  # noqa: ARG002 - part of the contract
        """What acts most on boosted trees."""
        return {
            "learning_rate": Range(0.02, 0.3, log=True),
            "max_depth": Range(2, 6 if goal.outputs > 1 else 10, integer=True),
            "min_child_weight": Range(0.1, 50.0, log=True),
            "subsample": Range(0.5, 1.0),
            "colsample_bytree": Range(0.3, 1.0),
            "reg_lambda": Range(1e-3, 30.0, log=True),
        }

    def prepare(
        self, train: Samples, valid: Samples | None, goal: Goal, parameters: Mapping[str, Parameter]
    ) -> Prepared:
        """Bin the samples once.

        Raises:
            ConfigError: XGBoost is not installed, or cannot do what the goal asks.
            ModelError: Nothing can be learnt, or labels of a ranking are no grades.
        """
        super().prepare(train, valid, goal, parameters)
        xgboost = import_xgboost()
        if goal.kind is Kind.RANKING:
            check_grades(train)
            train, valid = train.by_query(), valid.by_query() if valid is not None else None
        classes = tuple(int(label) for label in np.unique(train.y)) if goal.kind is Kind.MULTICLASS else ()
        labels = np.searchsorted(classes, train.y) if classes else train.y
        types = ["c" if column in train.matrix.categorical else "q" for column in range(len(train.matrix.names))]
        shared = {"feature_types": types, "enable_categorical": True, "nthread": goal.threads}
        ranking = goal.kind is Kind.RANKING
        quantised = xgboost.QuantileDMatrix(
            np.clip(train.matrix.values, -LARGEST, LARGEST),
            labels,
            weight=average_weights(train) if ranking else train.weight,
            qid=train.query if ranking else None,
            max_bin=int(parameters.get("max_bin", 256)),
            **shared,
        )
        judged = None
        if valid is not None:  # some objectives want labels of the rows they predict, whatever they are
            cells = np.clip(valid.matrix.values, -LARGEST, LARGEST)
            judged = xgboost.DMatrix(cells, np.zeros(len(valid)), **shared)
        return QuantisedSamples(train, valid, goal, quantised, judged, classes)

    def fit(self, prepared: Prepared, parameters: Mapping[str, Parameter], rounds: Rounds) -> Fit:
        """Boost, watching the score of the validation rows; with a checkpoint, go on from it."""
        if not isinstance(prepared, QuantisedSamples):
            raise TypeError(f"expected samples that XGBoost.prepare made, got {type(prepared).__name__}")
        watch = RoundWatch(rounds, prepared.valid)
        booster = _boost(prepared, parameters, watch, Checkpoint(rounds, prepared, parameters, self.name))
        gains = booster.get_score(importance_type="total_gain")
        names = prepared.train.matrix.names
        weights = np.array([gains.get(f"f{place}", 0.0) for place in range(len(names))])
        facts = describe(self.name, prepared, parameters, iterations=watch.best_round, weights=weights)
        return Fit.of(XGBoostModel(facts, bytes(booster.save_raw("ubj"))), watch)

    def cost_hint(self, rows: int, features: int, goal: Goal) -> float:  # noqa: ARG002 - part of the contract
        """Level by level where LightGBM goes leaf by leaf."""
        return 1.5


def import_xgboost() -> Any:  # noqa: ANN401 - a module
    """The library.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        import xgboost
    except ModuleNotFoundError as error:
        raise ConfigError(
            "the family xgboost needs a library that is not installed",
            expected="the extra `xgboost`",
            got=str(error),
            advice='install it with `pip install "ml-lifecycle[xgboost]"`, or choose another modeling.family',
        ) from error
    return xgboost


def _boost(
    prepared: QuantisedSamples, parameters: Mapping[str, Parameter], watch: RoundWatch, checkpoint: Checkpoint
) -> Any:  # noqa: ANN401 - a booster
    settings = {**_settings(prepared), **{name: value for name, value in parameters.items() if name != "max_bin"}}
    cached = [prepared.quantised] + ([] if prepared.judged is None else [prepared.judged])
    booster = import_xgboost().Booster(settings, cached)
    stored = checkpoint.read(watch)
    if stored is not None:
        booster.load_model(bytearray(stored))
        booster.set_param(settings)
    stop = False
    while not stop:
        done = watch.done
        if done and done % SEGMENT == 0:
            if checkpoint.due:
                checkpoint.write(watch, bytes(booster.save_raw("ubj")))
            _renew_updater(booster)
        booster.update(prepared.quantised, done)
        stop = watch.see(done + 1, _judge(booster, watch, prepared) if watch.scores else None)
    checkpoint.remove()
    best = booster[: watch.best_round]
    best.set_attr(**{_CLASSES: json.dumps(prepared.classes)})
    return best


def _renew_updater(booster: Any) -> None:  # noqa: ANN401
    """Have the updater made anew, with a fresh generator of columns: by another method, and back."""
    for method in ("approx", "hist"):
        booster.set_param({"tree_method": method})
        booster.save_config()  # parameters act when something asks for them


def _judge(booster: Any, watch: RoundWatch, prepared: QuantisedSamples) -> float:  # noqa: ANN401
    found = np.asarray(booster.predict(prepared.judged), dtype=np.float64)
    if prepared.goal.kind is not Kind.MULTICLASS:
        return watch.score_of(found)
    spread = np.zeros((len(found), prepared.goal.classes))
    spread[:, list(prepared.classes)] = found
    return watch.score_of(spread / spread.sum(axis=1, keepdims=True))


def _settings(prepared: QuantisedSamples) -> dict[str, Any]:
    goal = prepared.goal
    signs = monotone_signs(prepared.train.matrix, goal)
    settings: dict[str, Any] = {
        "tree_method": "hist",
        "nthread": goal.threads,
        "seed": goal.seed,
        "seed_per_iteration": True,
        "disable_default_eval_metric": True,
        "verbosity": 0,
    }
    if signs is not None:
        settings["monotone_constraints"] = f"({','.join(map(str, signs))})"
    if goal.kind is Kind.BINARY:
        return settings | {"objective": "binary:logistic"}
    if goal.kind is Kind.MULTICLASS:
        return settings | {"objective": "multi:softprob", "num_class": len(prepared.classes)}
    if goal.kind is Kind.RANKING:
        return settings | {"objective": "rank:ndcg"}
    levels = {"quantile": "quantile_alpha", "tweedie": "tweedie_variance_power"}
    if goal.objective in levels:
        settings[levels[goal.objective]] = goal.level
    if goal.objective == "huber":
        settings["huber_slope"] = huber_delta(prepared.train.y)
    return settings | {"objective": _OBJECTIVES[goal.objective]}


def _load(content: bytes, threads: int) -> Any:  # noqa: ANN401 - a booster
    xgboost = import_xgboost()
    try:
        return xgboost.Booster({"nthread": threads, "verbosity": 0}, model_file=bytearray(content))
    except (xgboost.core.XGBoostError, ValueError) as error:
        raise PackageError(
            f"{MODEL_FILE} cannot be read",
            expected="a model in XGBoost's UBJSON",
            got=str(error).splitlines()[0],
            advice="package the model again",
        ) from error

"""The family CatBoost (Prokhorenkova et al. 2018), an extra: what it can do and how a stored model predicts.

Stored in CatBoost's own binary format, without what differs between two equal fits (a random id, the time, the
settings of the run). How it is trained is `catboost_training`, how samples are handed to it `catboost_data`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import PackageError
from ml_lifecycle.modeling.estimators.base import Family, Fit, FittedModel, Prepared, describe, require_file
from ml_lifecycle.modeling.estimators.capabilities import LOGARITHMIC, Capabilities
from ml_lifecycle.modeling.estimators.catboost_data import (
    LOWEST,
    MEDIAN,
    MISSING_NUMBERS,
    GappedSamples,
    feature_places,
    fill_gaps,
    has_gaps,
    import_catboost,
    make_pool,
    read_medians,
    write_medians,
)
from ml_lifecycle.modeling.estimators.facts import Goal, ModelFacts
from ml_lifecycle.modeling.estimators.queries import check_grades
from ml_lifecycle.modeling.estimators.rounds import Rounds, RoundWatch
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.search_space import Choice, Parameter, Range, Space

MODEL_FILE = "model.cbm"
#: The raw prediction of a class that training lacked: its probability is next to nothing.
ABSENT = -50.0


class CatBoostModel(FittedModel):
    """A CatBoost model.

    Args:
        facts: What is known of the model.
        content: The model in CatBoost's binary format.
    """

    def __init__(self, facts: ModelFacts, content: bytes) -> None:
        super().__init__(facts)
        self.content = content
        self._model = _load(content)
        self._places = feature_places(len(facts.names), facts.categorical)
        self._classes = trained_classes(self._model)
        self._medians = read_medians(self._model)

    def _predict(self, values: np.ndarray) -> np.ndarray:
        return self._ask(values, self.facts.goal.threads)

    def _predict_row(self, values: np.ndarray) -> Any:  # noqa: ANN401 - a figure, or an array of them
        return self._ask(values.reshape(1, -1).astype(np.float32, copy=False), 1)[0]

    def contributions(self, values: np.ndarray) -> np.ndarray:
        """SHAP values of the trees, (n, f + 1, k); the features back in their own places."""
        goal = self.facts.goal
        pool = self._pool(np.ascontiguousarray(values, dtype=np.float32))
        found = np.asarray(
            self._model.get_feature_importance(pool, type="ShapValues", thread_count=goal.threads), dtype=np.float64
        )
        cube = found[:, :, None] if found.ndim == 2 else found.transpose(0, 2, 1)  # noqa: PLR2004 - one figure per row
        out = np.empty_like(cube)
        out[:, np.r_[self._places[0], self._places[1], cube.shape[1] - 1]] = cube
        if goal.kind is not Kind.MULTICLASS:
            return out
        spread = np.zeros((*out.shape[:2], goal.classes))
        spread[:, -1] = ABSENT
        spread[:, :, list(self._classes)] = out
        return spread

    def first_rounds(self, rounds: int) -> CatBoostModel:
        """The model after so many rounds; what each feature does in it is told as of the whole."""
        first = _load(self.content)
        first.shrink(ntree_end=rounds)
        return CatBoostModel(replace(self.facts, iterations=rounds), canonical_bytes(first))

    def stages(self, values: np.ndarray, marks: Sequence[int]) -> Iterator[np.ndarray]:
        """Predictions after so many rounds each: CatBoost counts them in equal steps, of which the marks are picked."""
        pool = self._pool(np.ascontiguousarray(values, dtype=np.float32))
        step, wanted = int(np.gcd.reduce(np.asarray(marks))), set(marks)
        found = self._model.staged_predict(
            pool, "RawFormulaVal", ntree_end=marks[-1], eval_period=step, thread_count=self.facts.goal.threads
        )
        for number, raw in enumerate(found, start=1):
            if number * step in wanted:
                yield link(raw, self.facts.goal, self._classes)

    def _ask(self, values: np.ndarray, threads: int) -> np.ndarray:
        pool = self._pool(values)
        raw = np.asarray(self._model.predict(pool, prediction_type="RawFormulaVal", thread_count=threads))
        return link(raw, self.facts.goal, self._classes)

    def _pool(self, values: np.ndarray) -> Any:  # noqa: ANN401 - a pool
        return make_pool(values if self._medians is None else fill_gaps(values, self._medians), self._places)

    def _payload(self) -> dict[str, bytes]:
        return {MODEL_FILE: self.content}

    @classmethod
    def from_files(cls, facts: ModelFacts, files: Mapping[str, bytes]) -> CatBoostModel:
        """Make the model of its file."""
        return cls(facts, require_file(files, MODEL_FILE))


class CatBoost(Family):
    """CatBoost."""

    name: ClassVar[str] = "catboost"
    also_known: ClassVar[frozenset[str]] = frozenset(
        {
            "border_count", "one_hot_max_size", "max_ctr_complexity", "rsm", "min_data_in_leaf", "grow_policy",
            "max_leaves", "auto_class_weights", "scale_pos_weight", "leaf_estimation_iterations", "boosting_type",
        }
    )  # fmt: skip
    patience: ClassVar[int | None] = 50
    capabilities: ClassVar[Capabilities] = Capabilities(
        missing_values=True,
        categories=True,
        monotone=True,
        ranking=True,
        quantiles=True,
        objectives=frozenset(
            {"auto", "squared_error", "absolute_error", "huber", "quantile", "poisson", "tweedie", "lambdarank"}
        ),
        interpretability="medium",
        free_objectives=frozenset({"lambdarank"}),
    )

    def default_parameters(self, rows: int, goal: Goal) -> dict[str, Parameter]:  # noqa: ARG002 - the contract
        """CatBoost's own, at a fixed, quick rate and with cheaper combinations of categories."""
        return {
            "learning_rate": 0.1,
            "depth": 6,
            "l2_leaf_reg": 3.0,
            "random_strength": 1.0,
            "bagging_temperature": 1.0,
            "max_ctr_complexity": 1,
            MISSING_NUMBERS: LOWEST,
        }

    def space(self, rows: int, goal: Goal) -> Space:  # noqa: ARG002 - part of the contract
        """What acts most on its symmetric trees."""
        return {
            "learning_rate": Range(0.02, 0.3, log=True),
            "depth": Range(3, 6 if goal.outputs > 1 else 10, integer=True),
            "l2_leaf_reg": Range(0.1, 30.0, log=True),
            "random_strength": Range(0.1, 10.0, log=True),
            "bagging_temperature": Range(0.0, 2.0),
            MISSING_NUMBERS: Choice((LOWEST, MEDIAN)),
        }

    def idle(self, train: Samples) -> frozenset[str]:
        """Without missing numbers it does not matter how they are treated."""
        return frozenset() if has_gaps(train) else frozenset({MISSING_NUMBERS})

    def prepare(
        self, train: Samples, valid: Samples | None, goal: Goal, parameters: Mapping[str, Parameter]
    ) -> Prepared:
        """Bring the samples into CatBoost's form once.

        Raises:
            ConfigError: CatBoost is not installed, or cannot do what the goal asks.
            ModelError: Nothing can be learnt, or labels of a ranking are no grades.
        """
        super().prepare(train, valid, goal, parameters)
        ranking = goal.kind is Kind.RANKING
        if ranking:
            check_grades(train)
            train, valid = train.by_query(), valid.by_query() if valid is not None else None
        return GappedSamples(train, valid, goal)

    def fit(self, prepared: Prepared, parameters: Mapping[str, Parameter], rounds: Rounds) -> Fit:
        """Boost, judging the validation rows now and then; with a checkpoint, go on from it."""
        from ml_lifecycle.modeling.estimators.catboost_training import train_catboost

        if not isinstance(prepared, GappedSamples):
            raise TypeError(f"expected samples that CatBoost.prepare made, got {type(prepared).__name__}")
        pooled = prepared.treated(str(parameters.get(MISSING_NUMBERS, LOWEST)))
        watch = RoundWatch(rounds, pooled.valid)
        own = {name: value for name, value in parameters.items() if name != MISSING_NUMBERS}
        model = train_catboost(pooled, own, watch)
        write_medians(model, pooled.medians)
        matrix = prepared.train.matrix
        weights = np.empty(len(matrix.names))
        found = model.get_feature_importance(type="PredictionValuesChange")
        weights[np.concatenate(feature_places(len(matrix.names), tuple(matrix.categorical)))] = found
        facts = describe(self.name, prepared, parameters, iterations=int(model.tree_count_), weights=weights)
        return Fit.of(CatBoostModel(facts, canonical_bytes(model)), watch)

    def cost_hint(self, rows: int, features: int, goal: Goal) -> float:  # noqa: ARG002 - part of the contract
        """Statistics of categories over permutations cost most; several classes multiply it."""
        return 4.0 * goal.outputs


def link(raw: np.ndarray, goal: Goal, classes: tuple[int, ...]) -> np.ndarray:
    """From sums of leaves to predictions; classes that training lacked get probability 0."""
    raw = np.asarray(raw, dtype=np.float64)
    if goal.kind is Kind.BINARY:
        return np.asarray(1 / (1 + np.exp(-np.clip(raw, -500, 500))))
    if goal.kind is Kind.MULTICLASS:
        odds = np.exp(raw - raw.max(axis=1, keepdims=True))
        spread = np.zeros((len(raw), goal.classes))
        spread[:, list(classes)] = odds / odds.sum(axis=1, keepdims=True)
        return spread
    return np.exp(raw) if goal.objective in LOGARITHMIC else raw


def trained_classes(model: Any) -> tuple[int, ...]:  # noqa: ANN401
    """The labels of a multiclass model's outputs, in their order."""
    stored = dict(model.get_metadata()).get("class_params")
    return tuple(int(label) for label in json.loads(stored)["class_names"]) if stored else ()


def canonical_bytes(model: Any) -> bytes:  # noqa: ANN401
    """The model in CatBoost's binary format, without what differs between two equal fits."""
    notes = model.get_metadata()
    settings = json.loads(notes["params"]) if "params" in notes.keys() else {}  # noqa: SIM118 - not a dictionary
    loss = {"flat_params": {}, "loss_function": settings.get("loss_function", {"type": "RMSE", "params": {}})}
    plain = {"train_finish_time": "", "model_guid": "", "training": "{}", "output_options": "{}"}
    for name, text in {**plain, "params": json.dumps(loss, sort_keys=True)}.items():
        notes[name] = text
    return bytes(model._serialize_model())  # noqa: SLF001 - else through a file


def _load(content: bytes) -> Any:  # noqa: ANN401 - a model
    catboost = import_catboost()
    model = catboost.CatBoost()
    with tempfile.TemporaryDirectory() as folder:  # from memory it reads without checking
        path = Path(folder) / MODEL_FILE
        path.write_bytes(content)
        try:
            return model.load_model(str(path))
        except catboost.CatBoostError as error:
            raise PackageError(
                f"{MODEL_FILE} cannot be read",
                expected="a model in CatBoost's binary format",
                got=str(error).splitlines()[0],
                advice="package the model again",
            ) from error

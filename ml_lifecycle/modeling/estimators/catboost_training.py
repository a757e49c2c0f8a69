"""CatBoost's rounds: it trains in one call, so the score comes in as a metric of it and the rules as a callback.

Our score is asked every `LOOK` rounds, since handing the predictions of all rows to Python takes longer than a small
tree. Checkpoints are CatBoost's own snapshots, in a folder beside the file that the rules name; a resumed fit gives the
bytes of an uninterrupted one. Absolute errors and quantiles are the exception: CatBoost 1.2 goes on from a snapshot
with other values where it computes leaves exactly, so such a fit keeps no snapshot and begins anew.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.estimators.capabilities import huber_delta, monotone_signs
from ml_lifecycle.modeling.estimators.catboost_data import PooledSamples, feature_places, import_catboost
from ml_lifecycle.modeling.estimators.catboost_trees import link
from ml_lifecycle.modeling.estimators.checkpoints import Checkpoint
from ml_lifecycle.modeling.estimators.rounds import RoundWatch
from ml_lifecycle.modeling.search_space import Parameter

#: Rounds between two looks at the score.
LOOK = 10
#: Categories split one by one under monotone features: splits by CatBoost's statistics would not keep to them.
MOST_CATEGORIES = 65_535
#: Objectives whose leaves CatBoost computes exactly.
_EXACT = frozenset({"absolute_error", "quantile"})
_LOSSES = {
    "auto": "RMSE",
    "squared_error": "RMSE",
    "absolute_error": "MAE",
    "huber": "Huber:delta={}",
    "quantile": "Quantile:alpha={}",
    "poisson": "Poisson",
    "tweedie": "Tweedie:variance_power={}",
}


def train_catboost(prepared: PooledSamples, parameters: Mapping[str, Parameter], watch: RoundWatch) -> Any:  # noqa: ANN401
    """Train until the watch says stop.

    Args:
        prepared: The samples.
        parameters: Hyperparameters.
        watch: Judges and counts the rounds.

    Returns:
        The model, at its best round where rounds are judged.
    """
    rules = replace(watch.rounds, checkpoint=None) if prepared.goal.objective in _EXACT else watch.rounds
    checkpoint = Checkpoint(rules, prepared, parameters, "catboost")
    settings = {**_settings(prepared, watch), **parameters}
    if prepared.goal.monotone:
        settings["one_hot_max_size"] = MOST_CATEGORIES
    folder = _open_snapshot(checkpoint, watch, settings)
    overseer = _Overseer(prepared, watch, checkpoint)
    judged = {"eval_set": prepared.judged} if watch.scores else {}
    if watch.scores:
        settings |= {"eval_metric": overseer, "metric_period": LOOK, "use_best_model": True}
    model = import_catboost().CatBoost(settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it cannot compile our score
        model.fit(prepared.pool, callbacks=[overseer], **judged)
    if overseer.raised is not None:
        raise overseer.raised
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
    checkpoint.remove()
    return model


class _Overseer:
    """CatBoost's view of a watch: a metric and a callback. It keeps errors, which would not survive CatBoost."""

    def __init__(self, prepared: PooledSamples, watch: RoundWatch, checkpoint: Checkpoint) -> None:
        self.raised: BaseException | None = None
        self._goal = prepared.goal
        self._classes = tuple(int(label) for label in np.unique(prepared.train.y)) if _classed(prepared) else ()
        self._watch = watch
        self._checkpoint = checkpoint
        self._asked = 0
        self._found: float | None = None
        self._begun = False

    def __deepcopy__(self, memo: dict[int, Any]) -> _Overseer:
        """Stay one: CatBoost copies its settings, but the metric and the callback must share what they know."""
        return self

    def is_max_optimal(self) -> bool:
        score = self._watch.rounds.score
        return score is not None and score.greater_is_better

    def get_final_error(self, error: float, weight: float) -> float:  # noqa: ARG002 - CatBoost's contract
        return error

    def evaluate(self, approxes: Any, target: Any, weight: Any) -> tuple[float, float]:  # noqa: ANN401, ARG002
        self._asked += 1
        if self._asked == 1 or self.raised is not None:  # the training rows come first, which nobody asks for
            return 0.0, 1.0
        try:
            raw = np.asarray(approxes, dtype=np.float64).T
            outputs = raw if self._goal.kind is Kind.MULTICLASS else raw[:, 0]
            self._found = self._watch.score_of(link(outputs, self._goal, self._classes))
        except BaseException as error:  # noqa: BLE001 - raised again after CatBoost has returned
            self.raised = error
            return 0.0, 1.0
        return self._found, 1.0

    def after_iteration(self, info: Any) -> bool:  # noqa: ANN401
        """Whether to go on."""
        done, found = int(info.iteration), self._found
        self._asked, self._found = 0, None
        if self.raised is not None:
            return False
        if not self._begun:  # a snapshot may be older than the notes on it
            self._watch.restore(self._watch.state(), most=done - 1)
            self._begun = True
        stop = True
        try:
            judged = found is not None or not self._watch.scores
            stop = self._watch.see(done, found) if judged else self._watch.skip(done)
        except BaseException as error:  # noqa: BLE001 - raised again after CatBoost has returned
            self.raised = error
        if found is not None or self._checkpoint.due:
            self._checkpoint.write(self._watch, b"catboost")
        return not stop


def _classed(prepared: PooledSamples) -> bool:
    return prepared.goal.kind is Kind.MULTICLASS


def _open_snapshot(checkpoint: Checkpoint, watch: RoundWatch, settings: dict[str, Any]) -> Path | None:
    """Point CatBoost to the folder of its snapshots, emptied if it is of another fit."""
    if checkpoint.path is None:
        return None
    folder = checkpoint.path.with_name(f"{checkpoint.path.name}.snapshot")
    if checkpoint.read(watch) is None:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    settings |= {
        "allow_writing_files": True,
        "save_snapshot": True,
        "snapshot_file": "snapshot",
        "snapshot_interval": int(watch.rounds.checkpoint_seconds),
        "train_dir": str(folder),
    }
    return folder


def _settings(prepared: PooledSamples, watch: RoundWatch) -> dict[str, Any]:
    goal, matrix = prepared.goal, prepared.train.matrix
    settings: dict[str, Any] = {
        "iterations": watch.rounds.most,
        "random_seed": goal.seed,
        "thread_count": goal.threads,
        "allow_writing_files": False,
        "logging_level": "Silent",
        "use_best_model": False,
        "loss_function": {Kind.BINARY: "Logloss", Kind.MULTICLASS: "MultiClass", Kind.RANKING: "YetiRank"}.get(
            goal.kind, _LOSSES.get(goal.objective, "RMSE").format(_level(prepared))
        ),
    }
    signs = monotone_signs(matrix, goal)
    if signs is not None:
        order = np.concatenate(feature_places(len(matrix.names), tuple(matrix.categorical)))
        settings["monotone_constraints"] = {
            place: signs[feature] for place, feature in enumerate(order) if signs[feature]
        }
    return settings


def _level(prepared: PooledSamples) -> float | None:
    return huber_delta(prepared.train.y) if prepared.goal.objective == "huber" else prepared.goal.level

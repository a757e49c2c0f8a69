"""Policies of retraining by the clock, and what every policy has in common: the models and the record of a course.

Every window is predicted by the model in force before it, and judged once its outcomes are known. All policies train by
the same rule: a quick LightGBM on all labelled rows so far (or on so many windows). The product's own policy lives in
`policy_ours`, the streams in `streams`, what is printed in `policies`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import lightgbm
import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.evaluation.metrics import get_metric
from ml_lifecycle_tests.benchmarks.streams import Stream

METRIC = {Kind.BINARY: "log_loss", Kind.REGRESSION: "rmse"}
_PARAMETERS = {
    "num_leaves": 31,
    "learning_rate": 0.1,
    "num_threads": 1,
    "verbose": -1,
    "seed": 0,
    "deterministic": True,
}


@dataclass
class Models:
    """Models of a stream by the windows that they learnt from, each fitted once however many policies ask for it.

    Args:
        stream: The stream.
        rounds: Trees.
        memory: Windows that a training looks back on; None for all.
    """

    stream: Stream
    rounds: int = 100
    memory: int | None = None
    _models: dict[int, lightgbm.Booster] = field(default_factory=dict)
    _predictions: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)

    def rows(self, end: int) -> slice:
        """The rows that a model learns from that knows the windows before `end`."""
        return self.stream.rows(0 if self.memory is None else end - self.memory, end)

    def predict(self, end: int, window: int) -> np.ndarray:
        """What the model that has learnt the windows before `end` says of a window."""
        if (end, window) not in self._predictions:
            self._predictions[end, window] = np.asarray(
                self._model(end).predict(self.stream.frame.iloc[self.stream.rows(window, window + 1)], num_threads=1)
            )
        return self._predictions[end, window]

    def _model(self, end: int) -> lightgbm.Booster:
        if end not in self._models:
            stream, rows = self.stream, self.rows(end)
            objective = "binary" if stream.kind is Kind.BINARY else "regression"
            learnt = lightgbm.Dataset(stream.frame.iloc[rows], stream.y[rows])
            self._models[end] = lightgbm.train({**_PARAMETERS, "objective": objective}, learnt, self.rounds)
        return self._models[end]


@dataclass(frozen=True)
class Course:
    """How a policy did on a stream.

    Args:
        losses: Of each window after those of the first model.
        trainings: Windows after which a training was started.
        promoted: Those of them whose model went into production.
        drift: Windows in which drift was found.
        lost: Windows in which lost performance or concept drift was found.
        reasons: Why there were trainings.
    """

    losses: np.ndarray
    trainings: tuple[int, ...] = ()
    promoted: tuple[int, ...] = ()
    drift: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def loss(self) -> float:
        """The cumulative loss."""
        return float(self.losses.sum())


def never(models: Models) -> Course:
    """The first model for ever."""
    return _by_the_clock(models, lambda _: False)


def every_window(models: Models) -> Course:
    """A training after every window; its model is in force at once."""
    return _by_the_clock(models, lambda _: True)


def on_schedule(models: Models, every: int) -> Course:
    """A training after every so many windows."""
    return _by_the_clock(models, lambda passed: passed % every == 0)


def _by_the_clock(models: Models, due: Callable[[int], bool]) -> Course:
    stream = models.stream
    metric, end = get_metric(METRIC[stream.kind]), stream.learnt
    losses, trainings = [], []
    for window in range(stream.learnt, stream.windows):
        losses.append(metric(stream.y[stream.rows(window, window + 1)], models.predict(end, window)))
        known = window + 1 - stream.delay
        if due(window + 1 - stream.learnt) and known > end and window + 1 < stream.windows:
            end = known
            trainings.append(window - stream.learnt)
    return Course(np.asarray(losses), tuple(trainings), tuple(trainings))

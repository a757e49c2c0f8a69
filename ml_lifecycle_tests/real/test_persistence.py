"""Persistence on the open table of electricity prices: what a model must beat there."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.evaluation.inference.quick_intervals import quick_ends
from ml_lifecycle.evaluation.metrics import get_metric
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.baselines import Baselines, fit_baselines
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.target import Target

pytestmark = pytest.mark.real

_HALF_HOUR = np.timedelta64(30, "m")


def _samples(data: Path) -> Samples:
    frame = pd.read_csv(data / "elec2.csv.gz")
    values = frame.drop(columns=["class", "nswprice"])
    time = np.datetime64("1996-05-07", "ns") + np.arange(len(frame)) * _HALF_HOUR
    matrix = FeatureMatrix(np.ascontiguousarray(values.to_numpy(dtype=np.float32)), tuple(values.columns))
    return Samples(matrix, frame["class"].to_numpy(dtype=np.int64), np.arange(len(frame)), time=time)


def _fit(samples: Samples, metric_name: str, delay: timedelta = timedelta(0)) -> Baselines:
    """On the oldest 70 %, scored on the next 15 %."""
    borders = (np.array([0.7, 0.85]) * len(samples)).astype(int)
    train, valid = np.arange(borders[0]), np.arange(borders[0], borders[1])
    metric = get_metric(metric_name)
    return fit_baselines(
        samples.take(train),
        samples.take(valid),
        kind=Kind.BINARY,
        target=Target.fit(pd.Series(samples.y), Task.CLASSIFICATION, name="class", positive_class=1),
        score=metric,
        label_delay=delay,
        interval=quick_ends(metric),
    )


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc", "log_loss"])
def test_the_last_price_is_the_floor(data: Path, metric: str) -> None:
    """By every metric it beats what learns from the features; its accuracy is the known 85 %."""
    samples = _samples(data)
    found = _fit(samples, metric)
    assert found.best == "last_value"
    test = samples.take(np.arange(int(0.85 * len(samples)), len(samples)))
    assert get_metric("accuracy")(test.y, found.predict_best(test)) == pytest.approx(0.85, abs=0.02)
    first, second = found.table.iloc[0], found.table.iloc[1]
    assert not second["low"] <= first["score"] <= second["high"]


def test_a_price_that_is_known_a_day_later_is_no_floor(data: Path) -> None:
    """Persistence is only as good as its labels are fresh."""
    table = _fit(_samples(data), "accuracy", timedelta(days=1)).table.set_index("baseline")
    assert table.loc["last_value", "score"] < table.loc["tree", "score"]

"""FastRows: to the last bit what the booster says, from any thread."""

import copy
import gc
import pickle
import threading

import lightgbm as lgb
import numpy as np
import pytest

from ml_lifecycle.modeling.estimators.fast_rows import FastRows


def _booster(objective: str, classes: int = 1) -> tuple[lgb.Booster, np.ndarray]:
    random = np.random.default_rng(0)
    rows = random.normal(size=(300, 5)).astype(np.float32)
    rows[::7, 2] = np.nan
    y = np.digitize(rows[:, 0] + rows[:, 1], [-0.5, 0.5]) % max(2, classes)
    parameters = {"objective": objective, "num_class": classes, "verbose": -1, "num_leaves": 7, "num_threads": 1}
    return lgb.train(parameters, lgb.Dataset(rows, y), num_boost_round=5), rows


@pytest.mark.parametrize(
    ("objective", "classes"), [("binary", 1), ("multiclass", 3), ("regression", 1), ("poisson", 1)]
)
def test_a_row_is_predicted_as_the_booster_does(objective: str, classes: int) -> None:
    """Also rows with gaps, and rows of another type."""
    booster, rows = _booster(objective, classes)
    fast = FastRows(booster)
    expected = booster.predict(rows, num_threads=1)
    assert np.array_equal(np.array([fast.predict(row) for row in rows]), expected)
    assert np.array_equal(fast.predict(rows[0].astype(np.float64)), expected[0])


def test_answers_are_the_caller_s_own() -> None:
    """The next row does not change them."""
    booster, rows = _booster("multiclass", 3)
    fast = FastRows(booster)
    first = fast.predict(rows[0])
    kept = np.array(first)
    fast.predict(rows[1])
    assert np.array_equal(first, kept)


def test_threads_do_not_disturb_each_other() -> None:
    """Each has its own buffers, which go when it ends."""
    booster, rows = _booster("binary")
    fast = FastRows(booster)
    expected = booster.predict(rows, num_threads=1)
    found: list[bool] = []

    def ask() -> None:
        found.append(np.array_equal(np.array([fast.predict(row) for row in rows]), expected))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gc.collect()
    assert found == [True] * 4


def test_copies_predict_the_same() -> None:
    """Another process gets the booster and makes its own buffers."""
    booster, rows = _booster("binary")
    fast = FastRows(booster)
    expected = fast.predict(rows[0])
    for other in (pickle.loads(pickle.dumps(fast)), copy.deepcopy(fast)):  # noqa: S301 - our own bytes
        assert other.predict(rows[0]) == expected

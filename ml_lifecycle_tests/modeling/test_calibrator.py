"""Probabilities corrected."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.errors import ModelError, PackageError
from ml_lifecycle.modeling.calibrator import Calibrator, Method

RNG = np.random.default_rng(3)
TRUE = RNG.uniform(0.02, 0.98, 4000)
Y = (RNG.uniform(size=4000) < TRUE).astype(np.int64)
# Over-confident: the log odds are doubled and shifted.
TOLD = 1 / (1 + ((1 - TRUE) / TRUE) ** 2 * np.exp(-0.5))
METHODS: tuple[Method, ...] = ("isotonic", "sigmoid")


@pytest.mark.parametrize("method", METHODS)
def test_over_confidence_is_corrected(method: Method) -> None:
    """Probabilities that are too extreme come close to the true ones."""
    corrected = Calibrator.fit(TOLD, Y, method).transform(TOLD)
    assert np.abs(corrected - TRUE).mean() < 0.03 < np.abs(TOLD - TRUE).mean()


def test_sigmoid_finds_the_distortion() -> None:
    """The two parameters of the sigmoid undo what was done to the log odds."""
    curve = Calibrator.fit(TOLD, Y, "sigmoid").curves[0]
    assert curve.first[0] == pytest.approx(0.5, abs=0.05)
    assert curve.second[0] == pytest.approx(-0.25, abs=0.1)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(METHODS), st.lists(st.floats(0, 1), min_size=2, max_size=20), st.integers(0, 10))
def test_corrected_probabilities_are_probabilities(method: Method, p: list[float], hits: int) -> None:
    """Whatever it is fitted on, also one class alone, results lie within 0 and 1 and keep the order of isotonic."""
    given_p = np.array(p)
    calibrator = Calibrator.fit(given_p, (np.arange(len(p)) < hits).astype(int), method)
    corrected = calibrator.transform(np.linspace(0, 1, 50))
    assert ((corrected >= 0) & (corrected <= 1)).all()
    if method == "isotonic":
        assert (np.diff(corrected) >= 0).all()
        assert 0 < corrected.min() <= corrected.max() < 1


@pytest.mark.parametrize("method", METHODS)
def test_several_classes_sum_to_one(method: Method) -> None:
    """Each class has its curve, and the rows sum to 1."""
    p = RNG.dirichlet((1, 1, 1), 300)
    calibrator = Calibrator.fit(p, p.argmax(axis=1), method)
    assert len(calibrator.curves) == 3
    np.testing.assert_allclose(calibrator.transform(p).sum(axis=1), 1)


@pytest.mark.parametrize("method", METHODS)
def test_a_calibrator_survives_storing(method: Method) -> None:
    """JSON keeps every figure, so that results are equal to the last bit."""
    calibrator = Calibrator.fit(TOLD, Y, method)
    restored = Calibrator.from_dict(json.loads(json.dumps(calibrator.to_dict())))
    assert restored == calibrator
    np.testing.assert_array_equal(restored.transform(TOLD), calibrator.transform(TOLD))


def test_without_rows_nothing_is_fitted() -> None:
    """An empty validation split is an error."""
    with pytest.raises(ModelError, match="validation rows"):
        Calibrator.fit(np.empty(0), np.empty(0), "isotonic")


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"curves": [{"method": "magic", "first": [1], "second": [1]}]},
        {"curves": [{"method": "sigmoid", "first": 3}]},
    ],
)
def test_a_damaged_state_is_refused(state: dict[str, Any]) -> None:
    """A state that is no calibration is an error of the package."""
    with pytest.raises(PackageError, match="calibration cannot be read"):
        Calibrator.from_dict(state)

"""A calibration is taken where it helps rows that it has not seen, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from ml_lifecycle.modeling.calibration_choice import choose_calibration


def _problem(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.random(rows)
    return true, (rng.random(rows) < true).astype(int)


def test_a_model_that_is_too_unsure_is_corrected() -> None:
    """Probabilities drawn to the middle, as those of a model of few trees."""
    true, y = _problem(600)
    assert choose_calibration(0.4 + 0.2 * true, y) == "sigmoid"


@pytest.mark.parametrize("seed", range(8))
def test_true_probabilities_are_left_alone(seed: int) -> None:
    """What is right cannot be bettered, whatever chance says."""
    assert choose_calibration(*_problem(1_000, seed)) == "none"


def test_a_bend_that_no_sigmoid_has_is_mended_by_steps() -> None:
    """With rows enough."""
    true, y = _problem(20_000)
    assert choose_calibration(np.where(true < 0.5, 0.1 + 0.1 * true, 0.9 + 0.1 * true - 0.05), y) == "isotonic"


def test_too_few_rows_of_a_class_decide_nothing() -> None:
    """Twenty of each are asked for."""
    y = np.array([1] * 10 + [0] * 500)
    assert choose_calibration(np.full(510, 0.5), y) == "none"


def test_several_classes_are_corrected_too() -> None:
    """Every row's own class was right, and got too little."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 900)
    p = np.full((900, 3), 0.3)
    p[np.arange(900), y] = 0.4
    assert choose_calibration(p, y) == "sigmoid"

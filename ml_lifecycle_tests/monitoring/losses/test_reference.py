"""Tests of what is packaged of a model's losses, and of what it says of a window."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.performance import PerformanceConfig
from ml_lifecycle.errors import PackageError
from ml_lifecycle.evaluation.metrics import get_metric
from ml_lifecycle.monitoring.losses.attribution import ALL_INPUTS, REST, attribute_change
from ml_lifecycle.monitoring.losses.cells import code_columns
from ml_lifecycle.monitoring.losses.estimate import can_estimate_loss, estimate_loss
from ml_lifecycle.monitoring.losses.fitting import fit_losses
from ml_lifecycle.monitoring.losses.reference import LossReference
from ml_lifecycle.monitoring.losses.rows import row_losses

RMSE, CONFIG = get_metric("rmse"), PerformanceConfig()


def _rows(rows: int, *, hard: float = 0.5, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """A number and a category; rows of category `b` have errors of deviation 2 instead of 1."""
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": generator.normal(size=rows), "c": np.where(generator.random(rows) < hard, "b", "a")})
    error = generator.normal(size=rows) * np.where(frame["c"] == "b", 2.0, 1.0)
    prediction = frame["x"].to_numpy()
    return frame, prediction + error, prediction


@pytest.fixture(scope="module")
def reference() -> LossReference:
    """Learnt from 4,000 rows, half of them the test split."""
    frame, y, p = _rows(4_000)
    tested = np.arange(4_000) % 2 == 0
    return fit_losses(frame, y, p, tested, kind=Kind.REGRESSION, metric=RMSE, config=CONFIG)


def _foresee(reference: LossReference, frame: pd.DataFrame, p: np.ndarray) -> np.ndarray:
    found = reference.foresee(p, code_columns(reference.cells, frame), Kind.REGRESSION, get_metric("mse"))
    assert found is not None
    return found


def test_the_reference_survives_as_json(reference: LossReference) -> None:
    """Written and read, it says the same to the last bit; anything else is refused."""
    again = LossReference.from_bytes(reference.to_bytes())
    assert again.to_bytes() == reference.to_bytes()
    frame, _, p = _rows(50, seed=1)
    assert np.array_equal(_foresee(again, frame, p), _foresee(reference, frame, p))
    for wrong in (b"{}", b"no json", b'{"format": 99}'):
        with pytest.raises(PackageError, match="reference of losses"):
            LossReference.from_bytes(wrong)


def test_a_harder_mix_is_foreseen_without_outcomes(reference: LossReference) -> None:
    """Only rows of the hard category: the estimate rises from sqrt(2.5) to 2, and holds the truth."""
    frame, y, p = _rows(1_000, hard=1.0, seed=2)
    guess = estimate_loss(RMSE, reference, _foresee(reference, frame, p))
    assert guess is not None
    assert guess.value == pytest.approx(2.0, abs=0.1)
    assert guess.low <= RMSE(y, p) <= guess.high


def test_intervals_of_estimates_hold_the_truth_about_as_often_as_they_say(reference: LossReference) -> None:
    """95 % intervals, 40 windows: at least 36 hold it."""
    held = 0
    for seed in range(40):
        frame, y, p = _rows(500, seed=100 + seed)
        guess = estimate_loss(RMSE, reference, _foresee(reference, frame, p))
        held += guess is not None and guess.low <= RMSE(y, p) <= guess.high
    assert held >= 36


@pytest.mark.parametrize(("name", "can"), [("rmse", True), ("mse", True), ("mae", True), ("r2", False)])
def test_only_metrics_that_follow_from_the_mean_loss_are_estimated(name: str, can: bool) -> None:  # noqa: FBT001
    """R2 also needs the spread of outcomes that nobody knows."""
    frame, y, p = _rows(300)
    metric = get_metric(name)
    found = fit_losses(frame, y, p, np.ones(300, dtype=bool), kind=Kind.REGRESSION, metric=metric, config=CONFIG)
    assert can_estimate_loss(metric, found) is can
    assert not can_estimate_loss(metric, None)


def test_the_input_that_moved_explains_the_change(reference: LossReference) -> None:
    """Only the category moved: it and all inputs together explain the rise, and nothing is left to the concept."""
    frame, y, p = _rows(2_000, hard=1.0, seed=3)
    loss = float(row_losses(get_metric("mse"), y, p).mean())
    foreseen = float(_foresee(reference, frame, p).mean())
    found = attribute_change(reference, code_columns(reference.cells, frame), loss=loss, foreseen=foreseen)
    table = found.table.set_index("part")
    assert table.index.tolist() == ["c", ALL_INPUTS, REST]
    assert table.loc["c", "share"] == pytest.approx(1.0, abs=0.2)
    assert table.loc[REST, "share"] == pytest.approx(0.0, abs=0.2)


def test_what_inputs_do_not_explain_is_left_to_the_concept(reference: LossReference) -> None:
    """The same inputs with larger errors: nothing moved, the rest is all."""
    frame, y, p = _rows(2_000, seed=4)
    loss = float(row_losses(get_metric("mse"), y, p + 2).mean())
    table = attribute_change(reference, code_columns(reference.cells, frame), loss=loss).table.set_index("part")
    assert table.index.tolist() == [REST]
    assert table.loc[REST, "share"] == pytest.approx(1.0)


def test_without_outcomes_only_inputs_are_told(reference: LossReference) -> None:
    """What a change is made of cannot be said before it is known."""
    frame, _, _ = _rows(500, hard=0.9, seed=5)
    found = attribute_change(reference, code_columns(reference.cells, frame), loss=float("nan"))
    assert found.table["part"].tolist() == ["c"]
    assert found.table["explained"].iloc[0] > 0

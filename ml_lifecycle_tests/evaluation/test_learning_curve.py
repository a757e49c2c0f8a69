"""The learning curve: what is learnt from, what is judged on, and what the law says of more rows."""

from dataclasses import replace

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.evaluation import learning_curve
from ml_lifecycle.evaluation.learning_curve import COLUMNS, _fit_law, trace_learning
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle_tests.evaluation.fitted import fit_case


def test_more_rows_score_better() -> None:
    """Four parts of the rows; the gain of doubling has an interval, and is said in a sentence."""
    case = fit_case(Kind.REGRESSION)
    curve = trace_learning(case.model.facts, case.train, case.valid, METRICS["rmse"], resamples=60)
    assert tuple(curve.points.columns) == COLUMNS
    assert curve.points["rows"].tolist() == [75, 150, 300, 600]
    assert curve.points["fits"].tolist() == [3, 2, 1, 1]
    assert curve.points["value"].iloc[-1] < curve.points["value"].iloc[0]
    assert (curve.points["low"] <= curve.points["high"]).all()
    assert curve.doubled.low <= curve.doubled.value <= curve.doubled.high
    assert "twice the 600 rows" in curve.summary


def test_the_same_rows_give_the_same_curve() -> None:
    """No clock and no unseeded draw is in it."""
    case = fit_case()
    one, two = (
        trace_learning(case.model.facts, case.train, case.valid, METRICS["roc_auc"], resamples=50) for _ in range(2)
    )
    assert one.points.equals(two.points)
    assert one.doubled == two.doubled


def test_a_power_law_is_found_again() -> None:
    """Without noise the gain of doubling is that of the law behind the points."""
    counts = np.array([500.0, 1_000, 2_000, 4_000])
    exponent = float(learning_curve.EXPONENTS[7])
    law, gain = _fit_law((0.2 + 3 * counts**-exponent)[None, :], counts, counts, rows=4_000)
    assert law == pytest.approx(0.2 + 3 * counts**-exponent)
    assert gain[0] == pytest.approx(3 * (4_000**-exponent - 8_000**-exponent))


def test_a_curve_that_gets_worse_promises_nothing() -> None:
    """More rows never seem to harm: the law is flat then."""
    law, gain = _fit_law(np.array([[1.0, 1.1, 1.2]]), np.array([100.0, 200, 400]), np.ones(3), rows=400)
    assert gain[0] == 0
    assert np.ptp(law) == 0


def test_many_rows_are_capped_and_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the cap the law speaks, for all the rows there are."""
    monkeypatch.setattr(learning_curve, "MAX_ROWS", 400)
    case = fit_case()
    curve = trace_learning(case.model.facts, case.train, case.valid, METRICS["log_loss"], resamples=50)
    assert curve.points["rows"].max() == 400
    assert curve.rows == 600
    assert "At most 400 of 600" in curve.note


def test_too_few_rows_say_nothing() -> None:
    """Of a handful of rows there is at most a point, and no law."""
    case = fit_case()
    few = case.train.take(np.arange(40))
    curve = trace_learning(case.model.facts, few, case.valid, METRICS["roc_auc"], resamples=50)
    assert len(curve.points) == 1
    assert np.isnan(curve.doubled.value)
    assert "cannot be said" in curve.summary


def test_rows_of_one_class_are_no_part() -> None:
    """What cannot be learnt from gives no point, and no error."""
    case = fit_case()
    one = replace(case.train, y=np.zeros(len(case.train), dtype=int))
    curve = trace_learning(case.model.facts, one, case.valid, METRICS["roc_auc"], resamples=50)
    assert curve.points.empty

"""Every experiment of a comparison is promoted, worked on or given up, for reasons that are written down."""

import json

import pandas as pd
import pytest

from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.evaluation.comparison.footprint import Footprint
from ml_lifecycle.evaluation.experiments.comparison import ExperimentComparison, compare_experiments
from ml_lifecycle.evaluation.experiments.decisions import ExperimentDecision, weigh
from ml_lifecycle_tests.evaluation.experiments.test_result import make_result

CONFIG = EvaluationConfig(bootstrap=100)
SLOW = Footprint(0.3, 0.6, 1_000, 7.0)


def _folds(values: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "fold": [1, 2, 3, 4],
            "train_rows": 300,
            "judged_rows": 100,
            "judged_hash": ["a", "b", "c", "d"],
            "log_loss": values,
        }
    )


def _compare(config: EvaluationConfig = CONFIG, **more: object) -> ExperimentComparison:
    results = {
        "tuned_model": make_result("tuned_model", 0.3, config={}, folds=_folds([0.60, 0.61, 0.59, 0.60])),
        "clear": make_result("clear", **more),
        "noisy": make_result("noisy", 0.6),
    }
    return compare_experiments(results, "tuned_model", config=config, notes=("A note.",))


def _decide(config: EvaluationConfig = CONFIG, **more: object) -> ExperimentDecision:
    found = _compare(config, **more).decision_of("clear")
    assert found is not None
    return found


def test_the_better_is_promoted_and_the_worse_given_up() -> None:
    """The reference is not decided about."""
    found = _compare()
    assert {one.experiment: one.action for one in found.decisions} == {"clear": "promote", "noisy": "abandon"}
    assert found.decision_of("tuned_model") is None
    assert all(one.reasons for one in found.decisions)


def test_a_gain_that_costs_too_much_is_worked_on() -> None:
    """The reasons name the reference, not a champion."""
    limited = CONFIG.model_copy(update={"comparison": CONFIG.comparison.model_copy(update={"max_latency_ratio": 1.5})})
    found = _decide(limited, footprint=SLOW)
    assert found.action == "iterate"
    assert "that of tuned_model" in found.summary
    assert "champion" not in found.summary


def test_folds_that_say_the_opposite_stop_a_promotion() -> None:
    """And those that agree are told."""
    against = _decide(folds=_folds([0.80, 0.81, 0.79, 0.80]))
    assert against.action == "iterate"
    assert "contradicts the validation rows" in against.summary
    agreeing = _decide(folds=_folds([0.50, 0.52, 0.51, 0.50]))
    assert agreeing.action == "promote"
    assert agreeing.fold_gain is not None
    assert agreeing.fold_gain.difference == pytest.approx(0.0925)


def test_costs_are_weighed_where_both_are_known() -> None:
    """Once as a ratio, once in units."""
    (latency, size) = weigh(Footprint(0.3, 0.6, 1_000), Footprint(0.1, 0.2, 500, 3.0))
    assert (latency.ratio, str(size)) == (pytest.approx(3.0), "size 2 times (1000 against 500 bytes)")


def test_a_comparison_is_written_down_with_its_tests() -> None:
    """It comes back from what is stored; its text names decisions, reasons and notes."""
    found = _compare()
    again = ExperimentComparison.from_parts(found.to_parts())
    assert again.to_dict() == found.to_dict()
    assert {test["test"] for test in found.to_dict()["tests"]["clear"]} == {"bootstrap", "delong", "mcnemar"}
    text = found.markdown()
    assert "**clear: promote**" in text
    assert "- A note." in text
    json.dumps(found.to_dict(), allow_nan=False)

"""What is kept of an experiment comes back as it was, and experiments meet on the rows they share."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import DataError
from ml_lifecycle.evaluation.comparison.footprint import Footprint
from ml_lifecycle.evaluation.experiments.result import ExperimentResult, share_rows
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle.parts import Storable
from ml_lifecycle_tests.evaluation.problems import binary


def make_result(
    name: str, noise: float = 0.0, *, rows: int = 400, min_gain: float = 0.0, **more: Any
) -> ExperimentResult:
    """An experiment that predicts the rows of `binary` with so much noise, and believes that it is better."""
    data = binary(rows)
    p = np.clip(data.p + np.random.default_rng(len(name)).normal(0, 1, rows) * noise, 0.01, 0.99)
    facts: dict[str, Any] = {
        "name": name,
        "kind": Kind.BINARY,
        "metric": "log_loss",
        "value": METRICS["log_loss"](data.y, p),
        "predictions": pd.DataFrame({"_row_id": np.arange(rows), "y": data.y, "p_0": p}),
        "parameters": {"num_leaves": 31},
        "features": ("x", "city"),
        "config": {
            "name": name,
            "reference": "tuned_model",
            "hypothesis": {"statement": "Less noise is better.", "min_gain": min_gain},
            "changes": {"modeling": {"family": "linear"}},
        },
        "footprint": Footprint(0.1, 0.2, 1_000, 3.5),
        "effort": {"trials": 8, "wall_seconds": np.float64(3.5)},
        "created_at": "2026-11-21T12:00:00+00:00",
        "data_versions": {"validated_data": "3"},
    }
    return ExperimentResult(**{**facts, **more})


def test_it_can_be_stored() -> None:
    """It comes back from its parts as it was, tables and facts."""
    folds = pd.DataFrame({"fold": [1, 2], "train_rows": [9, 9], "judged_hash": ["a", "b"], "log_loss": [0.5, 0.6]})
    found = make_result("a", folds=folds)
    assert isinstance(found, Storable)
    again = ExperimentResult.from_parts(found.to_parts())
    assert again.to_dict() == found.to_dict()
    pd.testing.assert_frame_equal(again.predictions, found.predictions)
    assert again.hypothesis == found.hypothesis
    assert again.kind is Kind.BINARY


def test_it_is_shown() -> None:
    """The hypothesis, the changes and the costs are in the table; the predictions are not in the JSON."""
    found = make_result("a")
    assert "Hypothesis: Less noise is better." in found.markdown()
    assert '"family": "linear"' in found.markdown()
    assert "| latency p95, ms | 0.2 |" in found.markdown()
    assert "predictions" not in json.loads(json.dumps(found.to_dict(), allow_nan=False))


def test_the_tuned_model_has_no_hypothesis() -> None:
    """It is what others are compared with."""
    found = make_result("tuned_model", config={})
    assert found.hypothesis is None
    assert found.reference is None
    assert "Hypothesis" not in found.markdown()


def test_experiments_meet_on_the_rows_they_share() -> None:
    """By the ids of the rows, in whatever order they come; the others are counted."""
    a, b = make_result("a"), make_result("b")
    fewer = make_result("b", predictions=b.predictions.iloc[50:].sample(frac=1, random_state=0))
    shared = share_rows({"a": a, "b": fewer})
    assert len(shared.y) == 350
    assert shared.left_out == 50
    np.testing.assert_array_equal(shared.predictions["b"], b.predictions["p_0"].to_numpy()[50:])


def test_experiments_on_other_truths_are_refused() -> None:
    """Targets that have changed, or no common row: training again is the only way."""
    a = make_result("a")
    other = make_result("b", predictions=a.predictions.assign(y=1 - a.predictions["y"]))
    apart = make_result("b", predictions=a.predictions.assign(_row_id=a.predictions["_row_id"] + 1_000))
    for result in (other, apart):
        with pytest.raises(DataError, match="cannot be compared"):
            share_rows({"a": a, "b": result})


def test_probabilities_of_classes_stay_a_matrix() -> None:
    """With k columns the predictions are of shape (n, k), in their order."""
    table = pd.DataFrame({"_row_id": [1, 2], "y": [0, 1], **{f"p_{k}": [k / 66, 1 - k / 66] for k in range(12)}})
    shared = share_rows({"a": make_result("a", predictions=table)})
    assert shared.predictions["a"].shape == (2, 12)
    assert shared.predictions["a"][0, 11] == 11 / 66

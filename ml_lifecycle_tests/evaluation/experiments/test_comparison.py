"""Experiments stand side by side on the rows they share, each with its hypothesis."""

import json

import pytest

from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.experiments.comparison import ExperimentComparison, compare_experiments
from ml_lifecycle.parts import Storable
from ml_lifecycle_tests.evaluation.experiments.test_result import make_result

CONFIG = EvaluationConfig(bootstrap=100)
RESULTS = {
    "tuned_model": make_result("tuned_model", 0.3, config={}),
    "clear": make_result("clear"),
    "noisy": make_result("noisy", 0.6),
}


def test_experiments_are_ranked_and_judged() -> None:
    """A table with costs, and a verdict for each that has a hypothesis."""
    found = compare_experiments(RESULTS, "tuned_model", config=CONFIG)
    assert found.candidates.table["name"].tolist() == ["clear", "tuned_model", "noisy"]
    assert found.candidates.of("clear")["better"]
    assert found.candidates.of("noisy")["size_bytes"] == 1_000
    assert {verdict.experiment: verdict.outcome for verdict in found.hypotheses} == {
        "clear": "holds",
        "noisy": "does not hold",
    }
    assert "**clear** (against tuned_model)" in found.markdown()


def test_a_hypothesis_is_judged_against_its_own_reference() -> None:
    """Also where the table has another one."""
    stated = {"hypothesis": {"statement": "s"}, "reference": "noisy"}
    results = {**RESULTS, "clear": make_result("clear", config=stated)}
    found = compare_experiments(results, "tuned_model", config=CONFIG)
    assert [verdict.reference for verdict in found.hypotheses] == ["noisy", "tuned_model"]


def test_an_unknown_reference_is_refused() -> None:
    """The message names what there is."""
    with pytest.raises(ConfigError, match="no experiment 'other'"):
        compare_experiments(RESULTS, "other", config=CONFIG)


def test_it_can_be_stored_and_sent() -> None:
    """It comes back from its parts, and is plain JSON."""
    found = compare_experiments(RESULTS, "tuned_model", config=CONFIG)
    assert isinstance(found, Storable)
    assert ExperimentComparison.from_parts(found.to_parts()).to_dict() == found.to_dict()
    json.dumps(found.to_dict(), allow_nan=False)

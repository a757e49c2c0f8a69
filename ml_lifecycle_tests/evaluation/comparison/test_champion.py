"""The comparison promotes what is better beyond chance, and nothing else."""

import json

import numpy as np
import pytest

from ml_lifecycle.config.evaluation import ComparisonConfig, EvaluationConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.comparison.champion import Comparison, compare, judge_beats_champion
from ml_lifecycle.evaluation.comparison.footprint import Footprint
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle.parts import Parts, Storable
from ml_lifecycle_tests.evaluation.problems import Problem, binary, queries

CONFIG = EvaluationConfig(bootstrap=200)
AUC = METRICS["roc_auc"]


def test_the_first_model_is_let_pass() -> None:
    """Without a champion there is nothing to beat."""
    data = binary(100)
    found = compare(data.y, data.p, None, metric=AUC, config=CONFIG)
    verdict = judge_beats_champion(found)
    assert found.decision == "first"
    assert verdict.passed
    assert "no champion" in verdict.summary


def test_a_better_candidate_is_promoted() -> None:
    """A real gain is promoted, with the bound that decided in the summary."""
    data = binary(500)
    champion = np.random.default_rng(3).permutation(data.p)
    found = compare(data.y, data.p, champion, metric=AUC, config=CONFIG, champion="7")
    verdict = judge_beats_champion(found)
    assert found.decision == "promote"
    assert verdict.passed
    assert f"at least {found.low:.3g} with 95% confidence" in verdict.summary
    assert verdict.facts["champion"] == "7"


def test_a_gain_within_the_margin_keeps_the_champion() -> None:
    """What is better, but not by the margin, is not promoted."""
    data = binary(500)
    champion = np.random.default_rng(3).permutation(data.p)
    config = EvaluationConfig(bootstrap=200, comparison=ComparisonConfig(margin=0.9))
    found = compare(data.y, data.p, champion, metric=AUC, config=config)
    assert found.decision == "keep"
    assert "more than the margin 0.9" in found.summary


def test_a_worse_candidate_is_named_so() -> None:
    """Being surely worse is one of the reasons."""
    data = binary(500)
    candidate = np.random.default_rng(3).permutation(data.p)
    verdict = judge_beats_champion(compare(data.y, candidate, data.p, metric=AUC, config=CONFIG))
    assert verdict.blocks
    assert "worse with 95% confidence" in verdict.summary
    assert verdict.advice


def test_what_cannot_be_compared_keeps_the_champion() -> None:
    """On rows of one class there is no evidence."""
    found = compare(np.zeros(9), np.linspace(0, 1, 9), np.zeros(9), metric=AUC, config=CONFIG, champion="1")
    assert found.decision == "keep"
    assert "cannot be compared" in found.summary
    json.dumps(dict(judge_beats_champion(found).facts), allow_nan=False)


def test_equal_candidates_are_promoted_at_most_alpha_of_the_time() -> None:
    """300 candidates that are exactly as good as the champion: about 5 % are promoted (8 %: plus 2.4 errors)."""
    promoted = 0
    for seed in range(300):
        data, rng = binary(150, seed=seed), np.random.default_rng([seed, 1])
        a, b = (np.clip(data.p + rng.normal(0, 0.15, 150), 0.01, 0.99) for _ in range(2))
        found = compare(data.y, a, b, metric=METRICS["log_loss"], config=CONFIG, champion="1", seed=seed)
        promoted += found.decision == "promote"
    assert promoted <= 0.08 * 300


def test_clearly_better_candidates_are_promoted() -> None:
    """Of 60 candidates that are better by several standard errors at least 80 % are promoted."""
    promoted = 0
    for seed in range(60):
        data, rng = binary(300, seed=seed), np.random.default_rng([seed, 1])
        worse = np.clip(data.p + rng.normal(0, 0.3, 300), 0.01, 0.99)
        found = compare(data.y, data.p, worse, metric=METRICS["log_loss"], config=CONFIG, champion="1", seed=seed)
        promoted += found.decision == "promote"
    assert promoted >= 0.8 * 60


def test_ranking_takes_groups_as_queries() -> None:
    """For ranking the groups are the queries."""
    grades, scores, query = queries()
    found = compare(grades, grades, scores, metric=METRICS["ndcg@5"], config=CONFIG, champion="1", groups=query)
    assert found.decision == "promote"


@pytest.mark.parametrize("champion", [True, False])
def test_a_comparison_can_be_stored(champion: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """It comes back from its parts as it was, and has a table for the UI."""
    data = binary(80)
    found = compare(data.y, data.p, 1 - data.p if champion else None, metric=AUC, config=CONFIG, champion="2")
    assert isinstance(found, Storable)
    assert Comparison.from_parts(found.to_parts()) == found
    assert "| candidate's roc_auc |" in found.markdown()


def _blurred(data: Problem, seed: int = 3) -> np.ndarray:
    return np.clip(data.p + np.random.default_rng(seed).normal(0, 0.2, len(data.p)), 0.01, 0.99)


def test_all_tests_that_apply_are_reported() -> None:
    """Two classes: the bootstrap decides, DeLong and McNemar are told beside it."""
    data = binary(400)
    found = compare(data.y, data.p, _blurred(data), metric=METRICS["log_loss"], config=CONFIG)
    assert [(test.test, test.metric, test.decides) for test in found.tests] == [
        ("bootstrap", "log_loss", True),
        ("delong", "roc_auc", False),
        ("mcnemar", "accuracy", False),
    ]
    assert "| delong | roc_auc |" in found.markdown()


@pytest.mark.parametrize(("test", "metric"), [("delong", "roc_auc"), ("mcnemar", "accuracy")])
def test_another_test_may_decide(test: str, metric: str) -> None:
    """The decision and its figures are those of the test that the YAML names."""
    data = binary(400)
    config = EvaluationConfig.model_validate({"bootstrap": 100, "comparison": {"test": test}})
    found = compare(data.y, data.p, 1 - data.p, metric=METRICS[metric], config=config)
    assert found.decision == "promote"
    assert found.tests[0].test == test
    assert found.low == found.tests[0].low


@pytest.mark.parametrize(("test", "metric"), [("delong", "log_loss"), ("mcnemar", "roc_auc")])
def test_a_test_of_another_metric_is_refused(test: str, metric: str) -> None:
    """A test decides only about its own metric."""
    data = binary(50)
    config = EvaluationConfig.model_validate({"comparison": {"test": test}})
    with pytest.raises(ConfigError, match="cannot decide here"):
        compare(data.y, data.p, None, metric=METRICS[metric], config=config)


def test_a_better_candidate_that_is_too_slow_is_kept_back() -> None:
    """The gain is sure, the price too high: keep the champion, and work on the candidate."""
    data = binary(400)
    config = EvaluationConfig.model_validate({"bootstrap": 100, "comparison": {"max_latency_ratio": 2}})
    found = compare(
        data.y,
        data.p,
        1 - data.p,
        metric=AUC,
        config=config,
        footprint=Footprint(1.0, 5.0, 10),
        champion_footprint=Footprint(1.0, 2.0, 10),
    )
    assert found.recommendation is not None
    assert (found.decision, found.recommendation.action) == ("keep", "iterate")
    assert "slower" in judge_beats_champion(found).summary
    assert "| latency_p95_ms | 5 | 2 |" in found.markdown()
    assert Comparison.from_parts(found.to_parts()) == found


def test_a_recommendation_is_written_down() -> None:
    """A worse candidate is to be given up, in the table and in the facts."""
    data = binary(400)
    found = compare(data.y, 1 - data.p, data.p, metric=AUC, config=CONFIG)
    assert "Recommendation: **abandon**" in found.markdown()
    facts = judge_beats_champion(found).facts
    assert json.loads(json.dumps(dict(facts)))["recommendation"]["action"] == "abandon"


def test_a_comparison_of_an_earlier_version_can_be_read() -> None:
    """What was stored before there were recommendations still opens."""
    data = binary(50)
    parts = compare(data.y, data.p, 1 - data.p, metric=AUC, config=CONFIG).to_parts()
    state = json.loads(parts.files["comparison.json"])
    for name in ("tests", "recommendation", "footprint", "champion_footprint"):
        state.pop(name)
    found = Comparison.from_parts(Parts(files={"comparison.json": json.dumps(state).encode()}))
    assert found.recommendation is None
    assert found.markdown()

"""The plan says what the YAML and the study say."""

from __future__ import annotations

from typing import Any

import pytest

from ml_lifecycle.discovery.feasibility.study import FeasibilityStudy
from ml_lifecycle.discovery.plan.architecture import Edge, Node
from ml_lifecycle.discovery.plan.checkpoints import MILESTONES
from ml_lifecycle.discovery.plan.plan import ProjectPlan, judge_plan_complete, write_plan
from ml_lifecycle.discovery.plan.sizes import plan_resources, plan_sizes
from ml_lifecycle_tests.discovery.feasibility.worlds import project, study, world

EVIDENCE: dict[str, Any] = {
    "gain": {"value": 0.2},
    "pair_error": 0.01,
    "estimate": {"error": 0.01},
    "judged": 1_000,
    "seconds": 2.0,
    "rows": 3_000,
    "looked_at": 1_000,
    "memory_mib": 300.0,
}
GATES = {"problem_brief": ["success_criteria_defined"], "evaluation": ["fair"], "labeled_data": ["label_coverage"]}


@pytest.fixture(scope="module")
def found() -> FeasibilityStudy:
    """A small study."""
    return study(world(rows=400), project(criteria={"roc_auc": ">= 0.8"}))


def _plan(found: FeasibilityStudy, test_rows: int = 100_000) -> ProjectPlan:
    nodes = [Node("problem_brief", "discovery"), Node("evaluation", "evaluation")]
    config = project(criteria={"roc_auc": ">= 0.8", "f1": ">= 0.5"})
    edges = [Edge("problem_brief", "evaluation")]
    return write_plan(config, found, test_rows=test_rows, nodes=nodes, edges=edges, gates=GATES)


def test_rows_fall_with_the_square_of_the_gain() -> None:
    """A margin of twice the size asks for a quarter; an arm of its own asks for twice the rows of equal error."""
    small, large = (plan_sizes({**EVIDENCE, "gain": {"value": gain}}, project()) for gain in (0.2, 0.4))
    assert small.gain == pytest.approx(0.01)
    assert small.paired is not None
    assert large.paired == pytest.approx(small.paired / 4, rel=0.01)
    assert small.per_arm == pytest.approx(2 * small.paired, rel=0.01)


def test_without_a_gain_no_rows_can_be_planned() -> None:
    """None, and no number that would be believed."""
    assert plan_sizes({**EVIDENCE, "gain": {"value": -0.1}}, project()).paired is None


def test_resources_are_brought_up_to_all_rows_and_trials() -> None:
    """Three times the rows, thirty trials; the seconds of the YAML are the limit."""
    config = project()
    needed = plan_resources(EVIDENCE, config)
    assert (needed.fit_seconds, needed.trials) == (6.0, config.modeling.search.trials)
    assert needed.search_seconds == min(6.0 * needed.trials, config.modeling.search.seconds)


def test_the_five_checkpoints_name_the_gates_of_the_project(found: FeasibilityStudy) -> None:
    """Gates of assets that the project does not have are left out."""
    milestones = _plan(found).facts["milestones"]
    assert list(milestones) == [item.name for item in MILESTONES]
    assert len(milestones) == 5
    assert milestones["feasibility approved"] == ["problem_brief: success_criteria_defined"]
    assert milestones["data ready"] == []


def test_the_text_holds_what_a_team_signs(found: FeasibilityStudy) -> None:
    """Metrics, validation, test, rows, monitoring, checkpoints."""
    text = _plan(found).markdown
    for part in ("`roc_auc`", "f1", "at random", "bootstrap", "A/B test", "drift", "Staging validated", ".svg"):
        assert part in text, part


def test_the_gate_names_what_is_left_open(found: FeasibilityStudy) -> None:
    """Owner, outcomes, and a test split that is too small."""
    verdict = judge_plan_complete(_plan(found, test_rows=5))
    assert (verdict.passed, verdict.blocks) == (False, False)
    for part in ("owns", "5 test rows are too few", "outcomes"):
        assert part in verdict.summary


def test_the_plan_can_be_stored(found: FeasibilityStudy) -> None:
    """Text, facts and picture come back as they were."""
    plan = _plan(found)
    assert ProjectPlan.from_parts(plan.to_parts()) == plan

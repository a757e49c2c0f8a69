"""Classes too rare to be learnt are told, and stop nothing."""

from __future__ import annotations

import pandas as pd

from ml_lifecycle.config.risks import AcceptedFinding, RisksConfig
from ml_lifecycle.discovery.risks.finding import Finding, RiskKind
from ml_lifecycle.discovery.risks.gates import judge_classes, judge_lookahead, judge_target_leakage
from ml_lifecycle.discovery.risks.table import read_table
from ml_lifecycle.verdict import Severity
from ml_lifecycle_tests.discovery.risks.tables import people, prices, project, read


def test_a_rare_class_is_named() -> None:
    """Three rows cannot be in three splits and be learnt."""
    frame = people()
    frame.loc[:2, "y"] = "perhaps"
    verdict = judge_classes(read(frame), project().dataset)
    assert not verdict.passed
    assert verdict.severity is Severity.WARN
    assert "class perhaps has 3 rows" in verdict.summary


def test_a_split_of_one_class_is_named() -> None:
    """A time split may put all of one class into the test."""
    frame = people(300).assign(_row_id=range(300))
    frame["y"] = ["yes", "no"] * 100 + ["no"] * 100
    assignment = pd.DataFrame({"_row_id": range(300), "_split": ["train"] * 150 + ["validation"] * 50 + ["test"] * 100})
    verdict = judge_classes(read_table(frame, project(), assignment=assignment), project().dataset)
    assert "test holds 1 class (no)" in verdict.summary


def test_amounts_must_vary() -> None:
    """One value teaches nothing."""
    config = project("regression").dataset
    assert judge_classes(read(prices(), "regression"), config).passed
    assert not judge_classes(read(prices().assign(y=1.0), "regression"), config).passed


def test_each_gate_takes_its_own_findings() -> None:
    """A look ahead fails its own gate and leaves the other alone."""
    ahead = Finding(RiskKind.LOOKAHEAD, ("later",), 95, "It is late.")
    assert judge_target_leakage([ahead], RisksConfig()).passed
    assert judge_lookahead([ahead], RisksConfig()).blocks


def test_what_blocks_is_reported() -> None:
    """A finding above block_from stops the run, although report_from is higher."""
    found = Finding(RiskKind.TARGET_LEAK, ("score",), 93, "It says too much.")
    verdict = judge_target_leakage([found], RisksConfig(report_from=95, block_from=80))
    assert verdict.blocks
    assert verdict.facts["blocking"] == ["target_leak:score"]


def test_an_accepted_name_that_nothing_has_is_told() -> None:
    """A slip of the pen is told by the gate that the name belongs to, and fails nothing."""
    accepted = (
        AcceptedFinding(finding="target_leak:scroe", reason="a slip"),
        AcceptedFinding(finding="lookahead:late", reason="gone"),
    )
    config = RisksConfig(accepted=accepted)
    verdict = judge_target_leakage([], config)
    assert verdict.passed
    assert verdict.facts["accepted_but_not_found"] == ["target_leak:scroe"]
    assert "target_leak:scroe" in verdict.summary
    assert judge_lookahead([], config).facts["accepted_but_not_found"] == ["lookahead:late"]

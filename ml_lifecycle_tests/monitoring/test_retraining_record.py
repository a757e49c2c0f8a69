"""Tests of `ml_lifecycle.monitoring.retraining_record`."""

from dataclasses import replace

from ml_lifecycle.monitoring.retraining import Check, Decision
from ml_lifecycle.monitoring.retraining_record import DecisionRecord, judge_decision
from ml_lifecycle.verdict import Severity

_CHECKS = (Check("enabled", passed=True, detail="on"), Check("cooldown", passed=False, detail="3 windows | 7"))
_WAITS = Decision(retrain=False, reason="cooldown", checks=_CHECKS)


def test_a_decision_comes_back_as_it_was_kept() -> None:
    """Also one that names a run, a trigger and a priority."""
    started = replace(_WAITS, retrain=True, trigger="drift", run_key="p:1:w:1", finding="1:w", action="retrain")
    for decision in (_WAITS, started):
        assert DecisionRecord.from_parts(DecisionRecord(decision).to_parts()).decision == decision


def test_every_condition_is_shown_with_its_answer() -> None:
    """The one that stood in the way stands out."""
    text = DecisionRecord(_WAITS).markdown()
    assert "**wait**: cooldown" in text
    assert "| cooldown | **no** | 3 windows / 7 |" in text


def test_only_what_people_should_look_at_warns() -> None:
    """Waiting and retraining need nobody."""
    warned = judge_decision(Decision(retrain=False, reason="drift alone", action="warn"))
    assert not warned.passed
    assert warned.severity is Severity.WARN
    assert judge_decision(_WAITS).passed

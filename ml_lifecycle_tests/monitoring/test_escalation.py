"""Tests of `ml_lifecycle.monitoring.escalation`: what is done about which error."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.config.alerts import AlertKind, AlertSeverity, EscalationConfig
from ml_lifecycle.monitoring.escalation import Action, Failure, classify

CONFIG = EscalationConfig()
CRASH = Failure("retrain", "tuned_model", ("DagsterExecutionStepExecutionError", "RuntimeError"), "boom")


def test_a_training_that_crashed_is_started_again_and_then_told() -> None:
    """Once by default, quietly; the second crash is an error."""
    first, second = classify(CRASH, CONFIG), classify(replace(CRASH, attempts=1), CONFIG)
    assert (first.action, first.severity) == (Action.RETRY, AlertSeverity.INFO)
    assert (second.action, second.severity) == (Action.TELL, AlertSeverity.ERROR)
    assert "2 attempts have failed" in second.why


@pytest.mark.parametrize("known", [{"attended": True}, {"retried_elsewhere": True}, {"verb": "monitor"}])
def test_a_crash_is_left_to_whoever_cares_for_it(known: dict[str, object]) -> None:
    """A person at a terminal, the policy of retraining; and a window that crashed is told at once."""
    assert classify(replace(CRASH, **known), CONFIG).action is Action.TELL  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "failure",
    [
        replace(CRASH, errors=("DagsterExecutionStepExecutionError", "MemoryError")),
        replace(CRASH, message="[Errno 28] No space left on device"),
        replace(CRASH, errors=("StateError",), message="OperationalError: database is locked"),
        replace(CRASH, errors=("BusyError",), verb="monitor"),
    ],
)
def test_a_run_that_lacked_resources_waits_in_the_queue(failure: Failure) -> None:
    """Longer each time, and people are told at last."""
    waits = [classify(replace(failure, attempts=number), CONFIG) for number in range(4)]
    assert [item.action for item in waits] == [Action.QUEUE] * 3 + [Action.TELL]
    assert [item.delay.total_seconds() for item in waits[:3]] == [600, 1200, 2400]
    assert waits[3].severity is AlertSeverity.ERROR


@pytest.mark.parametrize(
    ("gate", "kind"),
    [
        ("validated_data.quarantine_share", AlertKind.QUARANTINE),
        ("batch_predictions.inputs_valid", AlertKind.QUARANTINE),
        ("raw_data.not_empty", AlertKind.DATA_QUALITY),
        ("model_comparison.beats_champion", AlertKind.FAILED_GATE),
    ],
)
def test_a_gate_is_never_asked_again(gate: str, kind: AlertKind) -> None:
    """Its answer is told by what it is about."""
    found = classify(replace(CRASH, gates=(gate,)), CONFIG)
    assert (found.kind, found.action) == (kind, Action.TELL)


@pytest.mark.parametrize("error", ["DataError", "ConfigError", "ModelError"])
def test_bad_input_is_told_and_not_tried_again(error: str) -> None:
    """It would fail again."""
    assert classify(replace(CRASH, errors=("Failure", error)), CONFIG).action is Action.TELL


def test_a_deployment_that_broke_is_rolled_back_only_after_the_version_rose() -> None:
    """Before, the version in production has not changed; the YAML may leave it to people."""
    broken = Failure("retrain", "deployed_model", ("GateError",))
    assert classify(broken, CONFIG).action is Action.TELL
    risen = replace(broken, in_production=True)
    assert classify(risen, CONFIG).action is Action.ROLL_BACK
    assert classify(risen, EscalationConfig(roll_back=False)).action is Action.TELL


@given(
    st.builds(
        Failure,
        verb=st.sampled_from(["lifecycle", "retrain", "monitor", "rollout"]),
        step=st.sampled_from(["", "tuned_model", "deployed_model"]),
        errors=st.lists(st.sampled_from(["MemoryError", "DataError", "RuntimeError"])).map(tuple),
        message=st.text(max_size=5),
        gates=st.lists(st.sampled_from(["raw_data.not_empty", "evaluation.fair"])).map(tuple),
        attempts=st.integers(min_value=3, max_value=100),
        in_production=st.booleans(),
    )
)
def test_nothing_is_tried_for_ever(failure: Failure) -> None:
    """After as many attempts as the YAML allows, whatever the error, no run is started again."""
    assert classify(failure, CONFIG).action in {Action.TELL, Action.ROLL_BACK}

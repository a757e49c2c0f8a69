"""What is tried by itself when a run breaks, before or while people are told: a pure decision from what is on record.

The facts are read by `orchestration/failed_runs`, and acted upon by `orchestration/recovery`. Four kinds of error:
a training that crashed goes on from its checkpoints, what lacked memory, space or a lock waits in the queue, bad data
are set aside and told, and a version that cannot answer after it went into production is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from ml_lifecycle.config.alerts import AlertKind, AlertSeverity, EscalationConfig

#: What is fitted from checkpoints: the verbs whose crashed runs may be started again.
TRAININGS: Final = frozenset({"lifecycle", "retrain"})
#: Assets that put a version into production, and those that come after.
DEPLOYMENT: Final = frozenset({"deployed_model", "model_card"})

_QUARANTINE_GATES: Final = frozenset({"quarantine_share", "inputs_valid"})
_DATA_ASSETS: Final = frozenset(
    {"raw_data", "validated_data", "labeled_data", "prediction_window", "batch_predictions", "data_quality"}
)
_RESOURCE_ERRORS: Final = frozenset(
    {"MemoryError", "BusyError", "Timeout", "TimeoutError", "BlockingIOError", "BrokenProcessPool", "_ArrayMemoryError"}
)
_RESOURCE_WORDS: Final = (
    "no space left",
    "disk is full",
    "disk full",
    "disk quota exceeded",
    "cannot allocate memory",
    "out of memory",
    "unable to allocate",
    "bad_alloc",
    "too many open files",
    "database is locked",
    "lock timeout",
    "could not obtain lock",
    "deadlock detected",
    "too many connections",
)
#: Errors of the data or of the YAML: to start again would fail again.
_DATA_ERRORS: Final = frozenset({"DataError", "TargetError"})
_USER_ERRORS: Final = _DATA_ERRORS | {"ConfigError", "ModelError", "PackageError", "StateError", "GateError"}


class Action(StrEnum):
    """What is done by itself."""

    TELL = "tell"
    RETRY = "retry"
    QUEUE = "queue"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True, slots=True)
class Failure:
    """What is on record of a run that failed.

    Args:
        verb: Its job, such as `retrain`.
        step: The asset whose step failed; empty where the run died without one.
        errors: Names of the exceptions' classes, the outermost first.
        message: What was said.
        gates: The blocking gates that failed, as `<asset>.<check>`.
        attempts: How often the run was started again before.
        retried_elsewhere: Whether somebody else starts it again, as the policy of retraining does.
        attended: Whether a person waits for it at a terminal, and decides.
        in_production: Whether the run has put a version into production.
    """

    verb: str
    step: str = ""
    errors: tuple[str, ...] = ()
    message: str = ""
    gates: tuple[str, ...] = ()
    attempts: int = 0
    retried_elsewhere: bool = False
    attended: bool = False
    in_production: bool = False


@dataclass(frozen=True, slots=True)
class Escalation:
    """What is done about a failure.

    Args:
        kind: What the alert is about.
        action: What is done by itself.
        severity: Of the alert.
        why: In words, for the alert.
        delay: How long to wait before it.
    """

    kind: AlertKind
    action: Action
    severity: AlertSeverity
    why: str = ""
    delay: timedelta = timedelta(0)


def classify(failure: Failure, config: EscalationConfig) -> Escalation:
    """Say what a failure is about and what is done by itself.

    Args:
        failure: What is on record.
        config: How often what is tried.

    >>> classify(Failure("retrain", "tuned_model", ("RuntimeError",)), EscalationConfig()).action.value
    'retry'
    >>> classify(Failure("retrain", gates=("validated_data.quarantine_share",)), EscalationConfig()).kind.value
    'quarantine'
    """
    if failure.step in DEPLOYMENT or any(gate.partition(".")[0] in DEPLOYMENT for gate in failure.gates):
        return _of_deployment(failure, config)
    if failure.gates:
        return _of_gates(failure)
    if lacks_resources(failure):
        return _of_resources(failure, config)
    if _DATA_ERRORS & set(failure.errors):
        why = "rows that cannot be used are set aside; to start again would not mend the data"
        return Escalation(AlertKind.DATA_QUALITY, Action.TELL, AlertSeverity.ERROR, why)
    if _USER_ERRORS & set(failure.errors):
        return Escalation(AlertKind.FAILED_RUN, Action.TELL, AlertSeverity.ERROR, "it would fail again")
    return _of_crash(failure, config)


def lacks_resources(failure: Failure) -> bool:
    """Whether a run failed for want of memory, disk space or a lock, which may pass."""
    said = failure.message.lower()
    return bool(_RESOURCE_ERRORS & set(failure.errors)) or any(word in said for word in _RESOURCE_WORDS)


def _of_deployment(failure: Failure, config: EscalationConfig) -> Escalation:
    if not failure.in_production:
        why = "the version in production has not changed"
        return Escalation(AlertKind.FAILED_RUN, Action.TELL, AlertSeverity.ERROR, why)
    if not config.roll_back:
        why = "the new version is in production; monitoring.alerts.escalation.roll_back is off"
        return Escalation(AlertKind.FAILED_RUN, Action.TELL, AlertSeverity.CRITICAL, why)
    why = "the run broke after the new version went into production"
    return Escalation(AlertKind.ROLLBACK, Action.ROLL_BACK, AlertSeverity.CRITICAL, why)


def _of_gates(failure: Failure) -> Escalation:
    """A gate's answer is no accident: it is told, and never asked again of the same data."""
    checks = {gate.partition(".")[2] for gate in failure.gates}
    assets = {gate.partition(".")[0] for gate in failure.gates}
    if _QUARANTINE_GATES & checks:
        why = "the rows are set aside, see `ml-lifecycle data quarantine list`; the model stays as it is"
        return Escalation(AlertKind.QUARANTINE, Action.TELL, AlertSeverity.ERROR, why)
    if _DATA_ASSETS & assets:
        return Escalation(AlertKind.DATA_QUALITY, Action.TELL, AlertSeverity.ERROR, "nothing was made from these data")
    return Escalation(AlertKind.FAILED_GATE, Action.TELL, AlertSeverity.ERROR)


def _of_resources(failure: Failure, config: EscalationConfig) -> Escalation:
    if failure.attended or failure.retried_elsewhere or failure.attempts >= config.resource_retries:
        why = _tried(failure)
        return Escalation(AlertKind.FAILED_RUN, Action.TELL, AlertSeverity.ERROR, f"resources are lacking{why}")
    delay = timedelta(minutes=config.resource_delay_minutes * 2**failure.attempts)
    why = f"resources are lacking: it is queued again in {delay.total_seconds() / 60:.0f} minutes, behind other runs"
    return Escalation(AlertKind.FAILED_RUN, Action.QUEUE, AlertSeverity.WARN, why, delay)


def _of_crash(failure: Failure, config: EscalationConfig) -> Escalation:
    again = failure.verb in TRAININGS and not failure.attended and failure.attempts < config.training_retries
    if failure.retried_elsewhere:
        why = "the policy of retraining starts it again, from its checkpoints"
        return Escalation(AlertKind.FAILED_RUN, Action.TELL, AlertSeverity.WARN, why)
    if again:
        why = "it is started again and goes on from its checkpoints"
        return Escalation(AlertKind.FAILED_RUN, Action.RETRY, AlertSeverity.INFO, why)
    return Escalation(AlertKind.FAILED_RUN, Action.TELL, AlertSeverity.ERROR, _tried(failure).removeprefix(", "))


def _tried(failure: Failure) -> str:
    return f", and {failure.attempts + 1} attempts have failed" if failure.attempts else ""

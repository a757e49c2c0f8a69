"""What is worth an alert in the ledger: versions that were taken back, by whomever."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ml_lifecycle.config.alerts import AlertKind, AlertSeverity
from ml_lifecycle.config.project import ProjectConfig

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.alerts import Alert
    from ml_lifecycle.release.ledger import Entry

_REASONS = ("why", "reason")


def rollback_key(version: str) -> str:
    """The key of the alert about a version that was taken back: it is told once, whoever finds it."""
    return f"{AlertKind.ROLLBACK.value}:version {version}"


def alerts_of_rollbacks(project: ProjectConfig, history: Sequence["Entry"], *, since: datetime) -> list["Alert"]:
    """Alerts about the versions that were taken back.

    Args:
        project: The project.
        history: The ledger's lines, the oldest first.
        since: Lines from before this time, naive UTC, are news to nobody.
    """
    from ml_lifecycle.release.ledger import State

    taken = [item for item in history if item.state is State.ROLLED_BACK and item.at > since]
    return [_alert(project, item) for item in taken]


def rollback_is_over(history: Sequence["Entry"], key: str) -> bool:
    """Whether a new version has gone into production since one was taken back."""
    from ml_lifecycle.release.ledger import State

    taken = [place for place, item in enumerate(history) if rollback_key(item.version) == key]
    back = [place for place in taken if history[place].state is State.ROLLED_BACK]
    later = history[back[-1] + 1 :] if back else []
    return any(item.state is State.CHAMPION and "rolled_back_from" not in item.evidence for item in later)


def _alert(project: ProjectConfig, entry: "Entry") -> "Alert":
    from ml_lifecycle.monitoring.alerts import Alert

    why = next((str(entry.evidence[name]) for name in _REASONS if entry.evidence.get(name)), "no reason is on record")
    replaced = entry.evidence.get("replaced_by")
    now = f"Version {replaced} is in production again." if replaced else "The version in production has not changed."
    return Alert(
        title=f"{project.name}: a new version was rolled back",
        body=f"Version {entry.version} was taken back by {entry.by}: {why}. {now}",
        severity=AlertSeverity.ERROR.value,
        project=project.name,
        run_id="",
        what_to_do=f"see `ml-lifecycle releases {project.name}`, and find out why before the next version",
        kind=AlertKind.ROLLBACK.value,
        key=rollback_key(entry.version),
    )

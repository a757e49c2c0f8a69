"""`Channel`: one place that alerts are sent to, whatever it is. Which there are is said in `delivery`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ml_lifecycle.config.alerts import AlertSeverity

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.alerts.message import Alert


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of sending once.

    Args:
        problem: What went wrong; empty if nothing did.
        final: Whether trying again at once is useless.
        place: What may be told of where it went: a host or a scheme.
    """

    problem: str = ""
    final: bool = False
    place: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    """One place that alerts are sent to.

    Args:
        name: What it is called in the history of alerts.
        send: Sends an alert once; a `LifecycleError` says that the YAML or the environment is wrong.
        min_severity: The mildest that it is sent.
        kinds: What it is told of; everything if empty.
    """

    name: str
    send: Callable[[Alert], Answer]
    min_severity: AlertSeverity = AlertSeverity.INFO
    kinds: frozenset[str] = field(default_factory=frozenset)

    def wants(self, alert: Alert, known: frozenset[str]) -> bool:
        """Whether an alert is for it.

        Args:
            alert: The alert.
            known: The kinds that a channel may be limited to; others are for all.
        """
        fits = not self.kinds or alert.kind in self.kinds or alert.kind not in known
        return fits and alert.rank >= self.min_severity.rank

"""Telling people: what an alert is, where it goes, what has become of it.

What is worth an alert is collected by `orchestration/alert_findings`; what is tried by itself when a run breaks is
decided in `monitoring.escalation`.
"""

from ml_lifecycle.monitoring.alerts.delivery import Receipt, deliver, deliver_to_each
from ml_lifecycle.monitoring.alerts.message import Alert

__all__ = ["Alert", "Receipt", "deliver", "deliver_to_each"]

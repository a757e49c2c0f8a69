"""Many alerts in one message, for an hour in which there would be too many. When that is so is decided in `desk`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ml_lifecycle.monitoring.alerts.alert_tables import AlertRecord
from ml_lifecycle.monitoring.alerts.message import DIGEST, Alert

_LINES: Final = 50


def digest_of(project: str, records: Sequence[AlertRecord]) -> Alert:
    """One alert that names others, as severe as the worst of them.

    Args:
        project: The project.
        records: The others; at least one.
    """
    worst = max(records, key=lambda record: record.alert.rank).alert.severity
    lines = [f"{item.at:%H:%M} {item.alert.severity}: {item.alert.title}" for item in records[:_LINES]]
    more = [f"and {len(records) - _LINES} more"] if len(records) > _LINES else []
    return Alert(
        title=f"{project}: {len(records)} more alerts within the hour",
        body="\n".join(lines + more),
        severity=worst,
        project=project,
        run_id="",
        what_to_do=f"see `ml-lifecycle alerts {project}` for each of them",
        kind=DIGEST,
        key=f"{DIGEST}:{project}",
    )

"""How long it took from drift to its detection, and from the trigger of a retraining to its version in production.

From Dagster's records and the ledger; what is made of it lives in `monitoring.levels`.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.findings import FINDING_KEY
from ml_lifecycle.orchestration.naming import job_of
from ml_lifecycle.orchestration.partitions import stretch_of

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.operations import Delay
    from ml_lifecycle.release.ledger import Entry

_PAGE = 1_000


def detections_of(
    instance: dg.DagsterInstance, project: ProjectConfig, ledger: "Sequence[Entry]", since: datetime
) -> "list[Delay]":
    """For each row of windows with drift, the time from the end of its first one to the first judgement that said so.

    A window that ended before its model was in production could not have been judged sooner.
    """
    from ml_lifecycle.monitoring.operations import Delay

    judged = _judged(instance, project, since)
    champions = _risen(ledger)
    found = []
    before = False
    for window, (drifted_at, version) in sorted(judged.items()):
        if drifted_at is not None and not before:
            closed = stretch_of(project, window).end
            found.append(Delay(f"window {window}", max(closed, champions.get(version, closed)), drifted_at))
        before = drifted_at is not None
    return found


def _judged(
    instance: dg.DagsterInstance, project: ProjectConfig, since: datetime
) -> dict[str, tuple[datetime | None, str]]:
    """By window: when it was first said to have drifted (None: never), and the version that was judged."""
    found: dict[str, tuple[datetime | None, str]] = {}
    for record in materialized_since(instance, project, "drift_report", since):  # newest first: the oldest stays
        materialization = record.asset_materialization
        said = materialization.metadata.get(FINDING_KEY) if materialization else None
        if record.partition_key is None or not isinstance(said, dg.JsonMetadataValue):
            continue
        finding: Any = said.value
        at = moment_of(record.timestamp) if finding.get("drifted") else found.get(record.partition_key, (None,))[0]
        found[record.partition_key] = (at, str(finding.get("model_version", "")))
    return found


def _risen(ledger: "Sequence[Entry]") -> dict[str, datetime]:
    """When each version was first in production."""
    found: dict[str, datetime] = {}
    for entry in ledger:
        if entry.state.value == "champion":
            found.setdefault(entry.version, entry.at)
    return found


def deployments_of(
    instance: dg.DagsterInstance, project: ProjectConfig, ledger: "Sequence[Entry]", since: datetime
) -> "list[Delay]":
    """Retrainings whose version has gone into production since some moment, from when they were asked for."""
    from ml_lifecycle.monitoring.operations import Delay

    makers = {entry.version: entry.by.rpartition("run ")[2] for entry in ledger if entry.state.value == "candidate"}
    found = []
    for version, at in _risen(ledger).items():
        record = instance.get_run_record_by_id(makers[version]) if version in makers and at >= since else None
        if record is not None and record.dagster_run.job_name == job_of(project.name, "retrain"):
            found.append(Delay(f"version {version}", utc_of(record.create_timestamp), at))
    return found


def materialized_since(
    instance: dg.DagsterInstance, project: ProjectConfig, asset: str, since: datetime
) -> Iterator[dg.EventLogRecord]:
    """The materialisations of an asset since some moment, newest first."""
    after = since.replace(tzinfo=UTC).timestamp()
    query = dg.AssetRecordsFilter(asset_key=dg.AssetKey([project.name, asset]), after_timestamp=after)
    cursor = None
    while True:
        page = instance.fetch_materializations(query, limit=_PAGE, cursor=cursor)
        yield from page.records
        if not page.has_more:
            return
        cursor = page.cursor


def moment_of(stamp: float) -> datetime:
    """Seconds since 1970 as naive UTC."""
    return datetime.fromtimestamp(stamp, tz=UTC).replace(tzinfo=None)


def utc_of(moment: datetime) -> datetime:
    """A time as naive UTC; one without a zone is that already."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment

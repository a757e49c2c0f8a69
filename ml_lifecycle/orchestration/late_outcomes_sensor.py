"""`<p>_late_outcomes`: windows are judged again when outcomes have come that their last judgement has not seen.

Outcomes come in files, which are taken in here when they change, or by the server's feedback, which has put them into
the prediction log already. The log says when each was kept, Dagster when each window was judged; a window whose rows
have an outcome younger than its judgement is asked for again, together with its neighbours in as few runs as possible.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.judged_windows import judged_at, judged_windows
from ml_lifecycle.orchestration.naming import PROJECT_TAG, TRIGGER_TAG, job_of
from ml_lifecycle.orchestration.partitions import partition_tags, ranges_of, stretch_of
from ml_lifecycle.orchestration.project_runs import IN_PROGRESS
from ml_lifecycle.orchestration.resources import Workspace

LATE_OUTCOMES = "late_outcomes"
#: What is made again: all that outcomes say something about.
JUDGED_AGAIN = ("prediction_window", "drift_report", "performance_report")
_INTERVAL_SECONDS = 60
#: So many predictions with new outcomes are looked at; what is left is found by the next look.
_MOST_ROWS = 500_000
_NEVER = "1970-01-01T00:00:00"


def late_outcomes_sensor(project: ProjectConfig, job: UnresolvedAssetJobDefinition) -> dg.SensorDefinition:
    """The sensor of a project; it asks for windows only that were judged before."""

    @dg.sensor(
        name=job_of(project.name, LATE_OUTCOMES),
        job=job,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING
        if project.monitoring.late_windows
        else dg.DefaultSensorStatus.STOPPED,
        description="Judges windows again whose outcomes came after they were judged.",
    )
    def late_outcomes(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        known = json.loads(context.cursor) if context.cursor else {}
        if not judged_windows(context.instance, project):
            return dg.SensorResult(skip_reason=dg.SkipReason("no window has been judged yet"), cursor=context.cursor)
        files = take_in_files(project, str(known.get("files", "")))
        if _under_way(context.instance, project):
            cursor = json.dumps({**known, "files": files})
            return dg.SensorResult(skip_reason=dg.SkipReason("windows are being judged again already"), cursor=cursor)
        touched, newest, whole = touched_windows(context.instance, project, str(known.get("since", _NEVER)))
        since = newest if whole else known.get("since", _NEVER)
        cursor = json.dumps({"files": files, "since": since})
        requests = requests_for(project, touched, newest)
        if not requests:
            reason = dg.SkipReason("no outcome has come that a window has not seen")
            return dg.SensorResult(skip_reason=reason, cursor=cursor)
        return dg.SensorResult(run_requests=requests, cursor=cursor)

    return late_outcomes


def take_in_files(project: ProjectConfig, before: str) -> str:
    """Take in the outcomes of files, where these have changed since a look before; a mark of how they stand now.

    Raises:
        DataError: A file cannot be read.
        StateError: The log cannot be written.
    """
    from ml_lifecycle.dataset.pieces import pieces_of
    from ml_lifecycle.serving.outcomes import collect_outcomes

    wanted = project.monitoring.outcomes
    if wanted is None:
        return ""
    workspace = Workspace(project)
    pieces = pieces_of(wanted.source, root=project.root, home=workspace.home.path, optional=True)
    marks = sorted((piece.name, piece.mark() or "unknown") for piece in pieces)
    now = hashlib.sha256(json.dumps(marks).encode()).hexdigest()[:32]
    if now != before or any(mark == "unknown" for _, mark in marks):
        collect_outcomes(project, workspace.home.path, workspace.log)
    return now


def touched_windows(instance: dg.DagsterInstance, project: ProjectConfig, since: str) -> tuple[list[str], str, bool]:
    """Judged windows with outcomes that their judgement has not seen, oldest first.

    Args:
        instance: Where judgements are recorded.
        project: The project; `monitoring.late_windows` of them at most.
        since: Outcomes that were kept until this moment have been dealt with.

    Returns:
        The windows, when the newest outcome was kept, and whether there are no more of either.
    """
    late = Workspace(project).log.late_outcomes(project.name, datetime.fromisoformat(since), _MOST_ROWS)
    if not late:
        return [], since, True
    newest = max(written for _, written in late).isoformat()
    written = _by_window(project, late, judged_windows(instance, project))
    judged = judged_at(instance, project, sorted(written))
    touched = sorted(
        window for window, moment in written.items() if window in judged and judged[window] < _seconds(moment)
    )
    most = project.monitoring.late_windows
    return touched[:most], newest, len(touched) <= most and len(late) < _MOST_ROWS


def requests_for(project: ProjectConfig, windows: Iterable[str], newest: str) -> list[dg.RunRequest]:
    """One run for each unbroken row of windows; two looks at the same outcomes ask for the same run."""
    assets = [dg.AssetKey([project.name, name]) for name in JUDGED_AGAIN]
    tags = {PROJECT_TAG: project.name, TRIGGER_TAG: LATE_OUTCOMES}
    return [
        dg.RunRequest(
            run_key=f"{project.name}:{LATE_OUTCOMES}:{found[0]}:{found[-1]}:{newest}",
            asset_selection=assets,
            tags={**tags, **partition_tags(found)},
        )
        for found in ranges_of(project, windows)
    ]


def _by_window(
    project: ProjectConfig, late: Iterable[tuple[datetime, datetime]], judged: set[str]
) -> dict[str, datetime]:
    """The newest moment at which an outcome was kept, of each judged window that holds its row."""
    from ml_lifecycle.monitoring.windows import newest_inside

    stretches = [stretch_of(project, window) for window in sorted(judged)]
    spans = {stretch.partition: (stretch.window_start, stretch.end) for stretch in stretches}
    return newest_inside(spans, list(late))


def _under_way(instance: dg.DagsterInstance, project: ProjectConfig) -> bool:
    tags = {PROJECT_TAG: project.name, TRIGGER_TAG: LATE_OUTCOMES}
    filters = dg.RunsFilter(job_name=job_of(project.name, "monitor"), statuses=IN_PROGRESS, tags=tags)
    return bool(instance.get_runs(filters=filters, limit=1))


def _seconds(moment: datetime) -> float:
    return moment.replace(tzinfo=UTC).timestamp()

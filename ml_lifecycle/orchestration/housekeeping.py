"""Housekeeping of one project: looks what may go, and deletes it; never while a run of the project is under way.

What may go is decided in `monitoring.housekeeping`; how runs, files, MLflow's runs and the prediction log are deleted
lives in `run_cleaning`, `lake_cleaning`, `release.mlflow_cleaning` and `serving.log_retention`. What names is deleted
before what it names: whoever is killed in between leaves things that nothing names, which the next housekeeping finds.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import dagster as dg
from filelock import FileLock, Timeout

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import BusyError
from ml_lifecycle.orchestration.housekeeping_records import ended_runs, results_of, runs_under_way
from ml_lifecycle.orchestration.jobs import monitoring_assets
from ml_lifecycle.orchestration.lake_cleaning import delete_all, plan_lake, put_together, size_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.run_cleaning import bytes_of_runs, delete_runs, shared_databases, shrink

if TYPE_CHECKING:
    from ml_lifecycle.monitoring.housekeeping import Result
    from ml_lifecycle.monitoring.housekeeping_report import HousekeepingReport, Removal
    from ml_lifecycle.release.ledger import Entry

#: Locks of runs that the command makes itself: the lifecycle's, and those of what goes on beside it.
_LOCKS = ("lifecycle", "monitor", "rollout_step")


@dataclass(frozen=True)
class Housekeeping:
    """One housekeeping.

    Args:
        instance: Where runs are recorded.
        project: The project.
        dry_run: Whether nothing is touched.
        now: The present moment; naive UTC.
    """

    instance: dg.DagsterInstance
    project: ProjectConfig
    dry_run: bool
    now: datetime

    def clean(self) -> "HousekeepingReport":
        """Delete what may go, or say what would.

        Raises:
            StateError: A store refuses; what is left goes with the next housekeeping.
        """
        from ml_lifecycle.monitoring.housekeeping_report import HousekeepingReport

        removals = [*self._mlflow(), *self._runs(), *self._lake(), *self._log()]
        return HousekeepingReport(self.now, self.dry_run, removals)

    @cached_property
    def _workspace(self) -> Workspace:
        return Workspace(self.project)

    @cached_property
    def _results(self) -> "list[Result]":
        return results_of(self.instance, self.project)

    @cached_property
    def _ledger(self) -> "list[Entry]":
        return self._workspace.ledger.history(self.project.name)

    def _kept(self, days: int | None) -> "list[Result]":
        from ml_lifecycle.monitoring.housekeeping import results_kept

        return results_kept(
            self._results,
            self._ledger,
            self.project.monitoring.housekeeping,
            days=days,
            windowed=monitoring_assets(self.project),
            now=self.now,
        )

    def _mlflow(self) -> "Iterator[Removal]":
        from ml_lifecycle.monitoring.housekeeping import StoredRun, mlflow_runs_to_go, runs_needed
        from ml_lifecycle.monitoring.housekeeping_report import Removal
        from ml_lifecycle.release.mlflow_cleaning import MlflowCleaning

        config = self.project.monitoring.housekeeping
        if config.mlflow_days is None:
            return
        store, name = MlflowCleaning(self._workspace.registry.uri), self.project.name
        runs = store.ended_runs(name)
        kept = self._kept(config.mlflow_days)
        named = store.registered_runs(name) | {item.mlflow_run for item in kept if item.mlflow_run}
        plain = [StoredRun(run.run_id, run.ended, run.dagster_run) for run in runs]
        chosen = set(mlflow_runs_to_go(plain, named, runs_needed(kept, self._ledger, config), config, now=self.now))
        gone = [run for run in runs if run.run_id in chosen]
        size = size_of(store.folders_of(name, gone))
        if gone and not self.dry_run:
            store.delete(name, gone)
            size += store.shrink()
        yield Removal("MLflow", "runs", len(gone), size, len(runs) - len(gone))

    def _runs(self) -> "Iterator[Removal]":
        from ml_lifecycle.monitoring.housekeeping import runs_to_go
        from ml_lifecycle.monitoring.housekeeping_report import Removal

        config = self.project.monitoring.housekeeping
        if config.runs_days is None:
            return
        runs = ended_runs(self.instance, self.project)
        gone = runs_to_go(runs, self._kept(config.lake_days), self._ledger, config, now=self.now)
        size = bytes_of_runs(self.instance, gone)
        if gone and not self.dry_run:
            delete_runs(self.instance, gone)
            size += sum(shrink(path) for path in shared_databases(self.instance))
        yield Removal("Dagster", "runs with their events and logs", len(gone), size, len(runs) - len(gone))

    def _lake(self) -> "Iterator[Removal]":
        from ml_lifecycle.monitoring.housekeeping_report import Removal

        config = self.project.monitoring.housekeeping
        if config.lake_days is None:
            return
        root = self._workspace.home.lake / self.project.name
        assets = sorted({item.asset for item in self._results})
        before = (self.now - timedelta(hours=config.grace_hours)).replace(tzinfo=UTC).timestamp()
        plan = plan_lake(root, self._kept(config.lake_days), assets, before=before)
        sizes = size_of(plan.tables), size_of(plan.folders)
        if not self.dry_run:
            delete_all([*plan.tables, *plan.folders])
            for path in plan.scattered:
                put_together(path)
        yield Removal("lake", "data files of old versions of tables", len(plan.tables), sizes[0], plan.kept_tables)
        yield Removal("lake", "folders of files", len(plan.folders), sizes[1], plan.kept_folders)
        yield Removal("lake", "tables of many small files, put together", len(plan.scattered), 0, 0)

    def _log(self) -> "Iterator[Removal]":
        from ml_lifecycle.monitoring.housekeeping_report import Removal
        from ml_lifecycle.serving.heartbeats import Heartbeats
        from ml_lifecycle.serving.log_retention import LogRetention

        days = self.project.monitoring.housekeeping.predictions_days
        if days is None:
            return
        before = (self.now - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
        url, name = self._workspace.home.service_url, self.project.name
        log, beats = LogRetention(url, self._workspace.archive), Heartbeats(url)
        found, stretches = log.look(name, before), beats.count(name, before)
        if not self.dry_run:
            log.forget(name, before)
            beats.forget(name, before)
        yield Removal("prediction log", "predictions", found.lines, found.bytes, found.left)
        yield Removal("prediction log", "predictions in the archive", found.archived, 0, 0)
        yield Removal("prediction log", "outcomes", found.outcomes, 0, 0)
        yield Removal("prediction log", "stretches of servers", stretches, 0, 0)


def keep_house(
    instance: dg.DagsterInstance,
    project: ProjectConfig,
    *,
    dry_run: bool,
    own_run: str = "",
    holds: bool = False,
    now: datetime | None = None,
) -> "HousekeepingReport":
    """Delete what the YAML lets go of a project's records, or say what that would be.

    Args:
        instance: Where runs are recorded.
        project: The project.
        dry_run: Whether nothing is touched; then runs may be under way.
        own_run: The run that does this, if it is one.
        holds: Whether the caller holds the lock of the project's lifecycle already.
        now: The present moment, naive UTC; by default as the clock says.

    Raises:
        BusyError: A run of the project is under way.
        StateError: A store refuses.
    """
    task = Housekeeping(instance, project, dry_run, now or datetime.now(UTC).replace(tzinfo=None))
    if dry_run:
        return task.clean()
    with _alone(instance, project, own_run=own_run, holds=holds):
        return task.clean()


@contextmanager
def _alone(instance: dg.DagsterInstance, project: ProjectConfig, *, own_run: str, holds: bool) -> Iterator[None]:
    locks = Workspace(project).home.locks
    with ExitStack() as held:
        for verb in _LOCKS[holds:]:
            try:
                held.enter_context(FileLock(locks / f"{project.name}-{verb}.lock").acquire(timeout=0))
            except Timeout:
                raise _busy(project, "another ml-lifecycle process") from None
        under_way = runs_under_way(instance, project, beside=own_run)
        if under_way:
            raise _busy(project, f"run {under_way[0]}")
        yield


def _busy(project: ProjectConfig, holder: str) -> BusyError:
    return BusyError(
        f"project {project.name!r} is being worked on",
        expected="no run of the project while its records are cleaned",
        got=holder,
        advice="wait for it to end, then try again; `--dry-run` may be used at any time",
    )

"""Runs that the command executes itself: in this process, on the instance that the UI shows.

A run is refused while another one holds the project, and a run whose process has died is closed before a new one
begins.
"""

import os
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import dagster as dg
from dagster import DagsterEvent, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.definitions.reconstruct import ReconstructableRepository
from dagster._core.execution.api import execute_run_iterator
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from filelock import FileLock, Timeout

from ml_lifecycle.config.home import Home
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import BusyError, ConfigError
from ml_lifecycle.orchestration.dead_runs import close_orphaned_runs, is_alive
from ml_lifecycle.orchestration.failed_runs import failed_gates, failure_of
from ml_lifecycle.orchestration.memo import REUSED_KEY
from ml_lifecycle.orchestration.naming import PROCESS_TAG, PROJECT_TAG, TRIGGER_TAG, job_of
from ml_lifecycle.orchestration.partitions import partition_tags
from ml_lifecycle.orchestration.project_runs import IN_PROGRESS
from ml_lifecycle.orchestration.resources import Workspace, end_abandoned_run
from ml_lifecycle.orchestration.site import Site
from ml_lifecycle.verdict import Verdict

_REPOSITORY = "__repository__"
#: What in the YAML makes an asset that not every project has.
_ASKED_BY = {
    "labeled_data": "name rules under dataset.labeling",
    "feature_view": "set features.store.enabled",
    "data_folds": "set modeling.search.validation to folds, or evaluation.cross_validation.enabled",
    "cross_validation": "set evaluation.cross_validation.enabled",
    "approaches": "set modeling.approaches.enabled",
}
#: The event log keeps everything; the terminal is for the summary.
#: What does not wait for a training: each of them waits for its own kind only.
_BESIDE_TRAINING = ("monitor", "rollout_step")
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True, slots=True)
class GateFailure:
    """A blocking gate that stopped a run."""

    asset: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How a run ended.

    Args:
        run_id: Dagster's id of the run.
        job: The job's name.
        succeeded: Whether every step was done and no gate stopped it.
        gates: The blocking gates that failed.
        failure: Why it failed, where no gate did it.
        seconds: Wall-clock time.
        computed: Assets that were computed.
        reused: Assets whose earlier result stands.
    """

    run_id: str
    job: str
    succeeded: bool
    gates: Sequence[GateFailure]
    failure: str
    seconds: float
    computed: Sequence[str]
    reused: Sequence[str]


class Watcher(Protocol):
    """Told of every step that begins or ends."""

    def __call__(self, step: str, *, ended: bool) -> None:
        """Take note of a step by its key."""


def execute(
    site: Site,
    instance: dg.DagsterInstance,
    project: ProjectConfig,
    verb: str,
    *,
    assets: Sequence[str] = (),
    partition: str | Sequence[str] | None = None,
    tags: dict[str, str] | None = None,
    watch: Watcher | None = None,
) -> RunOutcome:
    """Run one of a project's jobs in this process.

    Args:
        site: Where the project lies.
        instance: Where the run is recorded.
        project: The project.
        verb: Which job, such as `lifecycle`.
        assets: Only these assets of the job; all by default.
        partition: The partition, or all from the first to the last of several, for `monitor`.
        tags: More tags for the run.
        watch: Told of the steps as they come.

    Raises:
        BusyError: Another run of the project is under way.
        StateError: The service database cannot be used.
    """
    Workspace(project).ledger.champion(project.name)  # a database that refuses is found out before anything is computed
    began = time.monotonic()
    with holding(site, instance, project, verb):
        tags = {**(tags or {}), **_partition_tags(partition)}
        own = {PROCESS_TAG: f"{socket.gethostname()}:{os.getpid()}", **tags}
        run = create_run(site, instance, project, verb, keys=_keys(project, assets), tags=own)
        job = _repository(site).get_reconstructable_job(run.job_name).get_subset(asset_selection=run.asset_selection)
        for event in execute_run_iterator(job, run, instance):
            _tell(watch, event)
    return outcome_of(instance, run.run_id, seconds=time.monotonic() - began)


def steps_of(site: Site, project: ProjectConfig, verb: str, assets: Sequence[str] = ()) -> int:
    """How many steps a job has, or the part of it that makes some assets."""
    job = site.definitions.resolve_job_def(job_of(project.name, verb))
    keys = _keys(project, assets)
    return len((job.get_subset(asset_selection=keys) if keys else job).nodes)


def with_upstream(site: Site, project: ProjectConfig, names: Sequence[str]) -> tuple[str, ...]:
    """The assets named and all that they are made from; those that nothing has changed for are not computed again.

    Raises:
        ConfigError: The project has no such asset.
    """
    graph = site.definitions.resolve_asset_graph()
    found: set[dg.AssetKey] = set()
    for name in names:
        key = dg.AssetKey([project.name, name])
        if not graph.has(key):
            raise ConfigError(
                f"project {project.name!r} has no asset {name!r}",
                expected="a project whose YAML asks for it",
                advice=_ASKED_BY.get(name, "`ml-lifecycle list` shows the projects"),
            )
        found |= graph.get_ancestor_asset_keys(key, include_self=True)
    together = {item for key in found for item in graph.get_execution_set_asset_and_check_keys(key)}
    return tuple(sorted(key.path[-1] for key in found | {key for key in together if isinstance(key, dg.AssetKey)}))


def outcome_of(instance: dg.DagsterInstance, run_id: str, *, seconds: float) -> RunOutcome:
    """Read from the records how a run ended."""
    run = instance.get_run_by_id(run_id)
    status = run.status if run else DagsterRunStatus.FAILURE
    gates = [GateFailure(key.path[-1], verdict) for key, verdict in failed_gates(instance, run_id)]
    succeeded = status is DagsterRunStatus.SUCCESS
    computed, reused = _materialized(instance, run_id)
    return RunOutcome(
        run_id=run_id,
        job=run.job_name if run else "",
        succeeded=succeeded,
        gates=gates,
        failure="" if succeeded or gates else failure_of(instance, run_id),
        seconds=seconds,
        computed=computed,
        reused=reused,
    )


@contextmanager
def holding(site: Site, instance: dg.DagsterInstance, project: ProjectConfig, verb: str) -> Iterator[None]:
    """Hold a project while one of its runs is made here; monitoring does not wait for training.

    Raises:
        BusyError: A run of the project is under way, here or in the UI.
    """
    beside = verb in _BESIDE_TRAINING
    jobs = (verb,) if beside else ("lifecycle", "retrain", "rollout", "experiment", "compare")
    lock = FileLock(site.home.locks / f"{project.name}-{verb if beside else 'lifecycle'}.lock")
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        raise _busy(project, "another ml-lifecycle process") from None
    with held:
        close_dead_runs(instance, project)
        for job in jobs:
            filters = RunsFilter(job_name=job_of(project.name, job), statuses=IN_PROGRESS)
            for run in instance.get_runs(filters=filters, limit=1):
                raise _busy(project, f"run {run.run_id} ({run.status.value.lower()})")
        yield


def close_dead_runs(instance: dg.DagsterInstance, project: ProjectConfig) -> list[str]:
    """Mark runs failed, in MLflow killed, that a process of this machine executed and did not live to end; says which.

    Raises:
        StateError: MLflow's store cannot be opened.
    """
    filters = RunsFilter(statuses=IN_PROGRESS, tags={PROJECT_TAG: project.name})
    closed = []
    for run in instance.get_runs(filters=filters):
        host, _, process = run.tags.get(PROCESS_TAG, "").partition(":")
        if host == socket.gethostname() and process.isdigit() and not is_alive(int(process)):
            # MLflow first: should it refuse, the run stays open here and the next command tries again.
            end_abandoned_run(Home.find(project.root), project.name, run.run_id)
            instance.report_run_failed(run, message=f"process {process} that executed this run is gone")
            closed.append(run.run_id)
    return [*closed, *close_orphaned_runs(instance, project)]


def create_run(
    site: Site,
    instance: dg.DagsterInstance,
    project: ProjectConfig,
    verb: str,
    *,
    keys: frozenset[dg.AssetKey] | None = None,
    tags: dict[str, str],
) -> DagsterRun:
    """Put a run of one of a project's jobs on record; nothing starts it yet.

    Args:
        site: Where the project lies.
        instance: Where the run is recorded.
        project: The project.
        verb: Which job.
        keys: Only these assets of the job; all by default.
        tags: More tags for the run.
    """
    name = job_of(project.name, verb)
    job = site.definitions.resolve_job_def(name)
    job = job.get_subset(asset_selection=keys) if keys else job
    repository = _repository(site)
    return instance.create_run_for_job(
        job_def=job,
        run_config=_QUIET,
        tags={
            PROJECT_TAG: project.name,
            TRIGGER_TAG: "command",
            ".dagster/repository": f"{_REPOSITORY}@{site.module}",
            **tags,
        },
        asset_selection=frozenset(job.asset_layer.selected_asset_keys),
        remote_job_origin=_origin(site, name),
        job_code_origin=repository.get_reconstructable_job(name).get_python_origin(),
    )


def _repository(site: Site) -> ReconstructableRepository:
    return ReconstructableRepository.for_module(site.code_location, "defs", working_directory=str(site.root))


def _origin(site: Site, job: str) -> RemoteJobOrigin:
    """Where the UI finds the job that a run belongs to."""
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name=site.code_location)
    location = ManagedGrpcPythonEnvCodeLocationOrigin(loadable_target_origin=target, location_name=site.module)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, _REPOSITORY), job)


def _keys(project: ProjectConfig, assets: Sequence[str]) -> frozenset[dg.AssetKey] | None:
    return frozenset(dg.AssetKey([project.name, name]) for name in assets) or None


def _partition_tags(partition: str | Sequence[str] | None) -> dict[str, str]:
    return partition_tags((partition,) if isinstance(partition, str) else tuple(partition or ()))


def _tell(watch: Watcher | None, event: DagsterEvent) -> None:
    if watch is None or event.step_key is None:
        return
    if event.is_step_start:
        watch(event.step_key, ended=False)
    elif event.is_step_success or event.is_step_failure or event.is_step_skipped:
        watch(event.step_key, ended=True)


def _materialized(instance: dg.DagsterInstance, run_id: str) -> tuple[list[str], list[str]]:
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION).records
    computed: list[str] = []
    reused: list[str] = []
    for record in records:
        materialization = record.event_log_entry.asset_materialization
        if materialization is not None:
            again = REUSED_KEY in materialization.metadata
            (reused if again else computed).append(materialization.asset_key.path[-1])
    return computed, reused


def _busy(project: ProjectConfig, holder: str) -> BusyError:
    return BusyError(
        f"project {project.name!r} is being worked on",
        expected="no other run of the project",
        got=holder,
        advice="wait for it to end, or end it in the Dagster UI, then try again",
    )

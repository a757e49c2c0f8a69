"""Runs of the daemon whose process is gone: after a crash of the whole machine, nobody else says that they have ended.

A code server watches the runs that it has started, and Dagster's monitoring those that never began. Where the server
itself was killed its runs stay "started" for ever, and a project trains one at a time. Runs that the command executes
in its own process are closed in `runs`.
"""

import json
import os
import socket
from pathlib import Path

import dagster as dg
from dagster import DagsterEventType, RunsFilter
from dagster._core.storage.tags import GRPC_INFO_TAG

from ml_lifecycle.config.home import Home
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.naming import PROJECT_TAG
from ml_lifecycle.orchestration.project_runs import IN_PROGRESS
from ml_lifecycle.orchestration.resources import end_abandoned_run

_WAIT_SECONDS = 2.0
_PID = "pid"


def close_orphaned_runs(instance: dg.DagsterInstance, project: ProjectConfig) -> list[str]:
    """Mark runs failed, in MLflow killed, whose code server on this machine and whose process are both gone.

    Returns:
        The ids of the runs that were closed.

    Raises:
        StateError: MLflow's store cannot be opened.
    """
    closed = []
    for run in instance.get_runs(filters=RunsFilter(statuses=IN_PROGRESS, tags={PROJECT_TAG: project.name})):
        if GRPC_INFO_TAG not in run.tags or _server_answers(json.loads(run.tags[GRPC_INFO_TAG])):
            continue
        if any(is_alive(process) for process in _processes(instance, run.run_id)):
            continue
        end_abandoned_run(Home.find(project.root), project.name, run.run_id)
        instance.report_run_failed(run, message="the process that executed this run, and its server, are gone")
        closed.append(run.run_id)
    return closed


def is_alive(process: int) -> bool:
    """Whether a process of this machine is there, whoever owns it."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _server_answers(info: dict[str, object]) -> bool:
    """Whether the code server that a run was given to is there; one on another machine is taken to be."""
    path, port = info.get("socket"), info.get("port")
    if info.get("host") not in ("localhost", "127.0.0.1"):
        return True
    if path is not None:
        return Path(str(path)).exists() and _connects(socket.AF_UNIX, str(path))
    return _connects(socket.AF_INET, ("127.0.0.1", int(str(port))))


def _connects(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as door:
        door.settimeout(_WAIT_SECONDS)
        return door.connect_ex(address) == 0


def _processes(instance: dg.DagsterInstance, run_id: str) -> list[int]:
    """The processes that were started for a run, as its event log names them."""
    records = instance.get_records_for_run(run_id, of_type=DagsterEventType.ENGINE_EVENT).records
    found = []
    for record in records:
        event = record.event_log_entry.dagster_event
        said = event.engine_event_data.metadata.get(_PID) if event else None
        if said is not None and str(said.value).isdigit():
            found.append(int(str(said.value)))
    return found

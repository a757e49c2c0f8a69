"""Tests of `ml_lifecycle.orchestration.dead_runs`: runs of the daemon that nobody executes any more."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterRunStatus
from dagster._core.events import EngineEventData
from dagster._core.storage.tags import GRPC_INFO_TAG

from ml_lifecycle.orchestration.dead_runs import close_orphaned_runs, is_alive
from ml_lifecycle.orchestration.findings import decide_retraining
from ml_lifecycle_tests.small_shop import RecordRun, Story

_GONE = json.dumps({"host": "localhost", "socket": "/nowhere/server"})


@pytest.fixture
def ended() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """What a run's tag says of a code server that is there."""
    path = tmp_path / "s"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as door:
        door.bind(str(path))
        door.listen()
        yield json.dumps({"host": "localhost", "socket": str(path)})


def test_a_run_without_server_and_process_is_closed(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun, ended: int
) -> None:
    """Else the project would wait for it for ever, since it trains one at a time."""
    run = record_run("retrain", DagsterRunStatus.STARTED, {GRPC_INFO_TAG: _GONE})
    instance.report_engine_event("started", run, EngineEventData.in_process(ended))
    assert "under way" in decide_retraining(instance, story.project).reason
    assert close_orphaned_runs(instance, story.project) == [run.run_id]
    assert "under way" not in decide_retraining(instance, story.project).reason


def test_a_run_whose_server_answers_is_left_to_it(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun, server: str
) -> None:
    """It watches the processes that it has started."""
    record_run("retrain", DagsterRunStatus.STARTED, {GRPC_INFO_TAG: server})
    assert close_orphaned_runs(instance, story.project) == []


def test_a_run_whose_process_lives_is_left_alone(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun
) -> None:
    """A code server may end before the runs that it has started."""
    run = record_run("retrain", DagsterRunStatus.STARTED, {GRPC_INFO_TAG: _GONE})
    instance.report_engine_event("started", run, EngineEventData.in_process(os.getpid()))
    assert close_orphaned_runs(instance, story.project) == []


def test_a_server_of_another_machine_is_taken_to_be_there(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun
) -> None:
    """From here nobody can tell."""
    elsewhere = json.dumps({"host": "trainer-2", "port": 4000})
    record_run("retrain", DagsterRunStatus.STARTED, {GRPC_INFO_TAG: elsewhere})
    assert close_orphaned_runs(instance, story.project) == []


def test_a_process_is_alive_until_it_has_ended(ended: int) -> None:
    """Whoever owns it: the first process of the machine is not ours."""
    assert is_alive(os.getpid())
    assert is_alive(1)
    assert not is_alive(ended)

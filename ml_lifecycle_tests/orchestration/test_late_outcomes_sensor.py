"""Tests of `ml_lifecycle.orchestration.late_outcomes_sensor`, on a real log and real files."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from dagster import DagsterRun
from dagster._core.utils import make_new_run_id

from ml_lifecycle.config.loading import build_project
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.definitions import definitions_of
from ml_lifecycle.orchestration.jobs import jobs_of
from ml_lifecycle.orchestration.judged_windows import JUDGED_BY
from ml_lifecycle.orchestration.late_outcomes_sensor import (
    JUDGED_AGAIN,
    late_outcomes_sensor,
    requests_for,
    touched_windows,
)
from ml_lifecycle.orchestration.naming import PROJECT_TAG, TRIGGER_TAG
from ml_lifecycle.orchestration.partitions import RANGE_END_TAG, RANGE_START_TAG
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.serving.prediction_log import Feedback, LoggedPrediction

_START = datetime(2025, 10, 1)  # noqa: DTZ001 - naive UTC
_DAYS = [f"2025-10-{day:02d}" for day in range(1, 10)]


@pytest.fixture
def late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectConfig:
    """A project whose outcomes come in files, with a prediction a day; three days are judged together."""
    monkeypatch.setenv("ML_LIFECYCLE_HOME", str(tmp_path / "home"))
    attributes = {
        "brief": {"problem": "p", "task": "regression", "target": "y", "success_criteria": {"r2": ">= 0.1"}},
        "dataset": {"sources": [{"path": "a.csv"}], "id": "id", "event_time": "at"},
        "monitoring": {
            "start": "2025-10-01",
            "window": 3,
            "outcomes": {"source": {"path": "outcomes_*.csv"}, "id": "id", "time": "known"},
        },
    }
    project = build_project(attributes, name="tiny", folder=tmp_path, root=tmp_path)
    Workspace(project).log.append(
        [
            LoggedPrediction("tiny", "1", f"k{day}", moment, {}, 1.0, 1.0, prediction_id=f"id{day}")
            for day, moment in enumerate(_START + timedelta(days=day, hours=12) for day in range(9))
        ]
    )
    return project


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """One on which all windows have been judged."""
    with dg.DagsterInstance.ephemeral() as made:
        _judge(made, _DAYS)
        yield made


def _judge(instance: dg.DagsterInstance, windows: list[str]) -> None:
    for window in windows:
        instance.report_runless_asset_event(dg.AssetMaterialization(["tiny", JUDGED_BY], partition=window))


def _deliver(project: ProjectConfig, name: str, days: list[int]) -> None:
    rows = pd.DataFrame({"id": [f"k{day}" for day in days], "y": 2.0, "known": "2025-11-01"})
    rows.to_csv(project.root / f"outcomes_{name}.csv", index=False)


def _ask(project: ProjectConfig, instance: dg.DagsterInstance, cursor: str | None = None) -> dg.SensorResult:
    sensor = late_outcomes_sensor(project, jobs_of(project)["monitor"])
    found = sensor(dg.build_sensor_context(instance=instance, cursor=cursor))
    assert isinstance(found, dg.SensorResult)
    return found


def _requests(found: dg.SensorResult) -> list[dg.RunRequest]:
    return list(found.run_requests or ())


def test_the_daemon_takes_what_is_asked_for(late: ProjectConfig, instance: dg.DagsterInstance) -> None:
    """A range of windows, and some of the job's assets."""
    _deliver(late, "a", [2])
    repository = definitions_of(late).get_repository_def()
    context = dg.build_sensor_context(instance=instance, repository_def=repository)
    (request,) = repository.get_sensor_def("tiny_late_outcomes").evaluate_tick(context).run_requests or ()
    assert request.tags[RANGE_START_TAG] == "2025-10-03"


def test_a_file_of_outcomes_has_its_windows_judged_again_in_one_run(
    late: ProjectConfig, instance: dg.DagsterInstance
) -> None:
    """Those that hold its rows; two looks ask for the same run, and none is left when they have been judged."""
    _deliver(late, "a", [2, 3])
    first = _ask(late, instance)
    (request,) = _requests(first)
    assert request.tags[RANGE_START_TAG] == "2025-10-03"
    assert request.tags[RANGE_END_TAG] == "2025-10-06"
    assert [key.path[-1] for key in request.asset_selection or ()] == list(JUDGED_AGAIN)
    (again,) = _requests(_ask(late, instance))
    assert again.run_key == request.run_key
    _judge(instance, _DAYS[2:6])
    assert not _requests(_ask(late, instance))
    assert not _requests(_ask(late, instance, first.cursor))


def test_feedback_counts_as_a_file_does(late: ProjectConfig, instance: dg.DagsterInstance) -> None:
    """The server has put it into the log; neighbours make one run, others one of their own."""
    Workspace(late).log.add_feedback("tiny", [Feedback("id0", 3.0), Feedback("id6", 3.0)])
    found = [(item.tags[RANGE_START_TAG], item.tags[RANGE_END_TAG]) for item in _requests(_ask(late, instance))]
    assert found == [("2025-10-01", "2025-10-03"), ("2025-10-07", "2025-10-09")]


def test_windows_that_were_never_judged_are_not_judged_again(late: ProjectConfig) -> None:
    """It is the schedule's business to judge them first."""
    _deliver(late, "a", [2])
    with dg.DagsterInstance.ephemeral() as instance:
        assert "no window has been judged" in str(_ask(late, instance).skip_reason)
        _judge(instance, _DAYS[:3])
        (request,) = _requests(_ask(late, instance))
    assert request.tags["dagster/partition"] == "2025-10-03"


def test_while_windows_are_judged_again_nothing_more_is_asked_for(
    late: ProjectConfig, instance: dg.DagsterInstance
) -> None:
    """What comes meanwhile is found by the next look."""
    tags = {PROJECT_TAG: "tiny", TRIGGER_TAG: "late_outcomes"}
    run = DagsterRun("tiny_monitor", make_new_run_id(), status=dg.DagsterRunStatus.STARTED, tags=tags)
    instance.add_run(run)
    _deliver(late, "a", [2])
    tick = _ask(late, instance)
    assert not _requests(tick)
    instance.report_run_canceled(run)
    assert len(_requests(_ask(late, instance, tick.cursor))) == 1


def test_a_look_asks_for_so_many_windows(late: ProjectConfig, instance: dg.DagsterInstance) -> None:
    """The oldest first; the cursor stays where it is until no more are left."""
    few = late.model_copy(update={"monitoring": late.monitoring.model_copy(update={"late_windows": 2})})
    _deliver(few, "a", list(range(9)))
    tick = _ask(few, instance)
    assert _requests(tick)[0].tags[RANGE_END_TAG] == "2025-10-02"
    assert json.loads(str(tick.cursor))["since"].startswith("1970")
    _judge(instance, _DAYS[:2])
    assert _requests(_ask(few, instance, tick.cursor))[0].tags[RANGE_START_TAG] == "2025-10-03"


def test_an_outcome_that_says_nothing_new_touches_nothing(late: ProjectConfig, instance: dg.DagsterInstance) -> None:
    """The same file again, or an older outcome of the same row."""
    _deliver(late, "a", [2])
    _ask(late, instance)
    _judge(instance, _DAYS)
    _deliver(late, "b", [2])
    assert not _requests(_ask(late, instance))
    windows, newest, whole = touched_windows(instance, late, "1970-01-01T00:00:00")
    assert (windows, whole) == ([], True)
    assert requests_for(late, windows, newest) == []

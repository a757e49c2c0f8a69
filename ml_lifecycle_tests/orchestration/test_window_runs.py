"""Tests of `ml_lifecycle.orchestration.window_runs`, with `step`, `storage` and `lake` around it."""

from typing import Any

import dagster as dg
import pandas as pd
import pytest
from deltalake import DeltaTable

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration import checks
from ml_lifecycle.orchestration.assets.monitoring_history import history_of
from ml_lifecycle.orchestration.checks import Checkpoint
from ml_lifecycle.orchestration.partitions import partition_tags, partitions_of, windows_between
from ml_lifecycle.orchestration.records import latest_json
from ml_lifecycle.orchestration.step import Made, StepSpec, step
from ml_lifecycle.orchestration.storage import record_of
from ml_lifecycle.orchestration.window_runs import drawn_last, once
from ml_lifecycle.verdict import Severity, Verdict

_FIRST, _SECOND = dg.AssetKey(["tiny", "first"]), dg.AssetKey(["tiny", "second"])


class _Seen:
    """What bodies were called for and what they saw."""

    def __init__(self) -> None:
        self.made_once = 0
        self.histories: dict[str, list[str]] = {}
        self.bad: tuple[str, ...] = ()
        self.severity = Severity.WARN

    def make(self) -> int:
        self.made_once += 1
        return self.made_once


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> _Seen:
    """The check of the first asset."""
    monkeypatch.setattr(checks, "CHECKPOINTS", {"first": (Checkpoint("fine", "d"),), "second": ()})
    return _Seen()


def _assets(project: ProjectConfig, seen: _Seen) -> list[dg.AssetsDefinition]:
    @step(project, StepSpec("first", "monitoring", partitions=partitions_of(project)))
    def first(context: dg.AssetExecutionContext) -> Made:
        """One row that names its window."""
        window = context.partition_key
        once("thing", seen.make)
        verdict = Verdict("fine", window not in seen.bad, f"about {window}", severity=seen.severity)
        return Made(pd.DataFrame({"name": [window]}), [verdict], {"day": window, **drawn_last(context, p=lambda: "x")})

    @step(project, StepSpec("second", "monitoring", needs=("first",), partitions=partitions_of(project)))
    def second(context: dg.AssetExecutionContext, first: Any) -> Made:
        """The same row, and what came before."""
        past = history_of(project, "second", "frame", context.partition_key, first)
        seen.histories[context.partition_key] = past["name"].tolist()
        return Made(first.assign(length=first["name"].str.len()))

    return [first, second]


def _run(
    project: ProjectConfig, seen: _Seen, instance: dg.DagsterInstance, first: str, last: str
) -> dg.ExecuteInProcessResult:
    tags = partition_tags(windows_between(project, first, last))
    return dg.materialize(_assets(project, seen), instance=instance, tags=tags, raise_on_error=False)


def _records(instance: dg.DagsterInstance, key: dg.AssetKey) -> dict[str, dg.AssetMaterialization]:
    found = instance.fetch_materializations(key, limit=100).records
    return {str(item.partition_key): item.asset_materialization for item in found if item.asset_materialization}


def test_each_window_is_judged_by_itself_and_written_together(project: ProjectConfig, seen: _Seen) -> None:
    """One materialisation for each window with its own metadata, one version of the table for all."""
    instance = dg.DagsterInstance.ephemeral()
    assert _run(project, seen, instance, "2025-10-01", "2025-10-05").success
    records = _records(instance, _FIRST)
    assert {window: item.metadata["day"].value for window, item in records.items()} == {
        f"2025-10-0{day}": f"2025-10-0{day}" for day in range(1, 6)
    }
    assert seen.made_once == 1
    assert [window for window, item in sorted(records.items()) if "p" in item.metadata] == ["2025-10-05"]
    lake = project.root / "home" / "lake" / "tiny" / "second" / "frame"
    assert DeltaTable(lake).version() == 0
    written = record_of(_records(instance, _SECOND)["2025-10-03"])
    assert written is not None
    assert written.partition == "2025-10-03"


def test_a_window_sees_those_before_it_in_the_same_run_and_in_the_lake(project: ProjectConfig, seen: _Seen) -> None:
    """And those that are judged again as they are now."""
    instance = dg.DagsterInstance.ephemeral()
    _run(project, seen, instance, "2025-10-01", "2025-10-02")
    _run(project, seen, instance, "2025-10-02", "2025-10-04")
    assert seen.histories["2025-10-04"] == [f"2025-10-0{day}" for day in range(1, 5)]


def test_windows_written_before_are_read_from_the_lake(project: ProjectConfig, seen: _Seen) -> None:
    """Where only the later asset is made again."""
    instance = dg.DagsterInstance.ephemeral()
    _run(project, seen, instance, "2025-10-01", "2025-10-03")
    _run(project, seen, instance, "2025-10-02", "2025-10-02")
    tags = partition_tags(windows_between(project, "2025-10-01", "2025-10-03"))
    seen.histories.clear()
    assets = _assets(project, seen)
    assert dg.materialize(assets, instance=instance, tags=tags, selection=[_SECOND]).success
    assert list(seen.histories) == ["2025-10-01", "2025-10-02", "2025-10-03"]


def test_a_check_tells_of_the_windows_that_failed(project: ProjectConfig, seen: _Seen) -> None:
    """Once for the run; each window says in its metadata how it went."""
    seen.bad = ("2025-10-02",)
    instance = dg.DagsterInstance.ephemeral()
    result = _run(project, seen, instance, "2025-10-01", "2025-10-03")
    assert result.success
    (found,) = result.get_asset_check_evaluations()
    assert not found.passed
    assert found.description == "1 of 3 windows failed; 2025-10-02: about 2025-10-02"
    passed = {window: item.metadata["checks"].value for window, item in _records(instance, _FIRST).items()}
    assert passed == {"2025-10-01": {"fine": True}, "2025-10-02": {"fine": False}, "2025-10-03": {"fine": True}}
    assert latest_json(instance, _FIRST, "checks") == {"fine": True}


def test_a_failed_blocking_check_of_one_window_stops_what_follows(project: ProjectConfig, seen: _Seen) -> None:
    """As it would, were it alone."""
    seen.bad, seen.severity = ("2025-10-01",), Severity.ERROR
    result = _run(project, seen, dg.DagsterInstance.ephemeral(), "2025-10-01", "2025-10-03")
    assert not result.success
    assert seen.histories == {}

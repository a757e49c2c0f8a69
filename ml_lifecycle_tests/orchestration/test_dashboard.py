"""What the monitoring page is collected from: real lake, ledger, log and records; absent parts stay absent."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.monitoring.alerts import Alert
from ml_lifecycle.monitoring.dashboard import VersionRole
from ml_lifecycle.orchestration.dashboard import collect_dashboard, draw_dashboard
from ml_lifecycle.orchestration.findings import FINDING_KEY
from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.release.ledger import State
from ml_lifecycle.release.rollout import Event, Rollout, RolloutEntry
from ml_lifecycle.serving.prediction_log import LoggedPrediction
from ml_lifecycle_tests.monitoring.dashboard.pages import drift_frame, performance_frame

DAY = datetime(2026, 3, 20, 4, tzinfo=UTC).replace(tzinfo=None)


def test_a_project_without_anything_has_a_page(project: ProjectConfig) -> None:
    """Before the first run; nothing is a problem then."""
    with dg.DagsterInstance.ephemeral() as instance:
        data = collect_dashboard(instance, project)
        assert (data.problems, data.versions, data.drift) == ({}, [], None)
        assert data.alerts is not None
        assert data.alerts.empty
        assert b"No version is in production" in draw_dashboard(instance, project)


def test_everything_that_is_there_is_collected(project: ProjectConfig) -> None:
    """History tables, ledger, rollout, predictions, alerts, and which version a window is about."""
    workspace = Workspace(project)
    for asset, table, frame in (
        ("drift_report", "drift", drift_frame(2)),
        ("performance_report", "performance", performance_frame()),
    ):
        window = frame["window"].max()
        part = frame[frame["window"] == window].drop(columns="window")
        Lake(workspace.home.lake).write(("tiny", asset), _Parts(table, part), partition=window)
    workspace.ledger.append("tiny", "1", State.CHAMPION, by="anna", evidence={"why": "first"})
    workspace.rollouts.append(RolloutEntry(Rollout("tiny", 1, 0, "2", "canary", 0, 0.1, Event.STARTED), by="anna"))
    workspace.log.append([LoggedPrediction("tiny", "1", "r", DAY, {}, 1, 0.5)])
    for name, title in (("tiny", "mine"), ("other", "theirs")):
        workspace.alerts.add(_alert(name, title), (), at=DAY)
    with dg.DagsterInstance.ephemeral() as instance:
        metadata = {FINDING_KEY: dg.MetadataValue.json({"model_version": "1"})}
        key = dg.AssetKey(["tiny", "drift_report"])
        instance.report_runless_asset_event(dg.AssetMaterialization(key, partition="2026-03-20", metadata=metadata))
        data = collect_dashboard(instance, project)
    assert data.problems == {}
    assert data.windows == ["2026-03-20"]
    assert data.version_of == {"2026-03-20": "1"}
    assert [(one.version, one.role, one.share) for one in data.versions] == [
        ("1", VersionRole.CHAMPION, 0.9),
        ("2", VersionRole.CANARY, 0.1),
    ]
    assert data.traffic is not None
    assert data.traffic["rows"].tolist() == [1]
    assert data.alerts is not None
    assert data.alerts["title"].tolist() == ["mine"]
    assert data.ledger[0]["evidence"] == {"why": "first"}
    assert data.drift is not None
    assert data.performance is not None


def test_a_part_that_cannot_be_read_is_named(project: ProjectConfig, tmp_path: Path) -> None:
    """The page is drawn all the same: it is looked at when there is trouble."""
    log = tmp_path / "home" / "lake" / "tiny" / "drift_report" / "drift" / "_delta_log"
    log.mkdir(parents=True)
    (log / "00000000000000000000.json").write_text("no json", encoding="utf-8")
    with dg.DagsterInstance.ephemeral() as instance:
        data = collect_dashboard(instance, project)
        assert "drift" in data.problems
        assert b"What could not be read" in draw_dashboard(instance, project)


class _Parts:
    """A record of one table."""

    def __init__(self, table: str, frame: pd.DataFrame) -> None:
        self._parts = {table: frame}

    def to_parts(self) -> object:
        from ml_lifecycle.parts import Parts

        return Parts(self._parts)

    @classmethod
    def from_parts(cls, parts: object) -> "_Parts":
        pytest.fail(f"nobody reads this back: {parts}")


def _alert(project: str, title: str) -> Alert:
    return Alert(title, "figures", "error", project, "", "look")

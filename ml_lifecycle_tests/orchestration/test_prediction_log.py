"""Tests of `ml_lifecycle.orchestration.assets.prediction_log`: old windows of the log move to the lake."""

from datetime import datetime, timedelta

import dagster as dg
import pytest

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.prediction_log import prediction_log_assets
from ml_lifecycle.orchestration.jobs import MONITORING, monitoring_assets
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.serving.prediction_log import LoggedPrediction, PredictionLog

_START = datetime(2025, 10, 1)  # noqa: DTZ001 - the log holds naive UTC


@pytest.fixture
def archiving(project: ProjectConfig) -> ProjectConfig:
    """The project, with three days in the database."""
    return project.model_copy(update={"serving": project.serving.model_copy(update={"archive_after_days": 3})})


def test_only_projects_that_archive_have_the_asset(project: ProjectConfig, archiving: ProjectConfig) -> None:
    """It is no part of monitoring otherwise."""
    assert prediction_log_assets(project) == []
    assert monitoring_assets(project) == MONITORING
    assert monitoring_assets(archiving) == (*MONITORING, "prediction_archive")


def test_days_that_lie_before_the_window_move_once(archiving: ProjectConfig) -> None:
    """All that are due, also those of windows that nobody has judged; monitoring goes on reading them."""
    workspace = Workspace(archiving)
    rows = [LoggedPrediction("tiny", "1", str(day), _START + timedelta(days=day), {}, 1.0, 1.0) for day in range(10)]
    workspace.log.append(rows)
    assets = prediction_log_assets(archiving)
    with dg.DagsterInstance.ephemeral() as instance:
        moved = [
            dg.materialize(assets, instance=instance, partition_key=day).asset_materializations_for_node(
                "tiny__prediction_archive"
            )[0]
            for day in ("2025-10-07", "2025-10-07", "2025-10-08")
        ]
    assert [item.metadata["lines"].value for item in moved] == [4, 0, 1]
    assert PredictionLog(workspace.home.service_url).count("tiny") == 5
    assert len(workspace.log.window("tiny", _START, _START + timedelta(days=10))) == 10

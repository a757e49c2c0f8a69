"""Tests of the definitions as Dagster loads them."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

import ml_lifecycle
from ml_lifecycle.definitions import defs
from ml_lifecycle.orchestration.checks import CHECKPOINTS
from ml_lifecycle.orchestration.jobs import (
    COMPARISONS,
    DISCOVERY,
    EXPERIMENTS,
    HOUSEKEEPING,
    MONITORING,
    RELEASE,
    assets_beside,
    candidate_assets,
)
from ml_lifecycle.orchestration.site import Site

_HEAVY = ("pandas", "numpy", "sklearn", "lightgbm", "mlflow", "evidently", "optuna", "pandera", "matplotlib")


@pytest.fixture(scope="module")
def repository() -> dg.RepositoryDefinition:
    """The shipped code location."""
    loaded: dg.RepositoryDefinition = defs().get_repository_def()
    return loaded


def test_loading_the_definitions_imports_nothing_heavy() -> None:
    """`dagster dev` must answer at once; the rooms are imported by the steps that need them."""
    code = (
        "import sys; from ml_lifecycle.definitions import defs; defs().get_repository_def(); "
        f"print([name for name in {_HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_asset_of_the_sample_is_there(repository: dg.RepositoryDefinition) -> None:
    """Keys are `[project, asset]`."""
    assets = {key.path[-1] for key in repository.asset_graph.get_all_asset_keys() if key.path[0] == "loans"}
    project = Site.find(Path(ml_lifecycle.__file__).parent).project("loans")
    beside = (*assets_beside(project), *DISCOVERY, *EXPERIMENTS, *COMPARISONS)
    assert assets == {*beside, *candidate_assets(project), *RELEASE, *MONITORING, *HOUSEKEEPING}


def test_every_checkpoint_is_an_asset_check(repository: dg.RepositoryDefinition) -> None:
    """And blocks exactly where the table says so."""
    graph = repository.asset_graph
    found = {
        (key.asset_key.path[-1], key.name): graph.get(key).blocking
        for key in graph.asset_check_keys
        if key.asset_key.path[0] == "loans"
    }
    declared = {(asset, item.name): item.blocking for asset, items in CHECKPOINTS.items() for item in items}
    optional = {"labeled_data", "data_folds", "feature_view", "cross_validation", "rollout_status"}
    assert found == {key: blocking for key, blocking in declared.items() if key[0] not in optional}


def test_assets_say_who_owns_them_what_they_are_and_where_they_belong(repository: dg.RepositoryDefinition) -> None:
    """The UI alone must tell the story."""
    for key in repository.asset_graph.get_all_asset_keys():
        node = repository.asset_graph.get(key)
        assert node.description, key
        assert node.owners, key
        assert node.kinds, key
        assert node.code_version, key
        assert node.group_name.startswith("loans_"), key


def test_jobs_schedules_and_sensors_are_named_for_what_they_do(repository: dg.RepositoryDefinition) -> None:
    """`<project>_<verb>`."""
    assert {"loans_lifecycle", "loans_retrain", "loans_monitor", "loans_rollout"} <= set(repository.job_names)
    assert [item.name for item in repository.schedule_defs] == ["loans_monitor"]
    names = {item.name for item in repository.sensor_defs}
    assert names >= {"loans_retrain_on_drift", "loans_rollout", "loans_alerts"}

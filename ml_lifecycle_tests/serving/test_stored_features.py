"""Tests of `ml_lifecycle.serving.stored_features`, on a real feature store and a real package."""

from pathlib import Path

import pandas as pd
import pytest

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import DataError
from ml_lifecycle.features.project_store import apply_view, look_up, open_store, stored_columns
from ml_lifecycle.serving.online_log import OnlineLog
from ml_lifecycle.serving.routing import Pick, Served
from ml_lifecycle.serving.scoring import Scorer
from ml_lifecycle.serving.stored_features import StoredFeatures
from ml_lifecycle_tests.release import tiny

ROWS = tiny.table()
_STORE = {"store": {"enabled": True, "columns": ["income", "age"]}}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectConfig:
    """The tiny project with a feature store of its customers."""
    monkeypatch.setenv("ML_LIFECYCLE_HOME", str(tmp_path / "home"))
    made = tiny.project(tmp_path, features=_STORE)
    return made.model_copy(update={"dataset": made.dataset.model_copy(update={"entity": "customer"})})


def test_a_row_is_completed_by_whom_it_is_about(project: ProjectConfig, tmp_path: Path) -> None:
    """With the newest values; what the row brings itself goes first, and an unknown customer gets its errors."""
    with pytest.raises(DataError, match="features store tiny"):
        StoredFeatures.open(project)
    store = open_store(project)
    rows = stored_columns(project, ROWS)
    view = apply_view(store, project, rows)
    assert apply_view(store, project, rows).id == view.id
    assert apply_view(store, project, rows[["customer", "applied", "age", "income"]]).version == view.version
    store.write_offline(rows, view.id, replace=True)
    store.materialize(view.id, until=rows["applied"].max())

    stored = StoredFeatures.open(project)
    assert stored is not None
    newest = ROWS[ROWS["customer"] == "c7"].iloc[-1]
    assert look_up(project, ["c7"])[0]["age"] == newest["age"]
    scorer = Scorer(tiny.package(tmp_path / "package"), stored)
    whole = {
        "income": None if pd.isna(newest["income"]) else float(newest["income"]),
        "age": int(newest["age"]),
        "city": "Riga",
    }
    completed, given, own, unknown, nobody = scorer.score_rows(
        [
            {"customer": "c7", "city": "Riga"},
            whole,
            {"customer": "c7", "city": "Riga", "age": 70},
            {"customer": "c999", "city": "Riga"},
            {"city": "Riga"},
        ]
    )
    assert completed.score == given.score
    assert own.completed is not None
    assert given.completed is None
    assert (own.completed["age"], own.completed["income"]) == (70, whole["income"])
    lines, _ = OnlineLog(project).lines(
        Pick(Served("1", scorer), "champion"), [{"customer": "c7"}], [completed], request_id="r", latency_ms=1.0
    )
    assert isinstance(lines[0].inputs, dict)
    assert lines[0].inputs["age"] == newest["age"], "else the model's inputs would be missing where drift is looked for"
    assert {failure.column for failure in unknown.failures} == {failure.column for failure in nobody.failures}
    assert unknown.failures


def test_a_project_without_a_store_completes_nothing(tmp_path: Path) -> None:
    """And does not ask for Feast."""
    assert StoredFeatures.open(tiny.project(tmp_path)) is None

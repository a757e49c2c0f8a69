"""The flights of New York in 2013 with their four side tables joined: weather by time, the others by key."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ml_lifecycle.config.dataset import DatasetConfig
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.dataset.sources import read_rows
from ml_lifecycle.errors import DataError

pytestmark = pytest.mark.real

_WEATHER = {"source": {"path": "nycflights13_weather.parquet"}, "columns": ["temp", "wind_speed", "visib", "precip"]}
_HOUR = ["origin", "year", "month", "day", "hour"]
_KEYED = [
    {"source": {"path": "nycflights13_planes.csv"}, "by": ["tailnum"], "prefix": "plane_"},
    {"source": {"path": "nycflights13_airports.csv"}, "by": ["dest"], "right_by": ["faa"], "prefix": "dest_"},
    {"source": {"path": "nycflights13_airlines.csv"}, "by": ["carrier"], "prefix": "airline_"},
]


def config(*joins: Any, path: str = "nycflights13_flights.parquet") -> DatasetConfig:
    """The flights with further tables."""
    return DatasetConfig.model_validate({"sources": [{"path": path}], "joins": joins})


def test_three_side_tables_by_key(data: Path, tmp_path: Path) -> None:
    """No flight is lost, doubled or renamed; the columns are those that pandas finds."""
    plain = read_rows(config(), root=data, home=tmp_path)
    rows = read_rows(config(*_KEYED), root=data, home=tmp_path)
    assert rows.frame[ROW_ID].tolist() == plain.frame[ROW_ID].tolist()
    planes, airports, airlines = rows.joins
    assert (airlines.unmatched, airlines.further_rows) == (0, 16)
    flights = plain.frame.drop(columns=ROW_ID)
    expected = flights.merge(pd.read_csv(data / "nycflights13_planes.csv"), how="left", on="tailnum", indicator=True)
    known = expected["_merge"].eq("both") & flights["tailnum"].notna()
    assert planes.matched == known.sum()
    assert rows.frame["plane_seats"].equals(expected["seats"].where(known))
    assert airports.unmatched == (~flights["dest"].isin(pd.read_csv(data / "nycflights13_airports.csv")["faa"])).sum()


def test_the_clock_that_was_put_back_makes_an_hour_twice(data: Path, tmp_path: Path) -> None:
    """Weather by origin and local hour is not unique: refused, and how often."""
    with pytest.raises(DataError, match=r"origin, year, month, day, hour do not name .* got 3 repeated rows"):
        read_rows(config({**_WEATHER, "by": _HOUR}), root=data, home=tmp_path)


def test_weather_as_of_the_hour_of_departure(data: Path, tmp_path: Path) -> None:
    """The newest observation at the airport that is not later than the flight and at most two hours old."""
    flights = pd.read_parquet(data / "nycflights13_flights.parquet")
    hours = pd.to_datetime(flights[["year", "month", "day"]]) + pd.to_timedelta(flights["dep_time"] // 100, unit="h")
    flights.assign(at=hours).to_parquet(tmp_path / "flights.parquet")
    weather = pd.read_parquet(data / "nycflights13_weather.parquet")
    local = pd.to_datetime(weather[["year", "month", "day", "hour"]])
    weather.assign(local=local).to_parquet(tmp_path / "weather.parquet")
    as_of = {"by": ["origin"], "as_of": "at", "right_as_of": "local", "tolerance": "2h", "columns": ["temp"]}
    joined = {"source": {"path": str(tmp_path / "weather.parquet")}, **as_of}
    rows = read_rows(config(joined, path=str(tmp_path / "flights.parquet")), root=data, home=tmp_path)
    report = rows.joins[0]
    assert (report.rows, len(rows.frame)) == (len(flights), len(flights))
    assert report.unmatched < flights["dep_time"].isna().sum() + 2000
    assert rows.frame.loc[hours.isna().to_numpy(), "temp"].isna().all()
    exact = weather.assign(local=local).drop_duplicates(["origin", "local"], keep="last")
    expected = flights.assign(at=hours).merge(
        exact[["origin", "local", "temp"]], how="left", left_on=["origin", "at"], right_on=["origin", "local"]
    )
    met = expected["local"].notna() & hours.notna()
    assert rows.frame.loc[met, "temp"].equals(expected.loc[met, "temp"])

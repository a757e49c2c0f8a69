"""The weather of New York's airports as a feature view, joined to the flights that left them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from ml_lifecycle.config.features import StoreConfig
from ml_lifecycle.features.point_in_time import judge_point_in_time
from ml_lifecycle.features.store import FeatureStore

pytestmark = pytest.mark.real


def test_flights_get_the_weather_known_when_they_left(data: Path, tmp_path: Path) -> None:
    """Local times against UTC as text, cancelled flights without a time: rows stay, and no weather is later."""
    weather = pd.read_parquet(data / "nycflights13_weather.parquet")
    flights = pd.read_parquet(data / "nycflights13_flights.parquet")
    local = pd.to_datetime(flights[["year", "month", "day"]]) + pd.to_timedelta(flights["hour"], unit="h")
    left = local.dt.tz_localize("America/New_York", ambiguous="NaT", nonexistent="NaT")
    flights = flights[["origin", "flight"]].assign(time_hour=left)
    store = FeatureStore(
        tmp_path / "flights",
        StoreConfig(ttl_days=0.25, columns=("temp", "wind_speed", "visib", "precip")),
        entity="origin",
        event_time="time_hour",
    )
    view = store.apply(weather, "weather", 1)
    assert store.write_offline(weather, view.id).rows == len(weather)
    joined = store.get_historical(flights, [view.id])
    assert joined["flight"].tolist() == flights["flight"].tolist()
    assert joined.loc[left.notna(), "temp"].notna().mean() > 0.99
    assert joined.loc[left.isna(), "temp"].isna().all()
    features = [f"{view.id}:{name}" for name in view.columns]
    verdict = judge_point_in_time(store, flights, weather, timedelta(days=0.25), features=features, rows=300, seed=1)
    assert verdict.passed, verdict.facts

"""Tables of events for tests of history, and history computed the slow way."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from ml_lifecycle_tests.features.projects import make_project

START = datetime(2026, 1, 1)  # noqa: DTZ001 - times without a zone are what is tested
SPANS = {"2h": timedelta(hours=2), "1d": timedelta(days=1), "all": None}
STATISTICS = ["mean", "sum", "min", "max", "std", "count"]
FEATURES = {"history": [{"column": "x", "lags": [1, 3], "windows": list(SPANS), "statistics": STATISTICS}]}
PROJECT = make_project(FEATURES, target="y", task="regression", entity="who", event_time="when")
LATE = make_project(
    {"history": [FEATURES["history"][0] | {"column": "y"}]},
    target="y",
    task="regression",
    entity="who",
    event_time="when",
    outcome_time="known",
)

_hours = st.integers(0, 40).map(lambda quarters: START + timedelta(minutes=30 * quarters))
_values = st.floats(-1e6, 1e6) | st.just(0.1) | st.just(float("nan"))
lines = st.fixed_dictionaries(
    {
        "who": st.sampled_from(["a", "b", "c", None]),
        "when": _hours | st.none(),
        "known": _hours | st.none(),
        "x": _values,
        "y": _values,
    }
)
tables = st.lists(lines, min_size=1, max_size=25).map(lambda found: as_table(found))  # noqa: PLW0108 - defined below


def as_table(found: list[dict[str, Any]]) -> pd.DataFrame:
    """A table of events with `_row_id`."""
    table = pd.DataFrame(found, columns=["who", "when", "known", "x", "y"])
    table = table.assign(when=pd.to_datetime(table["when"]), known=pd.to_datetime(table["known"]))
    table = table.astype({"x": "float64", "y": "float64"})
    table.insert(0, "_row_id", np.arange(len(table)) * 7919 % 1000)
    return table


def look_back(table: pd.DataFrame, column: str, *, late: bool) -> pd.DataFrame:
    """History row by row, as a person would write it down."""
    return pd.DataFrame([_look_back(table, row, column, late=late) for _, row in table.iterrows()], index=table.index)


def _look_back(table: pd.DataFrame, row: pd.Series, column: str, *, late: bool) -> dict[str, float]:
    names = [f"{column}__lag1", f"{column}__lag3", *(f"{column}__{s}_{w}" for w in SPANS for s in STATISTICS)]
    if row["who"] is None or pd.isna(row["when"]):
        return dict.fromkeys(names, math.nan)
    past = table[(table["who"] == row["who"]) & (table["when"] < row["when"])]
    # An ordinary value can be looked back on from just behind its event, an outcome from the moment it is known.
    past = past.assign(_from=past["when"] + pd.Timedelta(1, "ns"))
    if late:
        past = past[past["y"].notna() & (past["known"] <= row["when"])]
        past = past.assign(_from=past[["_from", "known"]].max(axis=1))
    past = past.sort_values(["_from", "when", "_row_id"])
    found = {f"{column}__lag{lag}": past[column].iloc[-lag] if len(past) >= lag else math.nan for lag in (1, 3)}
    for window, span in SPANS.items():
        within = past if span is None else past[past["_from"] > row["when"] - span]
        values = within[column].dropna()
        found |= {f"{column}__{name}_{window}": float(getattr(values, name)()) for name in STATISTICS}
    return found

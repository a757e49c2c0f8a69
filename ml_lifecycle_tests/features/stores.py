"""A small feature store and the plain search that its answers are held against."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ml_lifecycle.config.features import StoreConfig
from ml_lifecycle.features.store import FeatureStore

#: Customer 1 has two values at one time, the second of them created later; customer 2's cells are missing.
ROWS = pd.DataFrame(
    {
        "customer": [1, 1, 1, 2, 2],
        "at": pd.to_datetime(["2026-01-01", "2026-01-03", "2026-01-03", "2026-01-02", "2026-01-05"]),
        "known": pd.to_datetime(["2026-01-01", "2026-01-03", "2026-01-06", "2026-01-02", "2026-01-05"]),
        "visits": pd.array([1, 2, 3, 4, None], dtype="Int64"),
        "spent": [1.5, 2.5, 3.5, 4.5, None],
        "city": ["Riga", "Oslo", "Rome", None, "Bern"],
        "member": [True, False, True, False, True],
        "since": pd.to_datetime(["2020-01-01", "2020-01-02", None, "2020-01-04", "2020-01-05"]),
    }
)
NOW = pd.Timestamp("2026-01-10")


def open_store(folder: Path, **config: object) -> FeatureStore:
    """An empty store."""
    return FeatureStore(folder / "shop", StoreConfig.model_validate(config), entity="customer", event_time="at")


def fill_store(folder: Path, **config: object) -> FeatureStore:
    """A store that holds the rows above as `customers_v1`."""
    store = open_store(folder, **config)
    view = store.apply(ROWS, "customers", 1)
    store.write_offline(ROWS, view.id)
    return store


def check_online(folder: Path, address: str) -> None:
    """Apply, write and materialise in one store, and read it in another one on the same online store."""
    store = fill_store(folder, online=address, created="known")
    assert store.materialize("customers_v1", NOW.to_pydatetime()).entities == 2
    other = open_store(folder, online=address, created="known")
    online = other.get_online([1, 2, 9], ["customers_v1"])
    assert online["city"].tolist()[:2] == ["Rome", "Bern"]
    assert online["spent"].fillna(-1).tolist() == [3.5, -1, -1]
    lookup = other.open_lookup(["customers_v1"])
    assert lookup.get(2)["since"] == pd.Timestamp("2020-01-05")
    assert set(lookup.get(9).values()) == {None}

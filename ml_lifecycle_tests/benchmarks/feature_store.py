"""The feature store against Feast's own ways and plain pandas, side by side in one process.

    python -m ml_lifecycle_tests.benchmarks.feature_store [--rows 200000] [--asked 5000] [--pairs 5]

Training sets: our offline store in Feast, Feast's own file store (dask), and `pandas.merge_asof` on frames in memory.
Look-ups: one entity of ten features, prepared and through Feast's `get_online_features`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.config.features import StoreConfig
from ml_lifecycle.features.point_in_time import judge_point_in_time
from ml_lifecycle.features.store import FeatureStore

_ENTITIES = 1000
_SPAN = 10**6  # seconds
_FEATURES = 10
_NOW = pd.Timestamp("2026-02-01").to_pydatetime()


def main() -> None:
    """Print seconds, ratios and the verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--asked", type=int, default=5_000)
    parser.add_argument("--pairs", type=int, default=5)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        source, asked = _rows(given.rows), _rows(given.asked, features=0)
        store = FeatureStore(Path(folder) / "shop", StoreConfig(), entity="who", event_time="at")
        view = store.apply(source, "history", 1).id
        print(f"write {given.rows} rows x {_FEATURES}: {_time(lambda: store.write_offline(source, view)):.2f} s")
        _training_sets(store, source, asked, Path(folder), given.pairs)
        print(f"materialise {_ENTITIES} x {_FEATURES}: {_time(lambda: store.materialize(view, _NOW)):.2f} s")
        _look_ups(store, given.pairs)


def _training_sets(store: FeatureStore, source: pd.DataFrame, asked: pd.DataFrame, folder: Path, pairs: int) -> None:
    theirs = _feast_alone(source, folder)
    ours, files, plain = [], [], []
    for turn in range(pairs):
        ours.append(_time(lambda: store.get_historical(asked, ["history_v1"])))
        plain.append(_time(lambda: pd.merge_asof(asked.sort_values("at"), source.sort_values("at"), on="at", by="who")))
        if turn == 0:  # one is enough: it takes the longest by far
            files.append(_time(lambda: theirs(asked)))
    print(
        f"training set of {len(asked)} rows: ours {statistics.median(ours):.3f} s, Feast's file store {files[0]:.2f} s"
    )
    print(
        f"  Feast / ours {files[0] / statistics.median(ours):.0f}, ours / merge_asof in memory "
        f"{statistics.median(a / b for a, b in zip(ours, plain, strict=True)):.1f}"
    )
    answer = theirs(asked)
    print(f"  rows that Feast's file store gives back: {len(answer)} of {len(asked)}")
    names = [f"history_v1:f{number}" for number in range(_FEATURES)]
    print(" ", judge_point_in_time(store, asked, source, None, features=names, rows=500, seed=0).summary)


def _feast_alone(source: pd.DataFrame, folder: Path) -> Callable[[pd.DataFrame], pd.DataFrame]:
    import feast
    from feast.types import Float64, Int64

    path = folder / "source.parquet"
    source.to_parquet(path)
    config: Any = feast.RepoConfig(
        project="plain",
        provider="local",
        registry=str(folder / "plain.db"),
        online_store={"type": "sqlite", "path": str(folder / "plain_online.db")},
        offline_store={"type": "dask"},
        entity_key_serialization_version=3,
        repo_path=folder,
    )
    store = feast.FeatureStore(config=config)
    entity = feast.Entity(name="who", join_keys=["who"], value_type=feast.ValueType.INT64)
    fields = [feast.Field(name="who", dtype=Int64)]
    fields += [feast.Field(name=f"f{number}", dtype=Float64) for number in range(_FEATURES)]
    files = feast.FileSource(path=str(path), timestamp_field="at")
    store.apply(
        [entity, feast.FeatureView(name="plain", entities=[entity], ttl=timedelta(0), schema=fields, source=files)]
    )
    names = [f"plain:f{number}" for number in range(_FEATURES)]

    def join(asked: pd.DataFrame) -> pd.DataFrame:
        with contextlib.redirect_stdout(io.StringIO()):
            answer: pd.DataFrame = store.get_historical_features(
                asked.rename(columns={"at": "event_timestamp"}), features=names
            ).to_df()
        return answer

    return join


def _look_ups(store: FeatureStore, pairs: int) -> None:
    lookup = store.open_lookup(["history_v1"])
    names = [f"history_v1:f{number}" for number in range(_FEATURES)]
    whole = store.session.feast.get_online_features
    ours, theirs = [], []
    for turn in range(pairs * 200):
        entity = turn % _ENTITIES
        ours.append(_time(lambda entity=entity: lookup.get(entity)))
        theirs.append(_time(lambda entity=entity: whole(features=names, entity_rows=[{"who": entity}]).to_dict()))
    one, other = (1e3 * statistics.median(seconds) for seconds in (ours, theirs))
    print(
        f"look-up of one entity: {one:.3f} ms (99 % under {1e3 * np.quantile(ours, 0.99):.3f}), Feast's {other:.3f} ms"
    )
    print(f"  Feast / ours {other / one:.1f}")


def _rows(count: int, features: int = _FEATURES) -> pd.DataFrame:
    rng = np.random.default_rng(count)
    start = pd.Timestamp("2026-01-01")
    columns: dict[str, Any] = {
        "who": rng.integers(0, _ENTITIES, count),
        "at": start + pd.to_timedelta(rng.integers(0, _SPAN, count), "s"),
    }
    return pd.DataFrame(columns | {f"f{number}": rng.normal(size=count) for number in range(features)})


def _time(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()

"""`LakeOfflineStore`: Feast's offline store on Delta tables, joined by `point_in_time`. Feast loads it by its name.

It imports Feast at its top, as only `feast_registry` does too, since it must derive from Feast's classes; nothing but
Feast imports it. Everything else that concerns Feast lives in `store`.

Why not Feast's own file store (0.67, dask): it loses rows of the training set whose entity has only later or expired
values, merges rows that ask twice, breaks ties by an unstable sort, and pairs every asked row with the whole history of
its entity (20,000 rows over 200 values each: 30 s and 1.6 GB).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from feast import FeatureView, OnDemandFeatureView
from feast.data_source import DataSource
from feast.feature_logging import LoggingConfig, LoggingSource
from feast.infra.offline_stores.file_source import FileSource
from feast.infra.offline_stores.offline_store import OfflineStore, RetrievalJob, RetrievalMetadata
from feast.infra.registry.base_registry import BaseRegistry
from feast.repo_config import FeastConfigBaseModel, RepoConfig
from feast.saved_dataset import SavedDatasetStorage

from ml_lifecycle.features.point_in_time import find_rows
from ml_lifecycle.features.store_rows import key_kind_of, read_rows, stamp_of, to_keys, to_times

_TIME = "event_timestamp"  # Feast's name for the time of an asked row


class LakeOfflineStoreConfig(FeastConfigBaseModel):  # type: ignore[misc,unused-ignore]
    """Feast wants a config class of this name; there is nothing to set."""

    type: Literal["ml_lifecycle.features.feast_offline.LakeOfflineStore"] = (
        "ml_lifecycle.features.feast_offline.LakeOfflineStore"
    )


class LakeRetrievalJob(RetrievalJob):  # type: ignore[misc,unused-ignore]
    """A join or a read that is done when its table is asked for."""

    def __init__(
        self, compute: Callable[[], pa.Table], *, full_names: bool, metadata: RetrievalMetadata | None
    ) -> None:
        self._compute = compute
        self._full_names = full_names
        self._metadata = metadata

    @property
    def full_feature_names(self) -> bool:
        """Whether columns carry the name of their view."""
        return self._full_names

    @property
    def on_demand_feature_views(self) -> list[OnDemandFeatureView]:
        """None: features are computed before they are stored."""
        return []

    @property
    def metadata(self) -> RetrievalMetadata | None:
        """What was asked for."""
        return self._metadata

    def _to_df_internal(self, timeout: int | None = None) -> pd.DataFrame:
        frame: pd.DataFrame = self._to_arrow_internal(timeout).to_pandas()
        return frame

    def _to_arrow_internal(self, timeout: int | None = None) -> pa.Table:  # noqa: ARG002 - Feast's signature
        return self._compute()

    def persist(
        self,
        storage: SavedDatasetStorage,
        allow_overwrite: bool | None = False,  # noqa: FBT001, FBT002 - Feast's signature
        timeout: int | None = None,
    ) -> None:
        """Not offered: a training set is an asset of the lake."""
        raise NotImplementedError("a training set is an asset of the lake")


class LakeOfflineStore(OfflineStore):  # type: ignore[misc,unused-ignore]
    """Reads Delta tables and answers what was known when."""

    supports_filter_by_created_timestamp = True

    @staticmethod
    def get_historical_features(
        config: RepoConfig,  # noqa: ARG004
        feature_views: list[FeatureView],
        feature_refs: list[str],
        entity_df: pd.DataFrame | str | None,
        registry: BaseRegistry,  # noqa: ARG004
        project: str,  # noqa: ARG004
        full_feature_names: bool = False,  # noqa: FBT001, FBT002
        filter_by_created_timestamp: bool = True,  # noqa: FBT001, FBT002, ARG004 - always: what was not known is late
        **kwargs: object,  # noqa: ARG004
    ) -> RetrievalJob:
        """Add the features of each view to the asked rows, in their order."""
        if not isinstance(entity_df, pd.DataFrame):
            msg = f"expected a frame of entities and times, got {type(entity_df).__name__}"
            raise TypeError(msg)

        def compute() -> pa.Table:
            table = pa.Table.from_pandas(entity_df, preserve_index=False)
            for view in feature_views:
                wanted = [
                    feature for name, _, feature in (ref.partition(":") for ref in feature_refs) if name == view.name
                ]
                for name, column in _join(view, wanted, entity_df).items():
                    table = table.append_column(f"{view.name}__{name}" if full_feature_names else name, column)
            return table

        times = to_times(entity_df[_TIME])
        metadata = RetrievalMetadata(
            features=feature_refs,
            keys=[str(column) for column in entity_df.columns if column != _TIME],
            min_event_timestamp=times.min(),
            max_event_timestamp=times.max(),
        )
        return LakeRetrievalJob(compute, full_names=full_feature_names, metadata=metadata)

    @staticmethod
    def pull_latest_from_table_or_query(
        config: RepoConfig,  # noqa: ARG004
        data_source: DataSource,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> RetrievalJob:
        """The newest row of each entity between two times, both included."""

        def compute() -> pa.Table:
            stamps = [timestamp_field, *([created_timestamp_column] if created_timestamp_column else [])]
            table = read_rows(_path(data_source), [*join_key_columns, *feature_name_columns, *stamps])
            keys = table.column(join_key_columns[0]).to_pandas()
            distinct = keys.dropna().drop_duplicates()
            end = stamp_of(end_date) if end_date else np.datetime64("9999-01-01", "us")
            rows = find_rows(
                keys,
                _times(table, timestamp_field),
                _times(table, created_timestamp_column) if created_timestamp_column else None,
                distinct,
                times=np.full(len(distinct), end),
                ttl=end - stamp_of(start_date) if start_date else None,
            )
            return table.take(pa.array(rows[rows >= 0])).combine_chunks()

        return LakeRetrievalJob(compute, full_names=False, metadata=None)

    @staticmethod
    def pull_all_from_table_or_query(
        config: RepoConfig,  # noqa: ARG004
        data_source: DataSource,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> RetrievalJob:
        """All rows between two times, both included."""

        def compute() -> pa.Table:
            stamps = [timestamp_field, *([created_timestamp_column] if created_timestamp_column else [])]
            table = read_rows(_path(data_source), [*join_key_columns, *feature_name_columns, *stamps])
            events = _times(table, timestamp_field)
            inside = ~np.isnat(events)
            if start_date is not None:
                inside &= events >= stamp_of(start_date)
            if end_date is not None:
                inside &= events <= stamp_of(end_date)
            return table.filter(pa.array(inside))

        return LakeRetrievalJob(compute, full_names=False, metadata=None)

    @staticmethod
    def write_logged_features(
        config: RepoConfig,
        data: pa.Table | Path,
        source: LoggingSource,
        logging_config: LoggingConfig,
        registry: BaseRegistry,
    ) -> None:
        """Not offered: predictions are logged by the serving room."""
        raise NotImplementedError("predictions are logged by the serving room")

    @staticmethod
    def offline_write_batch(config: RepoConfig, feature_view: FeatureView, table: pa.Table, progress: object) -> None:
        """Not offered: rows are written by `store`."""
        raise NotImplementedError("rows are written by `store`")


def _join(view: FeatureView, features: Sequence[str], asked: pd.DataFrame) -> dict[str, pa.ChunkedArray]:
    source = view.batch_source
    key = view.entity_columns[0].name
    created = source.created_timestamp_column
    stamps = [source.timestamp_field, *([created] if created else [])]
    table = read_rows(_path(source), [key, *features, *stamps])
    stored = table.column(key).to_pandas()
    rows = find_rows(
        stored,
        _times(table, source.timestamp_field),
        _times(table, created) if created else None,
        to_keys(asked[key], key_kind_of(stored)),
        times=to_times(asked[_TIME]).to_numpy(dtype="datetime64[us]"),
        ttl=np.timedelta64(view.ttl).astype("timedelta64[us]") if view.ttl else None,
    )
    picked = table.select(list(features)).take(pa.array(rows, mask=rows < 0))
    return {name: picked.column(name) for name in features}


def _path(source: DataSource) -> str:
    if not isinstance(source, FileSource):
        msg = f"expected a file source, got {type(source).__name__}"
        raise TypeError(msg)
    return str(source.path)


def _times(table: pa.Table, column: str) -> np.ndarray:
    return to_times(table.column(column).to_pandas()).to_numpy(dtype="datetime64[us]")

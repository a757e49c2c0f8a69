"""`FeatureStore`: features by entity and time. The door to Feast, which is imported when a store is first used.

    <folder>/registry.db       Feast's registry: which views there are
    <folder>/online.db         the online store, unless it is Redis or PostgreSQL
    <folder>/rows/<view>/      the offline store: one Delta table per view (or below the lake, where told so)
    <folder>/.lock             held while the registry, rows or the online store are written, and views are listed

Opening, lock and registry live in `feast_session`, what a view is in `store_views`, the as-of join and its gate in
`point_in_time`, the two classes that Feast loads from us in `feast_offline` and `feast_registry`, the look-up of single
entities in `online_lookup`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from ml_lifecycle.config.features import StoreConfig
from ml_lifecycle.errors import DataError
from ml_lifecycle.features.feast_session import FeastSession
from ml_lifecycle.features.online_lookup import OnlineLookup
from ml_lifecycle.features.store_rows import Written, read_rows, to_keys, to_times, write_rows
from ml_lifecycle.features.store_views import StoredView, form_of, view_id

_TIME = "event_timestamp"  # Feast's name for the time of an asked row
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Materialized:
    """What was brought into the online store.

    Args:
        view: The view.
        entities: How many entities have a value there from this time span.
        since: From when.
        until: Up to when.
    """

    view: str
    entities: int
    since: datetime
    until: datetime


class FeatureStore:
    """Features of one project by entity and time.

    Args:
        folder: Where registry and online store lie; its name is the project's.
        config: The section `features.store`.
        entity: The column that says whom a row is about.
        event_time: The column that says when its values came to be.
        rows: The folder of the offline tables, such as one of the lake; below `folder` by default.
    """

    def __init__(
        self, folder: Path, config: StoreConfig, *, entity: str, event_time: str, rows: Path | None = None
    ) -> None:
        self.folder = folder
        self.config = config
        self.session = FeastSession(folder, config)
        self.entity = entity
        self.event_time = event_time
        self.created = config.created
        self.rows = rows if rows is not None else folder / "rows"

    def apply(self, frame: pd.DataFrame, name: str, version: int) -> StoredView:
        """Make a version of a view for rows of this form; again for the same form changes at most its ttl.

        Raises:
            StateError: The version is there and holds other columns.
            DataError: The frame cannot be a view.
        """
        form = form_of(
            frame,
            entity=self.entity,
            event_time=self.event_time,
            created=self.created,
            columns=self.config.columns,
        )
        ttl = timedelta(days=self.config.ttl_days) if self.config.ttl_days is not None else None
        view = StoredView(name, version, form, ttl, self.rows / view_id(name, version))
        self.session.add(view)
        return view

    def write_offline(self, frame: pd.DataFrame, view: str, *, replace: bool = False) -> Written:
        """Write rows to a view's offline table. A row of the same entity and times as an older one counts before it.

        Args:
            frame: Rows with the view's columns, the entity and the times.
            view: The view, as `name_v1`.
            replace: Whether the rows take the place of all that are there.
        """
        stored = self.view(view)
        with self.session.locked():
            return write_rows(stored.path, frame, stored.form, replace=replace)

    def read_offline(self, view: str) -> pd.DataFrame:
        """All rows of a view's offline table."""
        stored = self.view(view)
        stamps = [stored.form.event_time, *([stored.form.created] if stored.form.created else [])]
        frame: pd.DataFrame = read_rows(str(stored.path), [*stored.form.kinds, *stamps]).to_pandas()
        return frame

    def materialize(self, view: str, until: datetime, since: datetime | None = None) -> Materialized:
        """Bring the newest values of each entity at some time into the online store, over those that are there.

        Args:
            view: The view.
            until: The time whose newest values are brought; naive counts as UTC.
            since: Only entities with an event since then; as long ago as values are given out by default.
        """
        stored = self.view(view)
        end = _aware(until)
        start = _aware(since) if since is not None else (end - stored.ttl if stored.ttl else _BEGINNING)
        with self.session.writing():
            made = self.session.feast.get_feature_view(view)
            provider = self.session.feast.provider
            newest = provider.offline_store.pull_latest_from_table_or_query(
                self.session.feast.config,
                made.batch_source,
                [stored.form.entity],
                [],
                stored.form.event_time,
                stored.form.created,
                start,
                end,
            )
            provider.materialize_single_feature_view(
                config=self.session.feast.config,
                feature_view=made,
                start_date=start,
                end_date=end,
                registry=self.session.feast.registry,
                project=self.session.feast.project,
                tqdm_builder=lambda _: None,
            )
            self.session.feast.registry.apply_materialization(made, self.session.feast.project, start, end)
        return Materialized(view, newest.to_arrow().num_rows, start, end)

    def get_online(
        self, entities: Sequence[object], features: Sequence[str], now: datetime | None = None
    ) -> pd.DataFrame:
        """Look up the online values of some entities.

        Args:
            entities: Whom to look up.
            features: `view:column`, or `view` for all of its columns; views of one entity column.
            now: The time that a value's age is reckoned to; the present by default.

        Returns:
            The entity column and one column per feature, a row per entity in the order given; missing where the entity
            is unknown, the value is missing, or it is older than its view's ttl.
        """
        refs = self.session.expand(features)
        views = {view.id: view for view in (self.view(ref.partition(":")[0]) for ref in refs)}
        first = next(iter(views.values()))
        keys = to_keys(pd.Series(list(entities), name=first.form.entity), first.form.kinds[first.form.entity])
        answer = pd.DataFrame({first.form.entity: keys})
        asked = keys.dropna().drop_duplicates()
        if asked.empty:
            return answer.reindex(columns=[first.form.entity, *_names(refs)])
        with self.session.speaking():
            found = self.session.feast.get_online_features(
                features=refs,
                entity_rows=[{first.form.entity: key} for key in asked.tolist()],
                full_feature_names=_clash(refs),
            ).to_df(include_event_timestamps=True)
        place = pd.Index(asked).get_indexer(pd.Index(keys))
        moment = pd.Timestamp(_aware(now) if now is not None else datetime.now(UTC)).timestamp()
        for ref, name in zip(refs, _names(refs), strict=True):
            values, stamps = found[name], pd.to_numeric(found[f"{name}__ts"])
            ttl = views[ref.partition(":")[0]].ttl
            if ttl is not None:
                values = values.where(stamps >= moment - ttl.total_seconds())
            answer[name] = _naive(values).reindex(place).to_numpy()
        return answer

    def open_lookup(self, features: Sequence[str]) -> OnlineLookup:
        """Prepare the look-up of single entities for serving; features of one view, `view:column` or `view`.

        Raises:
            DataError: The features are of several views.
        """
        refs = self.session.expand(features)
        views = {ref.partition(":")[0] for ref in refs}
        if len(views) != 1:
            raise DataError(
                "a look-up cannot be prepared",
                expected="features of one view",
                got=f"features of {sorted(views)}",
                advice="open one look-up per view",
            )
        view = self.view(views.pop())
        return OnlineLookup.open(self.session.feast, view, [ref.partition(":")[2] for ref in refs])

    def get_historical(self, entity_frame: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
        """Add to each row what was known of its entity at its time: a training set that looks back only.

        Args:
            entity_frame: Rows with the entity and the event time, and any other columns but the features.
            features: `view:column`, or `view` for all of its columns.

        Returns:
            The rows in their order and with their index, with one more column per feature.

        Raises:
            DataError: A column is absent, or is there already under a feature's name.
        """
        refs = self.session.expand(features)
        names = _names(refs)
        absent = [column for column in (self.entity, self.event_time) if column not in entity_frame.columns]
        present = [name for name in names if name in entity_frame.columns]
        if absent or present:
            raise DataError(
                "features cannot be added to these rows",
                expected=f"the columns '{self.entity}' and '{self.event_time}' and none of the features",
                got=f"no {absent}" if absent else f"{present} already",
                advice="give the entities, the times and what the store does not hold",
            )
        if entity_frame.empty:
            return entity_frame.assign(**dict.fromkeys(names))
        form = self.view(refs[0].partition(":")[0]).form
        asked = pd.DataFrame(
            {
                form.entity: to_keys(entity_frame[self.entity], form.kinds[form.entity]).to_numpy(),
                _TIME: to_times(entity_frame[self.event_time]).to_numpy(),
            }
        )
        job = self.session.feast.get_historical_features(asked, features=refs, full_feature_names=_clash(refs))
        joined: pd.DataFrame = job.to_df().apply(_naive)
        joined.index = entity_frame.index
        return pd.concat([entity_frame, joined[names]], axis=1)

    def list_views(self) -> tuple[StoredView, ...]:
        """The views, by name and version."""
        return self.session.views()

    def view(self, view: str) -> StoredView:
        """One view, as `name_v1`.

        Raises:
            DataError: There is no such view.
        """
        return self.session.view(view)


def _clash(refs: Sequence[str]) -> bool:
    columns = [ref.partition(":")[2] for ref in refs]
    return len(set(columns)) < len(columns)


def _names(refs: Sequence[str]) -> list[str]:
    """Columns by their own names; where two views share one, with the view's before it."""
    return [ref.replace(":", "__") if _clash(refs) else ref.partition(":")[2] for ref in refs]


def _naive(column: pd.Series[Any]) -> pd.Series[Any]:
    """Times as the house has them: naive UTC in nanoseconds."""
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column
    return to_times(column).astype("datetime64[ns]")


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

"""The feature store of a project: where it lies, which view stands, the features of an entity.

How features are stored and joined lives in `store`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ml_lifecycle.config.home import Home
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd

    from ml_lifecycle.features.store import FeatureStore
    from ml_lifecycle.features.store_views import StoredView


def open_store(project: ProjectConfig) -> FeatureStore:
    """The feature store of a project.

    Raises:
        ConfigError: The project names no entity or no event time.
    """
    from ml_lifecycle.features.store import FeatureStore

    entity, event_time = project.dataset.entity, project.dataset.event_time
    if entity is None or event_time is None:
        raise ConfigError(
            "the feature store needs to know whom rows are about, and when",
            expected="dataset.entity and dataset.event_time",
            got=f"entity {entity}, event_time {event_time}",
            advice="name both columns in the YAML, or switch features.store off",
        )
    home = Home.find(project.root).create()
    folder = home.feast / project.name
    folder.mkdir(parents=True, exist_ok=True)
    rows = home.lake / project.name / "feature_view_rows"
    return FeatureStore(folder, project.features.store, entity=entity, event_time=event_time, rows=rows)


def stored_columns(project: ProjectConfig, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of rows that a view holds: entity, times, and what is a feature."""
    data, store = project.dataset, project.features.store
    keys = [name for name in (data.entity, data.event_time, store.created) if name is not None]
    named = store.columns or tuple(
        name for name in frame.columns if name not in project.non_features and not name.startswith("_")
    )
    return frame[[*keys, *(name for name in named if name not in keys)]]


def apply_view(store: FeatureStore, project: ProjectConfig, frame: pd.DataFrame) -> StoredView:
    """Make the view for rows of this form, under the version that the YAML names, else the newest that fits."""
    from ml_lifecycle.features.store_views import form_of

    config = project.features.store
    name = config.name or project.name
    if config.version is not None:
        return store.apply(frame, name, config.version)
    known = [view for view in store.list_views() if view.name == name]
    newest = max(known, key=lambda view: view.version, default=None)
    if newest is None:
        return store.apply(frame, name, 1)
    form = form_of(
        frame, entity=store.entity, event_time=store.event_time, created=store.created, columns=config.columns
    )
    # Columns that have changed since: that is what versions are for.
    return store.apply(frame, name, newest.version if newest.form == form else newest.version + 1)


def newest_view(store: FeatureStore, project: ProjectConfig) -> StoredView:
    """The view that features are looked up in.

    Raises:
        DataError: Nothing was stored yet.
    """
    name = project.features.store.name or project.name
    views = [view for view in store.list_views() if view.name == name]
    if not views:
        raise DataError(
            f"project {project.name!r} has no feature view",
            expected=f"a view {name!r}",
            got="none",
            advice=f"make it with `ml-lifecycle features store {project.name}`",
        )
    return max(views, key=lambda item: item.version)


def look_up(project: ProjectConfig, entities: Sequence[str]) -> list[dict[str, Any]]:
    """The newest features of entities from the online store, one mapping for each.

    Raises:
        DataError: Nothing was stored yet.
    """
    from ml_lifecycle.features.cells import is_missing

    store = open_store(project)
    found = store.get_online(entities, [newest_view(store, project).id])
    return [
        {str(column): None if is_missing(value) else value for column, value in row.items()}
        for row in found.to_dict("records")
    ]


def join_features(project: ProjectConfig, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with entity and event time, and beside them what the store knew of the entity at that time: a training set.

    Raises:
        DataError: Nothing was stored yet, a column is absent, or is there already under a feature's name.
    """
    store = open_store(project)
    return store.get_historical(rows, [newest_view(store, project).id])

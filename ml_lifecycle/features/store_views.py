"""Feature views: how they are named, what they hold, and their form in Feast's registry.

How they are written and read lives in `store`, what their rows look like in `store_rows`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ml_lifecycle.dataset.rows import ROW_ID, SPLIT
from ml_lifecycle.errors import ConfigError, DataError
from ml_lifecycle.features.store_rows import RowForm, ValueKind, key_kind_of, kind_of

if TYPE_CHECKING:
    from feast import Entity, FeatureView, Field
    from feast.types import FeastType

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")  # with project and version it stays below PostgreSQL's 63 characters


@dataclass(frozen=True, slots=True)
class StoredView:
    """A feature view.

    Args:
        name: Its name without the version.
        version: Its version, from 1.
        form: Its columns.
        ttl: How old a value may be that is given out; any age when None.
        path: The Delta table of its rows.
    """

    name: str
    version: int
    form: RowForm
    ttl: timedelta | None
    path: Path

    @property
    def id(self) -> str:
        """The name in Feast, as it stands before the colon of a feature."""
        return view_id(self.name, self.version)

    @property
    def columns(self) -> tuple[str, ...]:
        """The stored features."""
        return tuple(name for name in self.form.kinds if name != self.form.entity)


def view_id(name: str, version: int) -> str:
    """What a version of a view is called in Feast.

    Raises:
        ConfigError: The name or the version cannot be used.

    >>> view_id("customers", 2)
    'customers_v2'
    """
    if not _NAME.fullmatch(name) or version < 1:
        raise ConfigError(
            "a feature view cannot be named so",
            expected="a name of small letters, digits and _, and a version from 1",
            got=f"{name!r}, version {version}",
            advice="mend features.store.name or --name and --version",
        )
    return f"{name}_v{version}"


def form_of(
    frame: pd.DataFrame, *, entity: str, event_time: str, created: str | None, columns: Sequence[str]
) -> RowForm:
    """What a view of a frame would hold: the columns named, or all but the house's own, entity and times.

    Raises:
        DataError: A column is absent, no column is left, or the entity is neither whole number nor text.
    """
    stamps = {event_time} | ({created} if created is not None else set())
    wanted = list(columns) or [str(name) for name in frame.columns if name not in {entity, ROW_ID, SPLIT} | stamps]
    absent = [name for name in [entity, *sorted(stamps), *wanted] if name not in frame.columns]
    if absent or not wanted:
        raise DataError(
            "a feature view cannot be made of these rows",
            expected=f"the entity '{entity}', the times {sorted(stamps)} and at least one feature",
            got=f"no {absent}" if absent else "no feature",
            advice="check dataset.entity, dataset.event_time and features.store.columns",
        )
    kinds = {entity: key_kind_of(frame[entity])} | {
        name: kind_of(frame[name]) for name in wanted if name != entity and name not in stamps
    }
    return RowForm(entity, event_time, created, kinds)


def to_feast(view: StoredView) -> list[Entity | FeatureView]:
    """The view and its entity as Feast's objects."""
    from feast import Entity, FeatureView, Field, FileSource
    from feast.data_format import DeltaFormat
    from feast.value_type import ValueType

    form = view.form
    kind = form.kinds[form.entity]
    entity = Entity(
        name=f"{form.entity}_{kind.name.lower()}",  # two views may hold the same column as number and as text
        join_keys=[form.entity],
        value_type=ValueType.INT64 if kind is ValueKind.WHOLE else ValueType.STRING,
    )
    made = FeatureView(
        name=view.id,
        entities=[entity],
        ttl=view.ttl,
        schema=[Field(name=name, dtype=_feast_type(held)) for name, held in form.kinds.items()],
        source=FileSource(
            name=view.id,
            path=str(view.path),
            file_format=DeltaFormat(),
            timestamp_field=form.event_time,
            created_timestamp_column=form.created or "",
        ),
        tags={"name": view.name, "version": str(view.version)},
    )
    return [entity, made]


def from_feast(made: FeatureView) -> StoredView:
    """The view that Feast's registry holds."""
    source = made.batch_source
    entity = made.entity_columns[0]
    kinds = {entity.name: _kind(entity)} | {field.name: _kind(field) for field in made.features}
    form = RowForm(entity.name, source.timestamp_field, source.created_timestamp_column or None, kinds)
    return StoredView(made.tags["name"], int(made.tags["version"]), form, made.ttl or None, Path(source.path))


def _feast_type(kind: ValueKind) -> FeastType:
    from feast import types

    return {
        ValueKind.TRUTH: types.Bool,
        ValueKind.WHOLE: types.Int64,
        ValueKind.NUMBER: types.Float64,
        ValueKind.TIME: types.UnixTimestamp,
        ValueKind.TEXT: types.String,
    }[kind]


def _kind(field: Field) -> ValueKind:
    return next(kind for kind in ValueKind if _feast_type(kind) == field.dtype)

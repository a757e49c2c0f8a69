"""Columns that a row to be scored does not bring, looked up in the feature store by whom the row is about.

How the store keeps and finds them lives in `features/store`; what a completed row is worth is asked of the schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ml_lifecycle.features.project_store import newest_view, open_store

if TYPE_CHECKING:
    from ml_lifecycle.config.project import ProjectConfig


@dataclass(frozen=True, slots=True)
class StoredFeatures:
    """Completes rows from the online store, which always gives the newest values it has.

    Args:
        entity: The column that says whom a row is about.
        columns: What the store knows of an entity.
        get: Looks one entity up: value by column, None where nothing is known.
    """

    entity: str
    columns: frozenset[str]
    get: Callable[[object], Mapping[str, object]]

    @classmethod
    def open(cls, project: ProjectConfig) -> StoredFeatures | None:
        """The stored features of a project; None where it keeps no store.

        Raises:
            DataError: Nothing was stored yet.
            StateError: The online store does not answer.
        """
        if not project.features.store.enabled:
            return None
        store = open_store(project)
        view = newest_view(store, project)
        return cls(store.entity, frozenset(view.columns), store.open_lookup([view.id]).get)

    def complete(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """The row with what the store knows of its entity; what the row brings itself goes first.

        A row that names no entity, or an entity that nobody knows, stays as it is.
        """
        entity = row.get(self.entity)
        absent = self.columns.difference(row)
        if entity is None or not absent:
            return row
        found = self.get(entity)
        if all(value is None for value in found.values()):
            return row
        return {**row, **{name: found[name] for name in absent}}

"""`OnlineLookup`: the stored features of one entity, prepared once so that a request pays for the read alone.

Which features there are lives in `store`; many entities at once are read there too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ml_lifecycle.features.store_rows import ValueKind
from ml_lifecycle.features.store_views import StoredView

if TYPE_CHECKING:
    from feast import FeatureStore as Feast
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value

_NO_TIME = -(2**63)  # Feast's missing time


@dataclass(frozen=True, slots=True)
class OnlineLookup:
    """Looks up one entity at a time.

    It asks Feast's online store itself: `get_online_features` resolves names, groups views and builds an answer for
    many rows on each call, which costs several times the read.

    Args:
        columns: The features, in the order of the answer.
        view: The view they are of.
        read: Reads the values of one entity: Feast's time and messages by name, or None twice.
        key: Makes Feast's message of an entity.
    """

    columns: tuple[str, ...]
    view: StoredView
    read: Callable[[EntityKey], tuple[datetime | None, dict[str, Value] | None]]
    key: Callable[[object], EntityKey]

    @classmethod
    def open(cls, store: Feast, view: StoredView, columns: Sequence[str]) -> OnlineLookup:
        """Prepare a look-up in an opened Feast store."""
        from feast.protos.feast.types.EntityKey_pb2 import EntityKey
        from feast.protos.feast.types.Value_pb2 import Value

        table, provider, config, names = store.get_feature_view(view.id), store.provider, store.config, list(columns)
        whole = view.form.kinds[view.form.entity] is ValueKind.WHOLE

        def key(entity: object) -> EntityKey:
            value = Value(int64_val=int(entity)) if whole else Value(string_val=str(entity))  # type: ignore[call-overload]
            return EntityKey(join_keys=[view.form.entity], entity_values=[value])

        def read(message: EntityKey) -> tuple[datetime | None, dict[str, Value] | None]:
            answer: tuple[datetime | None, dict[str, Value] | None] = provider.online_read(
                config, table, [message], requested_features=names
            )[0]
            return answer

        return cls(tuple(columns), view, read, key)

    def get(self, entity: object, now: datetime | None = None) -> dict[str, object]:
        """The features of an entity; None where it is unknown, or the value is missing or too old.

        Args:
            entity: Whom to look up.
            now: The time that a value's age is reckoned to; the present by default, naive counts as UTC.
        """
        moment, values = self.read(self.key(entity))
        if moment is None or values is None or self._too_old(moment, now):
            return dict.fromkeys(self.columns)
        return {column: _plain(values.get(column)) for column in self.columns}

    def _too_old(self, moment: datetime, now: datetime | None) -> bool:
        if self.view.ttl is None:
            return False
        asked = datetime.now(UTC) if now is None else now if now.tzinfo else now.replace(tzinfo=UTC)
        return moment < asked - self.view.ttl


def _plain(message: Value | None) -> object:
    """The value of Feast's message."""
    kind = None if message is None else message.WhichOneof("val")
    if kind is None or kind == "null_val":
        return None
    value: object = getattr(message, kind)
    if kind == "unix_timestamp_val":  # whole seconds
        if value == _NO_TIME:
            return None
        return datetime.fromtimestamp(int(value), UTC).replace(tzinfo=None)  # type: ignore[call-overload]
    return value

"""`AtomicRegistryStore`: Feast's registry file, replaced as a whole. Feast loads it by its name, nothing else does.

Feast's own store writes into the file in place: a process killed at that moment would leave half a registry, and a
reader without the lock could see one. Everything else that concerns Feast lives in `store` and `feast_offline`.
"""

from __future__ import annotations

import os
import uuid

from feast.infra.registry.file import FileRegistryStore
from feast.protos.feast.core.Registry_pb2 import Registry
from feast.utils import _utc_now


class AtomicRegistryStore(FileRegistryStore):  # type: ignore[misc,unused-ignore]
    """Writes the registry beside its place and moves it there."""

    def update_registry_proto(self, registry_proto: Registry) -> None:
        """Replace the registry; who reads sees the old or the new one."""
        registry_proto.version_id = str(uuid.uuid4())
        registry_proto.last_updated.FromDatetime(_utc_now())
        scratch = self._filepath.with_name(f".{self._filepath.name}.{os.getpid()}")
        with scratch.open("wb") as file:
            file.write(registry_proto.SerializeToString())
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(self._filepath)

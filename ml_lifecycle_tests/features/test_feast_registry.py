"""The registry file is replaced as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml_lifecycle.errors import StateError
from ml_lifecycle_tests.features.stores import ROWS, fill_store


def test_a_failed_write_leaves_the_old_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the process ends before the new file is in place, the views of before are still there."""
    store = fill_store(tmp_path)
    before = (store.folder / "registry.db").read_bytes()

    def fail(_: int) -> None:
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr("os.fsync", fail)
        with pytest.raises(StateError, match="refuses"):
            store.apply(ROWS, "customers", 2)
    assert (store.folder / "registry.db").read_bytes() == before
    assert [view.version for view in store.list_views()] == [1]

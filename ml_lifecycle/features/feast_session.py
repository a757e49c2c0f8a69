"""`FeastSession`: an opened Feast store, its lock, its registry, and its errors in our words.

What is asked of it lives in `store`; Feast is imported when the session is first used.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from ml_lifecycle.config.features import StoreConfig
from ml_lifecycle.errors import BusyError, ConfigError, DataError, LifecycleError, StateError
from ml_lifecycle.features.online_settings import online_settings
from ml_lifecycle.features.store_views import StoredView, from_feast, to_feast

if TYPE_CHECKING:
    from feast import FeatureStore as Feast

_OFFLINE = "ml_lifecycle.features.feast_offline.LakeOfflineStore"
_REGISTRY = "ml_lifecycle.features.feast_registry.AtomicRegistryStore"
_LOCK_SECONDS = 120.0
_BATCH = 10_000  # rows that are turned into Feast's messages at once


class FeastSession:
    """Feast on one folder.

    Args:
        folder: Where registry and online store lie; its name is the project's.
        config: The section `features.store`.
    """

    def __init__(self, folder: Path, config: StoreConfig) -> None:
        self.folder = folder
        self.config = config

    @cached_property
    def feast(self) -> Feast:
        """Feast's own store."""
        return _open(self.folder, self.config)

    def add(self, view: StoredView) -> None:
        """Put a view into the registry and make its table online; again for the same columns changes nothing else.

        Raises:
            StateError: The version is there and holds other columns.
        """
        with self.writing():
            present = self._views().get(view.id)
            if present is not None and present.form != view.form:
                raise StateError(
                    f"feature view {view.id} is there and holds other columns",
                    expected=f"{ {name: kind.value for name, kind in present.form.kinds.items()} }",
                    got=f"{ {name: kind.value for name, kind in view.form.kinds.items()} }",
                    advice="store the features under the next version",
                )
            self.feast.apply(to_feast(view))
            self._let_readers_in()

    def views(self) -> tuple[StoredView, ...]:
        """The views, by name and version."""
        with self.locked():
            found = self._views().values()
        return tuple(sorted(found, key=lambda view: (view.name, view.version)))

    def view(self, view: str) -> StoredView:
        """One view, as `name_v1`.

        Raises:
            DataError: There is no such view.
        """
        if view not in self._known:
            with self.locked():
                self._known.update(self._views())
        if view not in self._known:
            raise DataError(
                f"there is no feature view {view}",
                expected=f"one of {sorted(self._known)}" if self._known else "a view that was stored before",
                got=repr(view),
                advice="store it first (`ml-lifecycle features store --name N --version V`)",
            )
        return self._known[view]

    def expand(self, features: Sequence[str]) -> list[str]:
        """Features as `view:column`, each once; a view alone stands for all of its columns.

        Raises:
            DataError: A view or a column is not there, or nothing is asked for.
        """
        refs: list[str] = []
        for feature in features:
            view, _, column = feature.partition(":")
            stored = self.view(view)
            if column and column not in stored.columns:
                raise DataError(
                    f"there is no feature {feature}",
                    expected=f"one of {list(stored.columns)}",
                    got=repr(column),
                    advice="name a stored column, or store it under a new version of the view",
                )
            refs += [feature] if column else [f"{view}:{name}" for name in stored.columns]
        if not refs:
            raise DataError("no feature is asked for", expected="`view:column` or `view`", got="nothing")
        return list(dict.fromkeys(refs))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock, with the registry as it is on disk."""
        with self.locked(), self.speaking():
            if (self.folder / "registry.db").exists():
                self.feast.refresh_registry()  # another process may have written since
            yield
        self.__dict__.pop("_known", None)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the folder.

        Raises:
            BusyError: Another process holds it for too long.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / ".lock", timeout=_LOCK_SECONDS):
                yield
        except Timeout as error:
            raise BusyError(
                "the feature store is in use",
                expected=f"its lock within {_LOCK_SECONDS:.0f} seconds",
                got="another process that holds it",
                advice="wait for the other run, or end it",
            ) from error

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Tell in our words what the online store's own library raises."""
        try:
            yield
        except LifecycleError:
            raise
        except Exception as error:
            raise StateError(
                "the feature store refuses",
                expected=f"a working online store ({self.config.online})",
                got=f"{type(error).__name__}: {error}",
                advice="check that its server runs and that features.store.online names it; then store the view again",
            ) from error

    @cached_property
    def _known(self) -> dict[str, StoredView]:
        return {}

    def _views(self) -> dict[str, StoredView]:
        """What the registry on disk holds; the lock is held by the caller."""
        if not (self.folder / "registry.db").exists():
            return {}
        self.feast.refresh_registry()
        views = self.feast.list_feature_views()
        return {made.name: from_feast(made) for made in views if "version" in made.tags}

    def _let_readers_in(self) -> None:
        """Let SQLite be read while it is written, which its default does not."""
        if self.config.online == "sqlite":
            with closing(sqlite3.connect(self.folder / "online.db")) as connection:
                connection.execute("PRAGMA journal_mode=WAL")


def _open(folder: Path, config: StoreConfig) -> Feast:
    os.environ.setdefault("FEAST_USAGE", "False")  # older releases of Feast call out; 0.67 no longer does
    try:
        import feast
        from feast.errors import FeastExtrasDependencyImportError, FeastModuleImportError
    except ImportError as error:
        raise _absent("Feast", error) from error
    settings = online_settings(config.online, folder)
    try:
        opened = feast.FeatureStore(
            config=feast.RepoConfig(
                project=folder.name,
                provider="local",
                # The cache never ages by itself: a request must not pay for reading the registry.
                registry={
                    "path": str(folder / "registry.db"),
                    "registry_store_type": _REGISTRY,
                    "cache_ttl_seconds": 0,
                },
                online_store=settings,
                offline_store={"type": _OFFLINE},
                # Without batches Feast writes the first piece of a table of several pieces and drops the rest; without
                # `pull_latest_features` it picks the newest rows itself and does not ask when they were created.
                materialization={"online_write_batch_size": _BATCH, "pull_latest_features": True},
                entity_key_serialization_version=3,
                repo_path=folder,
            )
        )
        _ = opened.provider.online_store  # imports its library, connects to nothing
    except (ImportError, FeastExtrasDependencyImportError, FeastModuleImportError) as error:
        raise _absent(f"what Feast needs for {settings['type']}", error) from error
    return opened


def _absent(what: str, error: Exception) -> ConfigError:
    return ConfigError(
        f"{what} is not installed",
        expected="the extra `feast`",
        got=f"{type(error).__name__}: {error}",
        advice='pip install "ml-lifecycle[feast]", or set features.store.enabled to false',
    )

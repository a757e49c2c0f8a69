"""From the setting to Feast's words."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from ml_lifecycle.config.features import StoreConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.features.online_settings import online_settings


def test_sqlite_lies_in_the_folder(tmp_path: Path) -> None:
    """The default needs nothing but the folder."""
    assert online_settings("sqlite", tmp_path) == {"type": "sqlite", "path": str(tmp_path / "online.db")}


def test_a_password_comes_from_the_environment_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Characters that mean something in a URL do no harm, since the address is cut before the secret is put in."""
    monkeypatch.setenv("SHOP_PASSWORD", "a@b/c:d")
    made = online_settings("postgresql://ann:${SHOP_PASSWORD}@db:5433/shop?schema=features&sslmode=require", Path())
    assert made == {
        "type": "postgres",
        "host": "db",
        "port": 5433,
        "database": "shop",
        "db_schema": "features",
        "user": "ann",
        "password": "a@b/c:d",
        "sslmode": "require",
    }


def test_a_redis_password_survives_feasts_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Feast cuts its connection string at commas and reads values as JSON; digits stay text."""
    monkeypatch.setenv("CACHE", "12,3")
    made = online_settings("rediss://:${CACHE}@cache/1", Path())["connection_string"]
    from feast.infra.online_stores.redis import RedisOnlineStore

    nodes, options = RedisOnlineStore._parse_connection_string(made)
    assert nodes == [{"host": "cache", "port": "6379"}]
    assert options == {"db": 1, "ssl": True, "password": "12,3"}


def test_a_missing_variable_is_named() -> None:
    """The message names the variable, never a value."""
    with pytest.raises(ConfigError, match="NOT_THERE"):
        online_settings("redis://:${NOT_THERE}@cache", Path())


def test_an_unknown_store_is_refused() -> None:
    """What is no online store is an error, without the address, which may hold a secret."""
    with pytest.raises(ConfigError, match="'mysql'"):
        online_settings("mysql://x", Path())


def test_a_written_password_is_refused() -> None:
    """The YAML never holds a password."""
    with pytest.raises(ValidationError, match="environment variable"):
        StoreConfig(online="redis://:secret@cache")

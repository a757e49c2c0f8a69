"""Tests of `ml_lifecycle.config.features`: options that fit, an online store that is known, no password in the YAML."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ml_lifecycle.config.features import ColumnFeatureConfig, StoreConfig


@pytest.mark.parametrize("online", ["mysql://h", "redis", "", "sqlite:///x.db"])
def test_an_unknown_online_store_is_refused(online: str) -> None:
    """When the YAML is read."""
    with pytest.raises(ValidationError, match="redis://"):
        StoreConfig(online=online)


@pytest.mark.parametrize("online", ["redis://:pw@h:6379", "redis://h:6379?password=pw"])
def test_a_password_that_is_written_out_is_refused(online: str) -> None:
    """Wherever in the URL it stands."""
    with pytest.raises(ValidationError, match="environment variable"):
        StoreConfig(online=online)


@pytest.mark.parametrize("online", ["sqlite", "rediss://:${PW}@h:6379/1", "postgresql://u:${PW}@h/db"])
def test_a_known_online_store_is_taken(online: str) -> None:
    """With its password as a reference."""
    assert StoreConfig(online=online).online == online


def test_an_option_of_another_encoding_is_refused() -> None:
    """It would do nothing; where the encoding is left open, it may come to use."""
    with pytest.raises(ValidationError, match="smoothing"):
        ColumnFeatureConfig(encode="text", smoothing=3)
    assert ColumnFeatureConfig(encode="target", smoothing=3).smoothing == 3
    assert ColumnFeatureConfig(cyclic=True).cyclic

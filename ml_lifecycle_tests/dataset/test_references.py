"""References to the environment are put in when a source is read, and hidden in what is said."""

from __future__ import annotations

import pytest

from ml_lifecycle.dataset.references import conceal, resolve, resolve_all
from ml_lifecycle.errors import ConfigError


def test_references_are_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several in one text, and in each option."""
    monkeypatch.setenv("BUCKET", "rows")
    monkeypatch.setenv("KEY", "k/2")
    assert resolve("s3://${BUCKET}/a?k=${KEY}") == "s3://rows/a?k=k/2"
    assert resolve_all({"key": "${KEY}", "plain": "$KEY"}) == {"key": "k/2", "plain": "$KEY"}


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """An empty one is as good as none."""
    monkeypatch.delenv("NO_SUCH", raising=False)
    if value is not None:
        monkeypatch.setenv("NO_SUCH", value)
    with pytest.raises(ConfigError, match="NO_SUCH"):
        resolve("${NO_SUCH}")


def test_values_are_hidden_in_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are, and as a URL writes them."""
    monkeypatch.setenv("PASSWORD", "a b/c")
    said = conceal("refused 'a b/c' and\n a%20b%2Fc", "x://${PASSWORD}@y")
    assert said == "refused '${PASSWORD}' and ${PASSWORD}"

"""Who may call a package that is served by itself."""

import hashlib

import pytest

from ml_lifecycle.errors import ConfigError, StateError
from ml_lifecycle.serving.package_keys import GivenKeys, read_hashes

_HASH = hashlib.sha256(b"secret").hexdigest()


def test_hashes_are_read_from_a_list() -> None:
    """Separated by commas, in any case."""
    assert read_hashes(f" {_HASH.upper()}, {_HASH},", host="0.0.0.0") == (_HASH, _HASH)  # noqa: S104 - nothing listens
    assert read_hashes("", host="127.0.0.1") == ()


def test_a_server_without_keys_stays_on_loopback() -> None:
    """And what is no hash is refused without being repeated."""
    with pytest.raises(ConfigError, match="open to the network"):
        read_hashes("", host="0.0.0.0")  # noqa: S104 - nothing listens
    with pytest.raises(ConfigError, match="1 of 2 parts") as refused:
        read_hashes(f"{_HASH},secret", host="127.0.0.1")
    assert "secret" not in str(refused.value)


def test_given_keys_cannot_be_changed() -> None:
    """They open, and are neither given out nor listed nor revoked."""
    keys = GivenKeys([_HASH])
    assert keys.digests("tiny") == {_HASH: "tiny, key 1"}
    for change in (
        lambda: keys.add("tiny", "a", by="me"),
        lambda: keys.list("tiny"),
        lambda: keys.revoke("tiny", "a"),
    ):
        with pytest.raises(StateError, match="in the environment"):
            change()

"""Tests of `ml_lifecycle.config.alert_addresses`: secrets are named, never written out."""

from __future__ import annotations

import pytest
from pydantic_core import PydanticCustomError

from ml_lifecycle.config.alert_addresses import refuse_secrets
from ml_lifecycle.config.alerts import AlertsConfig, ChannelConfig


@pytest.mark.parametrize(
    "address",
    [
        "slack://hush/hush/hush",
        "tgram://hush/123",
        "mailto://me:hush@example.org",
        "mailtos://example.org?user=me&pass=hush",
        "json://me:hush@host/path",
        "jsons://host/path?+Authorization=Bearer hush",
        "jsons://host/path?+X-Api-Key=hush",
        "https://hooks.slack.com/services/hush",
        "https://prod.westeurope.logic.azure.com/workflows/hush",
    ],
)
def test_an_address_with_a_secret_is_refused(address: str) -> None:
    """Passwords, headers, and the tokens that chat systems make addresses of; the message does not repeat them."""
    with pytest.raises(PydanticCustomError) as caught:
        refuse_secrets(address)
    assert "hush" not in caught.value.message()


@pytest.mark.parametrize(
    "address",
    [
        "env:SLACK",
        "slack://${TOKENS}/#alerts",
        "mailtos://me:${PASSWORD}@example.org",
        "mailtos://example.org:587?user=me&pass=${PASSWORD}&to=team@example.org",
        "json://127.0.0.1:8000/alerts",
        "jsons://host/path?+Authorization=${TOKEN}",
        "https://hooks.slack.com/services/${TOKENS}",
    ],
)
def test_an_address_that_names_its_secrets_is_taken(address: str) -> None:
    """So is one that has none."""
    refuse_secrets(address)


def test_channels_have_names_that_tell_no_secret() -> None:
    """The same URL has the same name, so that what is undelivered finds its channel again."""
    channel = ChannelConfig(url="slack://${TOKENS}/#alerts")
    assert channel.title == ChannelConfig(url="slack://${TOKENS}/#alerts").title
    assert channel.title.startswith("slack-")
    with pytest.raises(ValueError, match="different names"):
        AlertsConfig(channels=(channel, channel))

"""The alerts part of the monitoring section: who is told of what."""

from __future__ import annotations

from pydantic import Field, field_validator

from ml_lifecycle.config.base import Section
from ml_lifecycle.config.secrets import refuse_in_url


class AlertsConfig(Section):
    """Who is told."""

    webhook: str | None = Field(
        default=None,
        description="URL that alerts are posted to as JSON; secrets as `${NAME}`; `env:NAME` takes all of it from the "
        "environment.",
    )

    @field_validator("webhook")
    @classmethod
    def _no_secret_in_the_yaml(cls, value: str | None) -> str | None:
        if value is not None:
            refuse_in_url(value)
        return value

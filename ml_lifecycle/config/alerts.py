"""The alerts part of the monitoring section: who is told of what, how often, and what is tried before people are."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Final

from pydantic import Field, field_validator, model_validator

from ml_lifecycle.config.alert_addresses import FROM_ENVIRONMENT, refuse_secrets, scheme_of
from ml_lifecycle.config.base import Section
from ml_lifecycle.config.secrets import refuse_in_url

#: The name of the channel that `webhook` is.
WEBHOOK: Final = "webhook"
_DIGITS: Final = 6


class AlertSeverity(StrEnum):
    """How bad it is, the mildest first."""

    INFO = "info"
    WARN = "warn"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Its place among them, from 0."""
        return list(AlertSeverity).index(self)


class AlertKind(StrEnum):
    """What an alert is about."""

    DRIFT = "drift"
    PERFORMANCE = "performance"
    FAILED_RUN = "failed_run"
    FAILED_GATE = "failed_gate"
    QUARANTINE = "quarantine"
    ROLLBACK = "rollback"
    MISSED_SCHEDULE = "missed_schedule"
    DATA_QUALITY = "data_quality"
    OPERATIONS = "operations"


class ChannelConfig(Section):
    """One place that alerts are sent to."""

    url: str = Field(
        min_length=1,
        description="An Apprise URL: `mailtos://...`, `slack://...`, `msteams://...`, `json://host/path`; secrets as "
        "`${NAME}`; `env:NAME` takes all of it from the environment.",
    )
    name: str = Field(
        default="", max_length=60, description="What it is called in the history; by default made from its URL."
    )
    min_severity: AlertSeverity | None = Field(
        default=None, description="Mildest severity that it is sent; by default what `alerts.min_severity` says."
    )
    kinds: tuple[AlertKind, ...] = Field(default=(), description="What it is told of; by default everything.")

    @field_validator("url")
    @classmethod
    def _no_secret_in_the_yaml(cls, value: str) -> str:
        refuse_secrets(value)
        return value

    @property
    def title(self) -> str:
        """Its name, or one that stays the same for the same URL and tells nothing of it but the scheme."""
        if self.name:
            return self.name
        scheme = scheme_of(self.url) or self.url.removeprefix(FROM_ENVIRONMENT)
        return f"{scheme}-{hashlib.sha256(self.url.encode()).hexdigest()[:_DIGITS]}"


class EscalationConfig(Section):
    """What is tried by itself before, or while, people are told."""

    training_retries: int = Field(
        default=1, ge=0, description="How often a training that crashed is started again, from its checkpoints."
    )
    resource_retries: int = Field(
        default=3, ge=0, description="How often a run that lacked memory, space or a lock is queued again."
    )
    resource_delay_minutes: float = Field(
        default=10, ge=0, description="How long such a run waits first; each further time twice as long."
    )
    resource_priority: int = Field(
        default=-10, le=0, description="Its priority in Dagster's queue; other runs have 0 and go first."
    )
    roll_back: bool = Field(
        default=True,
        description="Whether the last good version is restored when the run that put a version into production broke "
        "and the version does not answer.",
    )


class AlertsConfig(Section):
    """Who is told."""

    webhook: str | None = Field(
        default=None,
        description="URL that alerts are posted to as JSON; secrets as `${NAME}`; `env:NAME` takes all of it from the "
        "environment.",
    )
    channels: tuple[ChannelConfig, ...] = Field(default=(), description="Further places, through Apprise.")
    min_severity: AlertSeverity = Field(
        default=AlertSeverity.WARN, description="Mildest severity that is sent; what is milder is only kept."
    )
    owners: dict[AlertKind, str] = Field(
        default_factory=dict, description="Who has to act, by kind of alert; by default `brief.owner`."
    )
    repeat_hours: float = Field(
        default=24, gt=0, description="Hours after which the same is told again as long as it stands."
    )
    tell_resolved: bool = Field(default=True, description="Whether those who were told hear that it is over.")
    max_per_hour: int = Field(
        default=20,
        ge=1,
        description="Most alerts an hour to one channel; the rest come together in one message. Critical ones always "
        "go.",
    )
    missed_schedule_minutes: float = Field(
        default=60, gt=0, description="How late a scheduled run may be before people are told."
    )
    escalation: EscalationConfig = Field(
        default_factory=EscalationConfig, description="What is tried by itself, by the kind of error."
    )

    @field_validator("webhook")
    @classmethod
    def _no_secret_in_the_yaml(cls, value: str | None) -> str | None:
        if value is not None:
            refuse_in_url(value)
            if scheme_of(value) in {"http", "https"}:
                refuse_secrets(value)
        return value

    @model_validator(mode="after")
    def _names_are_different(self) -> AlertsConfig:
        names = [WEBHOOK, *(channel.title for channel in self.channels)]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            msg = f"expected channels of different names, got {sorted(twice)} twice"
            raise ValueError(msg)
        return self

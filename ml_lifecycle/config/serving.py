"""The serving section: how rows reach the model in production."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from ml_lifecycle.config.base import Section
from ml_lifecycle.config.sources import SourceConfig

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class ServingConfig(Section):
    """Online and batch scoring."""

    host: str = Field(default="127.0.0.1", description="Address of the scoring server; loopback by default.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port of the scoring server; 0 takes a free one.")
    workers: int = Field(default=1, ge=1, le=64, description="Processes that share the port.")
    auth: Literal["none", "api_key"] = Field(
        default="none", description="`api_key` asks every caller for a key; `none` is allowed on loopback only."
    )
    max_rows: int = Field(default=10_000, ge=1, description="Most rows of one request.")
    max_body_mb: float = Field(default=16.0, gt=0, description="Largest body of a request, in MB.")
    max_depth: int = Field(default=16, ge=2, description="Deepest nesting of a JSON body.")
    max_concurrency: int = Field(default=256, ge=1, description="Requests under way at once in a worker.")
    timeout_seconds: float = Field(default=30.0, gt=0, description="How long a request may take.")
    sticky_by: Literal["entity", "request"] = Field(
        default="entity",
        description="What keeps a caller on one version during a rollout: the entity of the row where the project has "
        "one, or the request id.",
    )
    log: bool = Field(default=True, description="Whether every answered prediction is kept before it is answered.")
    archive_after_days: int | None = Field(
        default=None,
        ge=1,
        description="Days after which lines of the prediction log are moved from the database to the lake, where "
        "monitoring and learning go on reading them; none are moved by default.",
    )
    batch: SourceConfig | None = Field(
        default=None, description="Where new rows to be scored in batches arrive; needs `dataset.event_time`."
    )

    @model_validator(mode="after")
    def _open_to_the_network_needs_keys(self) -> Self:
        if self.auth == "none" and self.host not in _LOOPBACK:
            msg = f"a server on {self.host} is open to the network: set serving.auth to api_key, or host to 127.0.0.1"
            raise ValueError(msg)
        return self

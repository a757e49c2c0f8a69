"""The serving section: how rows reach the model in production."""

from __future__ import annotations

from pydantic import Field

from ml_lifecycle.config.base import Section
from ml_lifecycle.config.sources import SourceConfig


class ServingConfig(Section):
    """Online and batch scoring."""

    host: str = Field(default="127.0.0.1", description="Address of the scoring server; loopback by default.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port of the scoring server; 0 takes a free one.")
    max_rows: int = Field(default=10_000, ge=1, description="Most rows of one request.")
    batch: SourceConfig | None = Field(
        default=None, description="Where new rows to be scored in batches arrive; needs `dataset.event_time`."
    )

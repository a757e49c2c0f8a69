"""Which findings about the data stop a run, and which a person has accepted."""

from __future__ import annotations

from pydantic import Field

from ml_lifecycle.config.base import Section


class AcceptedFinding(Section):
    """A finding that a person has looked at and lives with."""

    finding: str = Field(min_length=1, description="Its name, as `risk_assessment` gives it: `target_leak:duration`.")
    reason: str = Field(min_length=1, description="Why it is no harm; written down with the verdict.")


class RisksConfig(Section):
    """How sure a finding must be."""

    report_from: int = Field(default=80, ge=0, le=100, description="Confidence from which a finding is reported.")
    block_from: int = Field(default=90, ge=0, le=100, description="Confidence from which a finding stops the run.")
    rows: int = Field(default=20_000, ge=100, description="Rows that are looked at, drawn at random.")
    accepted: tuple[AcceptedFinding, ...] = Field(default=(), description="Findings that do not stop the run.")

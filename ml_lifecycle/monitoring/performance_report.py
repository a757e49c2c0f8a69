"""`PerformanceReport`: what one window says about the model's performance, for machines and for people.

How it comes about lives in `performance`, how it is judged in `performance_gates`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from math import isnan, nan
from typing import Any, Self

import orjson
import pandas as pd

from ml_lifecycle.evaluation.inference.intervals import Interval
from ml_lifecycle.monitoring.performance_text import brief_of, markdown_of
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Fact

_TABLE, _DETAILS = "performance", "details.json"
#: Where an earlier version kept the metrics.
_METRICS = "metrics.json"
#: Fields that are no cells of the table.
_ASIDE = ("metrics", "intervals", "slices", "gaps", "attribution")
_FRAMES = ("slices", "gaps", "attribution")


class Status(StrEnum):
    """How the window's performance is known."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class PerformanceReport:
    """What one window says about the model's performance.

    Args:
        metric: Name of the metric.
        greater_is_better: Its direction.
        status: Measured, estimated or not judged.
        value: The metric in the window, with the interval `low` to `high`; NaN if not judged.
        low: Lower end.
        high: Upper end.
        reference: The metric on the test split.
        tolerated: The worst value that is accepted.
        drop: Loss as a share of the reference; positive is worse.
        rows: Predictions of the window.
        labelled: Those whose outcome is known.
        lost: Whether performance is lost: even the better end of the interval is worse than tolerated.
        reason: Why the window was not judged, or on what the value rests.
        metrics: All metrics of the window, where measured.
        intervals: The same with their intervals.
        model_version: The version that is judged; empty where it was not told.
        estimate: The metric as it is estimated without outcomes, also where it was measured, of the same rows; NaN
            where it cannot be.
        estimate_low: Lower end of the estimate's interval.
        estimate_high: Upper end.
        concept_drift: Whether a detector says that the loss has risen beyond what inputs foresee.
        detectors: The detectors that say so.
        loss_name: The loss of a row.
        loss: Its mean over labelled rows.
        loss_reference: Its mean on the test split.
        blocks: The window's losses for later windows' detectors, see `detectors.blocks`.
        slices_lost: Slices that are surely worse than tolerated.
        gaps_beyond: Gaps and ratios between sensitive groups that are surely beyond their limit.
        slices: The primary metric by slices, see `losses.slices.COLUMNS`.
        gaps: Gaps between sensitive groups, see `FairnessReport.gaps`, with `gap_at_test`.
        attribution: Which inputs moved and what of the change they explain, see `losses.attribution.COLUMNS`.
        aside: What could not be looked at, in a sentence.
    """

    metric: str
    greater_is_better: bool
    status: Status
    value: float
    low: float
    high: float
    reference: float
    tolerated: float
    drop: float
    rows: int
    labelled: int
    lost: bool
    reason: str
    metrics: dict[str, float] = field(default_factory=dict)
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    model_version: str = ""
    estimate: float = nan
    estimate_low: float = nan
    estimate_high: float = nan
    concept_drift: bool = False
    detectors: str = ""
    loss_name: str = ""
    loss: float = nan
    loss_reference: float = nan
    blocks: str = ""
    slices_lost: int = 0
    gaps_beyond: int = 0
    slices: pd.DataFrame = field(default_factory=pd.DataFrame)
    gaps: pd.DataFrame = field(default_factory=pd.DataFrame)
    attribution: pd.DataFrame = field(default_factory=pd.DataFrame)
    aside: str = ""

    @property
    def judged(self) -> bool:
        """Whether anything is known of the window's performance."""
        return self.status is not Status.NOT_JUDGED

    @property
    def estimated(self) -> bool:
        """Whether the value was estimated without outcomes."""
        return self.status is Status.ESTIMATED

    @property
    def estimate_held(self) -> bool | None:
        """Whether the truth lies in the interval of the estimate; None where there is one of the two only."""
        if self.status is not Status.MEASURED or isnan(self.estimate):
            return None
        return bool(self.estimate_low <= self.value <= self.estimate_high)

    @property
    def severity(self) -> float:
        """How bad it is: 1 is the loss that is tolerated, 0 none."""
        allowed = abs(self.reference - self.tolerated)
        below = self.reference - self.value if self.greater_is_better else self.value - self.reference
        return max(0.0, below / allowed) if allowed > 0 and not isnan(below) else 0.0

    def row(self) -> dict[str, Any]:
        """The cells of the report's table."""
        cells = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in _ASIDE}
        return cells | {"status": str(self.status)}

    def facts(self) -> dict[str, Fact]:
        """The figures in plain JSON; NaN becomes null."""
        said = {"estimated": self.estimated, "estimate_held": self.estimate_held, "metrics": self.metrics}
        plain = {name: value for name, value in self.row().items() if name != "blocks"} | said
        facts: dict[str, Fact] = orjson.loads(orjson.dumps(plain, option=orjson.OPT_SERIALIZE_NUMPY))
        return facts

    def markdown(self) -> str:
        """The report for people."""
        return markdown_of(self)

    def brief(self) -> str:
        """The report in a few sentences, without its tables: what a run over many windows says of each."""
        return brief_of(self)

    def to_parts(self) -> Parts:
        """A table of one row, and metrics, slices, groups and attribution beside it as JSON."""
        details: dict[str, Any] = {name: _cells(getattr(self, name)) for name in _FRAMES}
        details["intervals"] = {name: [item.value, item.low, item.high] for name, item in self.intervals.items()}
        written = orjson.dumps(details | {"metrics": self.metrics}, option=orjson.OPT_SERIALIZE_NUMPY)
        return Parts({_TABLE: pd.DataFrame([self.row()])}, {_DETAILS: written})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put the report together again, also one that an earlier version stored."""
        known = {item.name for item in fields(cls)}
        row: dict[str, Any] = {
            str(key): values.tolist()[0] for key, values in parts.tables[_TABLE].items() if key in known
        }
        row = {name: value for name, value in row.items() if value is not None}
        for name, kind in _KINDS.items():
            if name in row:
                row[name] = kind(row[name])
        details = orjson.loads(parts.files.get(_DETAILS, b"{}"))
        told = details["metrics"] if "metrics" in details else orjson.loads(parts.files[_METRICS])
        metrics = {name: _number(value) for name, value in told.items()}
        ends = details.get("intervals", {}).items()
        row |= {name: _frame(details.get(name, {})) for name in _FRAMES}
        intervals = {name: Interval(*map(_number, item)) for name, item in ends}
        return cls(**row, metrics=metrics, intervals=intervals)


_KINDS: dict[str, Any] = {
    "status": Status,
    **dict.fromkeys(("rows", "labelled", "slices_lost", "gaps_beyond"), int),
    **dict.fromkeys(("lost", "greater_is_better", "concept_drift"), bool),
}


def _number(value: float | None) -> float:
    return nan if value is None else float(value)


def _cells(frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {str(name): frame[name].tolist() for name in frame.columns}


def _frame(columns: dict[str, list[Any]]) -> pd.DataFrame:
    """A table of what JSON holds; a null is a number that is not there."""
    return pd.DataFrame({name: [nan if cell is None else cell for cell in cells] for name, cells in columns.items()})

"""`PredictionWindow`: the predictions of a stretch of time, as the prediction log holds them.

The log itself lives in `serving/prediction_log`; which stretches there are is the orchestration's knowledge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Self

import numpy as np
import orjson
import pandas as pd

from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Fact, Severity, Verdict

#: Columns of the log's frame that are not inputs of the model.
EVENT_TIME, VERSION, OUTCOME = "event_time", "model_version", "outcome"


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time; naive UTC, the end is not included.

    >>> from datetime import datetime
    >>> Window(datetime(2026, 1, 1), datetime(2026, 1, 2), "2026-01-01").name
    '2026-01-01'
    """

    start: datetime
    end: datetime
    name: str

    def __post_init__(self) -> None:
        """Refuse a stretch that holds no time."""
        if self.start >= self.end:
            msg = f"expected a window that ends after its start {self.start}, got the end {self.end}"
            raise ValueError(msg)


@dataclass(frozen=True)
class PredictionWindow:
    """The logged predictions of a window.

    Args:
        window: The stretch of time.
        frame: One row per prediction: inputs, `event_time`, `model_version`, `outcome` (missing where unknown).
    """

    window: Window
    frame: pd.DataFrame

    def __len__(self) -> int:
        """Count the predictions."""
        return len(self.frame)

    @cached_property
    def labelled(self) -> int:
        """Predictions whose outcome is known."""
        return int(self.frame[OUTCOME].notna().sum())

    @cached_property
    def versions(self) -> dict[str, int]:
        """Predictions of each model version, the most frequent first."""
        return dict(Counter(map(str, self.frame[VERSION])).most_common())

    @property
    def main_version(self) -> str | None:
        """The version that made most of the predictions; None in an empty window."""
        return next(iter(self.versions), None)

    def of_version(self, version: str) -> Self:
        """Only the predictions of one model version: it is what a version's reference can be compared with."""
        if self.versions == {str(version): len(self)}:
            return self
        rows = self.frame[self.frame[VERSION].astype(str) == str(version)].reset_index(drop=True)
        return type(self)(self.window, rows)

    def facts(self) -> dict[str, Fact]:
        """The figures in plain JSON."""
        times = self.frame[EVENT_TIME]
        return {
            "window": self.window.name,
            "start": self.window.start.isoformat(),
            "end": self.window.end.isoformat(),
            "rows": len(self),
            "labelled": self.labelled,
            "versions": dict(self.versions),
            "first": pd.Timestamp(times.min()).isoformat() if len(self) else None,
            "last": pd.Timestamp(times.max()).isoformat() if len(self) else None,
        }

    def markdown(self) -> str:
        """The figures for people."""
        share = f" ({self.labelled / len(self):.0%})" if len(self) else ""
        versions = ", ".join(f"{version}: {count}" for version, count in self.versions.items()) or "none"
        return (
            f"Window **{self.window.name}**: {len(self)} predictions, {self.labelled}{share} with a known outcome. "
            f"Model versions: {versions}."
        )

    def to_parts(self) -> Parts:
        """The rows, and the stretch of time as JSON."""
        stretch = {"name": self.window.name, "start": self.window.start, "end": self.window.end}
        return Parts({"predictions": self.frame}, {"window.json": orjson.dumps(stretch)})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put the window together again."""
        stretch = orjson.loads(parts.files["window.json"])
        start, end = datetime.fromisoformat(stretch["start"]), datetime.fromisoformat(stretch["end"])
        return cls(Window(start, end, stretch["name"]), _in_order(parts.tables["predictions"]))


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows as the log gave them: by time, with a column for outcomes where none has ever been known."""
    whole = rows if OUTCOME in rows.columns else rows.assign(**{OUTCOME: None})
    if EVENT_TIME not in whole.columns or whole[EVENT_TIME].is_monotonic_increasing:
        return whole
    return whole.sort_values(EVENT_TIME, kind="stable", ignore_index=True)


def window_of(rows: pd.DataFrame, start: datetime, end: datetime, name: str) -> PredictionWindow:
    """The window of rows that were read for it; where rows are counted, it may begin before `start`."""
    first = rows[EVENT_TIME].iloc[0] if len(rows) else start
    return PredictionWindow(Window(min(start, pd.Timestamp(first).to_pydatetime()), end, name), rows)


def newest_inside(
    spans: Mapping[str, tuple[datetime, datetime]], events: Sequence[tuple[datetime, datetime]]
) -> dict[str, datetime]:
    """The newest of the moments that belong to rows of each window; windows without such rows are absent.

    Args:
        spans: The first moment of each window, and the one after its last.
        events: The event time of a row, and a moment that belongs to it.
    """
    rows = sorted(events)
    times = np.array([time for time, _ in rows], dtype="datetime64[us]")
    moments = np.array([moment for _, moment in rows], dtype="datetime64[us]")
    found: dict[str, datetime] = {}
    for name, span in spans.items():
        start, end = np.searchsorted(times, np.array(span, dtype="datetime64[us]"))
        if end > start:
            found[name] = moments[start:end].max().item()
    return found


def judge_enough_rows(window: PredictionWindow, config: DriftConfig) -> Verdict:
    """Gate `enough_rows`: the window holds enough predictions to be judged; only warns."""
    enough = len(window) >= config.min_rows
    return Verdict(
        gate="enough_rows",
        passed=enough,
        severity=Severity.WARN,
        summary=f"{len(window)} predictions in window {window.window.name}, {config.min_rows} are needed to judge it",
        facts=window.facts(),
        advice="nothing is wrong if traffic is low: widen monitoring.window; else look whether scoring has stopped",
    )

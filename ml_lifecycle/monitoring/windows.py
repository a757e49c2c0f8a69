"""`PredictionWindow`: the predictions of a stretch of time, as the prediction log holds them.

The log itself lives in `serving/prediction_log`; which stretches there are is the orchestration's knowledge.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

import orjson
import pandas as pd

from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.errors import DataError
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


@dataclass(frozen=True, slots=True)
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

    @property
    def labelled(self) -> int:
        """Predictions whose outcome is known."""
        return int(self.frame[OUTCOME].notna().sum())

    @property
    def versions(self) -> dict[str, int]:
        """Predictions of each model version, the most frequent first."""
        counts = self.frame[VERSION].astype(str).value_counts()
        return {str(version): int(count) for version, count in counts.items()}

    @property
    def main_version(self) -> str | None:
        """The version that made most of the predictions; None in an empty window."""
        return next(iter(self.versions), None)

    def of_version(self, version: str) -> Self:
        """Only the predictions of one model version: it is what a version's reference can be compared with."""
        rows = self.frame[self.frame[VERSION].astype(str) == str(version)].reset_index(drop=True)
        return type(self)(self.window, rows)

    def facts(self) -> dict[str, Fact]:
        """The figures in plain JSON."""
        times = pd.to_datetime(self.frame[EVENT_TIME])
        return {
            "window": self.window.name,
            "start": self.window.start.isoformat(),
            "end": self.window.end.isoformat(),
            "rows": len(self),
            "labelled": self.labelled,
            "versions": dict(self.versions),
            "first": times.min().isoformat() if len(self) else None,
            "last": times.max().isoformat() if len(self) else None,
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
        return cls(Window(start, end, stretch["name"]), parts.tables["predictions"])


def build_window(log: pd.DataFrame, window: Window) -> PredictionWindow:
    """Cut a window out of rows of the prediction log.

    Raises:
        DataError: The rows lack a column that the log always has.
    """
    absent = [name for name in (EVENT_TIME, VERSION, OUTCOME) if name not in log.columns]
    if absent:
        raise DataError(
            "the rows do not come from the prediction log",
            expected=f"the columns {EVENT_TIME}, {VERSION} and {OUTCOME}",
            got=f"{[str(name) for name in log.columns[:10]]}",
            advice="read them with PredictionLog.window",
        )
    times = pd.to_datetime(log[EVENT_TIME])
    inside = (times >= window.start) & (times < window.end)
    return PredictionWindow(window, log[inside].reset_index(drop=True))


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

"""`DashboardData`: what the monitoring page shows, as it was collected. How it is drawn lives beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import pandas as pd


class VersionRole(StrEnum):
    """What a version is to the traffic now."""

    CHAMPION = "champion"
    CANARY = "canary"
    SHADOW = "shadow"
    AB = "ab"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True)
class VersionShown:
    """A version that answers, looks on or waits.

    Args:
        version: Its number.
        role: What it is.
        share: Share of the traffic that it answers; None where that is not a question.
        since: Since when it is what it is; naive UTC.
        by: Who or what decided.
        note: What else is to be said, such as what it waits for.
    """

    version: str
    role: VersionRole
    share: float | None = None
    since: datetime | None = None
    by: str = ""
    note: str = ""


@dataclass(frozen=True)
class DashboardData:
    """Everything that the page shows; what a project has not got is None or empty, and absent from the page.

    Args:
        project: Its name.
        problem: What it is for, in words.
        made_at: When this was collected; naive UTC.
        versions: Versions that matter now, the champion first.
        retraining: How a retraining that is queued or under way stands; empty if there is none.
        version_of: By window, the version that its reports are about.
        traffic: Columns window, version, role, rows: predictions.
        failures: Columns window, rows: rows that got an error instead of an answer.
        performance: The lake's table `performance` of all windows.
        drift: The lake's table `drift` of all windows.
        quality: The lake's table `quality` of all windows.
        levels: The lake's table `levels`: service levels.
        decisions: The lake's table `decision`: whether to retrain, and why.
        alerts: The service database's table `alerts`, the newest first.
        ledger: Columns at, version, state, by, evidence (a mapping), the newest first.
        problems: What could not be read, by part, in words.
        most_windows: So many windows are shown, the newest.
        most_features: So many features stand in the heatmap; the rest is folded.
    """

    project: str
    problem: str
    made_at: datetime
    versions: Sequence[VersionShown] = ()
    retraining: str = ""
    version_of: Mapping[str, str] = field(default_factory=dict)
    traffic: pd.DataFrame | None = None
    failures: pd.DataFrame | None = None
    performance: pd.DataFrame | None = None
    drift: pd.DataFrame | None = None
    quality: pd.DataFrame | None = None
    levels: pd.DataFrame | None = None
    decisions: pd.DataFrame | None = None
    alerts: pd.DataFrame | None = None
    ledger: Sequence[Mapping[str, Any]] = ()
    problems: Mapping[str, str] = field(default_factory=dict)
    most_windows: int = 60
    most_features: int = 30

    @property
    def champion(self) -> VersionShown | None:
        """The version in production."""
        return next((one for one in self.versions if one.role is VersionRole.CHAMPION), None)

    @property
    def windows(self) -> list[str]:
        """The windows that are shown, oldest first: the newest of all that any part knows."""
        frames = (self.traffic, self.performance, self.drift, self.quality)
        known = {str(window) for frame in frames if frame is not None for window in frame["window"].unique()}
        return sorted(known)[-self.most_windows :]

    @property
    def changes(self) -> dict[int, str]:
        """Where among the windows that are shown another version takes over: its name by the place of its first."""
        found, before = dict[int, str](), ""
        for place, window in enumerate(self.windows):
            version = self.version_of.get(window, before)
            if before and version != before:
                found[place] = version
            before = version
        return found

    def shown(self, frame: pd.DataFrame | None) -> pd.DataFrame | None:
        """The rows of the windows that are shown; None where there is none."""
        if frame is None or frame.empty:
            return None
        rows = frame[frame["window"].astype(str).isin(self.windows)]
        return None if rows.empty else rows

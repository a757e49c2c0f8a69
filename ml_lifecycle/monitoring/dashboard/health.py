"""The state of a project in one sentence, with what to do: what the page says first.

It is judged by what stands in the reports of the version in production; a version before it no longer matters. The
limits were applied where the reports were made, none is applied here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from ml_lifecycle.monitoring.dashboard.data import DashboardData
from ml_lifecycle.monitoring.dashboard.drift_rows import severity_of, subject_of
from ml_lifecycle.monitoring.dashboard.panels.panel import records
from ml_lifecycle.monitoring.dashboard.windows import window_name
from ml_lifecycle.monitoring.dashboard.words import figure, is_true

_MOST_NAMES = 3


class State(StrEnum):
    """How a project is, in a word."""

    HEALTHY = "healthy"
    DRIFT = "drift"
    LOST = "performance lost"
    WAITING = "waiting for labels"
    NO_DATA = "no data"


@dataclass(frozen=True, slots=True)
class Health:
    """The state.

    Args:
        state: In a word.
        sentence: What was found, with the figure that decided.
        advice: What to do.
    """

    state: State
    sentence: str
    advice: str


def judge_health(data: DashboardData) -> Health:
    """Say how a project is: lost performance weighs more than drift, and drift more than outcomes that are late."""
    try:
        return _judge(data)
    except (KeyError, TypeError, ValueError) as error:  # the boundary: tables may be of another version of this package
        said = f"The reports cannot be read ({type(error).__name__}: {error})."
        return Health(State.NO_DATA, said, f"Run `ml-lifecycle monitor {data.project}`, which makes the newest anew.")


def _judge(data: DashboardData) -> Health:
    champion, name = data.champion, data.project
    if champion is None:
        advice = f"Run `ml-lifecycle run {name}`: it trains, judges and deploys a first version."
        return Health(State.NO_DATA, "No version is in production.", advice)
    performance, drift = _newest_judged(data, data.performance), _newest(data, data.drift)
    if performance is None and drift is None:
        said = f"Version {champion.version} is in production; none of its windows has been judged yet."
        return Health(State.NO_DATA, said, f"Run `ml-lifecycle monitor {name}`, or let the daemon do it.")
    columns, measured = _drifted(drift), _newest_judged(data, data.performance, measured=True)
    for judged in (performance, measured):
        if judged is not None and bool(judged.iloc[0]["lost"]):
            return Health(State.LOST, _lost_sentence(judged.iloc[0], columns), _act(data, urgent=True))
    if measured is not None and is_true(measured.iloc[0].get("concept_drift")):
        return Health(State.DRIFT, _concept_sentence(measured.iloc[0]), _act(data, urgent=False))
    if columns:
        return Health(State.DRIFT, _drift_sentence(columns, drift, performance), _act(data, urgent=False))
    if measured is None:
        return _waiting(data, performance)
    return Health(State.HEALTHY, _kept_sentence(measured.iloc[0]), "Nothing needs to be done.")


def _newest(data: DashboardData, frame: pd.DataFrame | None) -> pd.DataFrame | None:
    """The rows of the newest window that is about the version in production."""
    if frame is None or frame.empty or data.champion is None:
        return None
    version = data.champion.version
    mine = frame[[data.version_of.get(str(window), version) == version for window in frame["window"]]]
    return None if mine.empty else mine[mine["window"] == mine["window"].max()]


def _newest_judged(data: DashboardData, frame: pd.DataFrame | None, *, measured: bool = False) -> pd.DataFrame | None:
    """Outcomes come late: the newest window that has been judged, or measured, is seldom the newest one.

    An estimate does not see that the relation to the target has changed, so a measured loss counts beside it.
    """
    if frame is None:
        return None
    return _newest(data, frame[frame["status"] == "measured" if measured else frame["status"] != "not judged"])


def _drifted(drift: pd.DataFrame | None) -> list[str]:
    if drift is None:
        return []
    rows = drift[drift["drifted"].astype(bool)]
    order = severity_of(rows).sort_values(ascending=False, kind="stable").index
    return [subject_of(row) for row in records(rows.loc[order])]


def _names(columns: Sequence[str]) -> str:
    shown = list(columns[:_MOST_NAMES])
    left = len(columns) - len(shown)
    if left:
        return f"{', '.join(shown)} and {left} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _value(row: pd.Series) -> str:
    known = "estimated " if row["status"] == "estimated" else ""
    return f"{known}{row['metric']} {figure(row['value'])}"


def _lost_sentence(row: pd.Series, columns: Sequence[str]) -> str:
    said = f"In the window of {window_name(str(row['window']))}, {_value(row)} is surely worse than the tolerated "
    said += f"{figure(row['tolerated'])}; it was {figure(row['reference'])} on the test split."
    return f"{said} Drifted: {_names(columns)}." if columns else said


def _drift_sentence(columns: Sequence[str], drift: pd.DataFrame | None, performance: pd.DataFrame | None) -> str:
    when = "" if drift is None else f" in the window of {window_name(str(drift.iloc[0]['window']))}"
    said = f"{_names(columns)} drifted{when}"
    if performance is None:
        return f"{said}; what that does to performance is not known yet."
    return f"{said}; performance is kept so far ({_value(performance.iloc[0])})."


def _concept_sentence(row: pd.Series) -> str:
    when = window_name(str(row["window"]))
    return f"The losses in the window of {when} are higher than its inputs foresee: the relation to the target changes."


def _kept_sentence(row: pd.Series) -> str:
    said = f"{row['metric']} {figure(row['value'])} in the window of {window_name(str(row['window']))}"
    return f"{said}, tolerated is {figure(row['tolerated'])}; no feature has drifted."


def _waiting(data: DashboardData, performance: pd.DataFrame | None) -> Health:
    said = "Nothing has drifted; the outcomes of this version's predictions are not known yet"
    said += f" ({_value(performance.iloc[0])})." if performance is not None else "."
    advice = "Nothing, unless outcomes should have arrived by now: then look at their source (monitoring.outcomes)."
    if data.performance is not None and "labelled" in data.performance and data.performance["labelled"].sum() == 0:
        advice = (
            "See that outcomes arrive (monitoring.outcomes, or POST /feedback); until then performance is estimated."
        )
    return Health(State.WAITING, said, advice)


def _act(data: DashboardData, *, urgent: bool) -> str:
    """What to do about a finding: nothing where it is being done, else what the last decision leaves to people."""
    if data.retraining:
        return f"A retraining is {data.retraining}; wait for its gates."
    how = f"`ml-lifecycle retrain {data.project}`"
    last = None if data.decisions is None or data.decisions.empty else data.decisions.iloc[-1]
    why = "" if last is None or not str(last.get("reason", "")) else f" The last decision was: {last['reason']}."
    if urgent:
        return f"Look at the worst features below and retrain with {how}, or go back with `ml-lifecycle rollback`.{why}"
    return f"See whether the source of these columns has changed; if the world has, retrain with {how}.{why}"

"""What is told as a list: service levels, decisions about retraining, alerts, and the ledger."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
import pandas as pd

from ml_lifecycle.monitoring.dashboard.data import DashboardData
from ml_lifecycle.monitoring.dashboard.panels.panel import records
from ml_lifecycle.monitoring.dashboard.panels.quality import NAMES, as_long, writer_of
from ml_lifecycle.monitoring.dashboard.windows import window_name
from ml_lifecycle.monitoring.dashboard.words import as_words, cell, moment, percent, short_run

#: Entries of a list that are shown at once; older ones are folded.
MOST_SHOWN: Final = 6
_MOST_KEPT: Final = 200
_FIRST: Final = ("why", "reason", "replaced_by", "previous", "policy", "rollout", "labels_used")
_TONES: Final[Mapping[str, str]] = {
    "champion": "good",
    "approved": "good",
    "rolled_back": "bad",
    "failed": "bad",
    "rejected": "bad",
    "canary": "note",
    "shadow": "note",
}


@dataclass(frozen=True, slots=True)
class Level:
    """A service level: what it is, how it stands, what was asked, whether that is kept (None: not judged), and why."""

    name: str
    value: str
    limit: str
    passed: bool | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of a list.

    Args:
        when: When it happened, or which window it is about.
        word: What it is, in a word.
        tone: `good`, `bad`, `warn` or `note`.
        title: One line.
        text: More about it.
        who: Who did it, or whom it concerns.
        detail: The whole of it, to be folded out.
    """

    when: str
    word: str
    tone: str
    title: str
    text: str = ""
    who: str = ""
    detail: str = ""


def list_levels(data: DashboardData) -> list[Level]:
    """Service levels as they were measured last."""
    if data.levels is None or data.levels.empty:
        return []
    frame = data.levels if "window" in data.levels else data.levels.assign(window="")
    newest = frame[frame["window"] == frame["window"].max()]
    name = next((column for column in NAMES if column in newest), None)
    if name is None:
        return [_level(row, str(row["name"])) for row in records(as_long(newest))]
    return [_level(row, str(row[name])) for row in records(newest)]


def list_decisions(data: DashboardData) -> list[Event]:
    """Decisions whether to retrain, the newest first; equal ones in a row are told once, with how many they were."""
    if data.decisions is None or data.decisions.empty:
        return []
    events: list[Event] = []
    counts: list[int] = []
    for row in reversed(records(data.decisions)[-_MOST_KEPT:]):
        event = _decision(row)
        if events and (events[-1].word, events[-1].title) == (event.word, event.title):
            counts[-1] += 1
        else:
            events.append(event)
            counts.append(1)
    return [
        event if count == 1 else replace(event, text=f"The same for {count} windows. {event.text}")
        for event, count in zip(events, counts, strict=True)
    ]


def list_alerts(data: DashboardData) -> list[Event]:
    """Alerts, the newest first."""
    return [] if data.alerts is None else [_alert(row) for row in records(data.alerts.head(_MOST_KEPT))]


def list_ledger(data: DashboardData) -> list[Event]:
    """The ledger, the newest line first."""
    return [_line(row) for row in data.ledger]


def _level(row: Mapping[str, Any], name: str) -> Level:
    unit = str(row.get("unit") or "")
    value, limit = (pd.to_numeric(row.get(key, math.nan), errors="coerce") for key in ("value", "limit"))
    judged = bool(row.get("judged", True)) and not pd.isna(value) and not pd.isna(row.get("passed"))
    bound = ("at least " if row["at_least"] else "at most ") if "at_least" in row and not pd.isna(limit) else ""
    told = ["" if pd.isna(one) else _with_unit(float(one), unit, name) for one in (value, limit)]
    passed = bool(row["passed"]) if judged else None
    return Level(as_words(name), told[0], bound + told[1] if told[1] else "", passed, cell(row.get("note")))


def _with_unit(value: float, unit: str, name: str) -> str:
    """A figure with what it counts; shares are percent.

    >>> _with_unit(0.99, "share", "uptime"), _with_unit(3.5, "hours", "detection_time")
    ('99%', '3.5 hours')
    """
    if unit == "share":
        return percent(value)
    return f"{writer_of(name)(value)} {unit}".strip()


def _decision(row: Mapping[str, Any]) -> Event:
    retrain = bool(row.get("retrain", False))
    action = str(row.get("action") or ("retrain" if retrain else "wait"))
    tone = {"retrain": "note", "warn": "warn"}.get(action, "plain")
    trigger = cell(row.get("trigger"))
    when = window_name(str(row.get("window", "")))
    detail = _conditions(row.get("checks"))
    said = f"Trigger: {trigger}." if trigger else "Conditions" if detail else ""
    return Event(when, action, tone, cell(row.get("reason")), said, detail=detail)


def _conditions(checks: object) -> str:
    """Every condition of a decision in a line, as the table keeps them: JSON of (name, passed, what was found)."""
    if not isinstance(checks, str) or not checks:
        return ""
    return "\n".join(
        f"{'yes' if passed else 'no '}  {as_words(name)}: {found}" for name, passed, found in orjson.loads(checks)
    )


def _alert(row: Mapping[str, Any]) -> Event:
    severity, what, over = str(row.get("severity", "")), cell(row.get("what_to_do")), row.get("resolved_at")
    text = cell(row.get("body"))
    if over is None or pd.isna(over):
        text += f" What to do: {what}" if what else ""
        tone = "bad" if severity in {"error", "critical"} else "warn"
    else:
        text, tone = f"{text} Over since {cell(over)}.", "plain"
    return Event(cell(row.get("at")), severity or "alert", tone, cell(row.get("title")), text, cell(row.get("owner")))


def _line(row: Mapping[str, Any]) -> Event:
    state, evidence = str(row["state"]), dict(row["evidence"])
    told = [f"{as_words(name)}: {cell(evidence[name])}" for name in _FIRST if evidence.get(name)]
    gates = evidence.get("gates")
    told += [f"gates passed: {len(gates)}"] if isinstance(gates, dict) else []
    detail = orjson.dumps(evidence, option=orjson.OPT_INDENT_2, default=str).decode() if evidence else ""
    title = f"Version {row['version']} {_VERBS.get(state, as_words(state))}"
    tone = _TONES.get(state, "plain")
    return Event(moment(row["at"]), as_words(state), tone, title, "; ".join(told), short_run(str(row["by"])), detail)


_VERBS: Final[Mapping[str, str]] = {
    "candidate": "was registered",
    "challenger": "challenges the champion",
    "staged": "passed its rehearsal",
    "approved": "was approved",
    "rejected": "was rejected",
    "shadow": "looks on as a shadow",
    "canary": "answers a part of the traffic",
    "champion": "went into production",
    "retired": "was replaced",
    "rolled_back": "was taken back",
    "failed": "failed",
}

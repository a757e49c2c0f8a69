"""Operations: does the project itself run as it should? Its service levels over a period, each with its limit.

What happened is given as plain records; that they come from Dagster, the ledger and the service database is the
knowledge of `orchestration/operations_records`. How a level is worked out lives in `levels`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

import orjson
import pandas as pd

from ml_lifecycle.monitoring.uptime import Uptime
from ml_lifecycle.parts import Parts
from ml_lifecycle.release.ledger import Entry
from ml_lifecycle.serving.latencies import Latencies
from ml_lifecycle.verdict import Fact, Severity, Verdict

_ADVICE: Final[Mapping[str, str]] = {
    "training_success": "look at the failed steps of the runs that are named, and retry them from where they broke",
    "deployment_success": "see `ml-lifecycle releases` for what was rolled back, and the failed deployment steps",
    "uptime": "see why the server ended: memory, the machine, a kill; run it under a supervisor that starts it again",
    "detection_time": "switch the monitor schedule on, or run it more often: orchestration.monitor_cron",
    "deployment_time": "see which step of the retraining takes longest, and whether it waits for approvals",
    "latency_p95": "start more workers, take a faster form under modeling.optimize, or raise the limit of the brief",
    "latency_p99": "start more workers, take a faster form under modeling.optimize, or raise the limit of the brief",
    "cost": "lower the budget of modeling.search, retrain less often, or raise monitoring.operations.cost",
}


class Ending(StrEnum):
    """How a training ended."""

    MADE = "made"
    REFUSED = "refused by a gate"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Training:
    """A run that was to make a model.

    Args:
        run_id: The run.
        began: When it was asked for; naive UTC.
        ended: When it ended.
        ending: How; a gate that refuses a model has answered, a crash has not.
        cpu_seconds: Processor time of its search and fit; 0 where nothing was fitted.
        cost: That in money.
    """

    run_id: str
    began: datetime
    ended: datetime
    ending: Ending
    cpu_seconds: float = 0.0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Delay:
    """A time that somebody waited for something.

    Args:
        what: Of which window or version.
        began: From when; naive UTC.
        ended: Until when.
    """

    what: str
    began: datetime
    ended: datetime

    @property
    def hours(self) -> float:
        """How long; never below 0."""
        return max((self.ended - self.began).total_seconds() / 3600, 0.0)


@dataclass(frozen=True, slots=True)
class Records:
    """What happened in a period.

    Args:
        trainings: Runs that ended in it, without those that somebody cancelled.
        broken_deployments: Runs whose step that deploys broke.
        ledger: All lines of the project's ledger, the oldest first.
        detections: First windows with drift, from their end to the judgement.
        deployments: Retrainings that put a version into production, from the trigger to that.
        uptime: What was heard of the servers.
        latencies: Of rows that somebody asked for.
    """

    trainings: Sequence[Training] = ()
    broken_deployments: Sequence[str] = ()
    ledger: Sequence[Entry] = ()
    detections: Sequence[Delay] = ()
    deployments: Sequence[Delay] = ()
    uptime: Uptime | None = None
    latencies: Latencies = field(default_factory=Latencies)


@dataclass(frozen=True, slots=True)
class Level:
    """One service level.

    Args:
        level: Its name.
        value: What it is; NaN where nothing happened.
        limit: What it must be, at least or at most; NaN for a figure without a limit.
        passed: Whether it holds; also True where it is not judged.
        judged: Whether there were events enough, and a limit, to judge it.
        events: How many events it rests on.
        unit: What the value counts.
        at_least: Whether the limit is the smallest that is accepted, rather than the largest.
        note: What it rests on, or why it is not judged.
    """

    level: str
    value: float
    limit: float
    passed: bool
    judged: bool
    events: int
    unit: str
    at_least: bool
    note: str

    def said(self) -> str:
        """The level in one sentence."""
        value, limit = (f"{number:.4g}" for number in (self.value, self.limit))
        if not self.judged:
            return f"{self.level.replace('_', ' ')} is not judged: {self.note}"
        bound = "at least" if self.at_least else "at most"
        return f"{self.level.replace('_', ' ')} is {value} {self.unit}, it must be {bound} {limit}: {self.note}"


@dataclass(frozen=True, slots=True)
class OperationsReport:
    """The service levels of a period.

    Args:
        start: Its first moment; naive UTC.
        end: The moment after its last.
        levels: One each.
    """

    start: datetime
    end: datetime
    levels: Sequence[Level]

    def level(self, name: str) -> Level:
        """One level by its name.

        Raises:
            KeyError: There is none.
        """
        return {item.level: item for item in self.levels}[name]

    def table(self) -> pd.DataFrame:
        """One row per level: level, value, limit, passed, judged, events, unit, at_least, note."""
        return pd.DataFrame([asdict(item) for item in self.levels])

    def markdown(self) -> str:
        """The report for people."""
        lines = [
            f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC",
            "",
            "| level | value | limit | holds | events | |",
            "|---|--:|--:|---|--:|---|",
        ]
        for item in self.levels:
            holds = "not judged" if not item.judged else "yes" if item.passed else "**no**"
            value = "" if math.isnan(item.value) else f"{item.value:.4g} {item.unit}"
            limit = "" if math.isnan(item.limit) else f"{'>=' if item.at_least else '<='} {item.limit:.4g}"
            lines.append(f"| {item.level} | {value} | {limit} | {holds} | {item.events} | {item.note} |")
        return "\n".join(lines)

    def to_parts(self) -> Parts:
        """The table `levels`, and the period beside it as JSON."""
        period = {"start": self.start.isoformat(), "end": self.end.isoformat()}
        return Parts({"levels": self.table()}, {"period.json": orjson.dumps(period)})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put the report together again."""
        period = {name: datetime.fromisoformat(text) for name, text in orjson.loads(parts.files["period.json"]).items()}
        return cls(**period, levels=[_level(row) for row in parts.tables["levels"].to_dict("records")])


def judge_level(report: OperationsReport, name: str) -> Verdict:
    """<name>: a level holds, or there is too little to judge it by. It warns, and stops nothing."""
    level = report.level(name)
    facts: dict[str, Fact] = orjson.loads(orjson.dumps(asdict(replace(level, note=""))))
    said = level.said()
    return Verdict(
        gate=name,
        passed=level.passed,
        severity=Severity.WARN,
        summary=f"{said[0].upper()}{said[1:]}.",
        facts=facts,
        advice=_ADVICE[name],
    )


def judge_levels(report: OperationsReport) -> list[Verdict]:
    """The verdicts on all levels that have a gate."""
    return [judge_level(report, item.level) for item in report.levels if item.level in _ADVICE]


def _level(row: Mapping[Hashable, Any]) -> Level:
    return Level(**{str(name): value for name, value in row.items()})

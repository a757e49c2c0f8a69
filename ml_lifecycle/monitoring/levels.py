"""How each service level is worked out of what happened. The records and the report are `operations`.

A training that a gate stopped has answered: that a bad model is refused is what the gate is for. A deployment has
failed if its step broke, or if the version was taken back after it was in production; a version that a rollout refused
before that has been refused in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import Final

from ml_lifecycle.config.brief import Constraints
from ml_lifecycle.config.operations import OperationsConfig
from ml_lifecycle.monitoring.operations import Delay, Ending, Level, OperationsReport, Records, Training
from ml_lifecycle.monitoring.uptime import Uptime
from ml_lifecycle.release.ledger import Entry, State
from ml_lifecycle.serving.latencies import Latencies

_NAN: Final = float("nan")
_NAMED: Final = 5
_PERCENTILES: Final = ((0.5, "latency_p50"), (0.95, "latency_p95"), (0.99, "latency_p99"))


def assess_operations(
    records: Records, config: OperationsConfig, constraints: Constraints, start: datetime, end: datetime
) -> OperationsReport:
    """Work out the service levels of a period.

    Args:
        records: What happened.
        config: The limits.
        constraints: The limits of latency, from the brief.
        start: The period's first moment; naive UTC.
        end: The moment after its last.
    """
    trainings = [item for item in records.trainings if start <= item.ended < end]
    risen = [fate for at, fate in _deployments(records.ledger) if start <= at < end]
    broken = records.broken_deployments
    levels = [
        _share("training_success", _answered(trainings), config.training_success, config, _crashes(trainings)),
        _share(
            "deployment_success",
            [fate is None for fate in risen] + [False] * len(broken),
            config.deployment_success,
            config,
            _failures([fate for fate in risen if fate is not None], broken),
        ),
        _uptime(records.uptime, config.uptime),
        _longest("detection_time", records.detections, config.detection_hours, "windows with drift"),
        _longest("deployment_time", records.deployments, config.deployment_hours, "retrainings that were deployed"),
        *_latencies(records.latencies, config, constraints),
        *_costs(trainings, config),
    ]
    return OperationsReport(start, end, levels)


def _answered(trainings: Sequence[Training]) -> list[bool]:
    return [item.ending is not Ending.CRASHED for item in trainings]


def _crashes(trainings: Sequence[Training]) -> str:
    crashed = [item.run_id for item in trainings if item.ending is Ending.CRASHED]
    refused = sum(item.ending is Ending.REFUSED for item in trainings)
    said = f"{len(trainings)} trainings, {refused} of them ended by a gate"
    return f"{said}; crashed: {_names(crashed)}" if crashed else said


def _failures(taken_back: Sequence[str], broken: Sequence[str]) -> str:
    said = [f"version {version} was taken back" for version in taken_back]
    said += [f"run {run} broke" for run in broken]
    return _names(said) if said else "none was taken back, none broke"


def _deployments(ledger: Sequence[Entry]) -> list[tuple[datetime, str | None]]:
    """When versions rose; with the version where it was taken back later."""
    found = []
    for place, entry in enumerate(ledger):
        if entry.state is State.CHAMPION:
            later = (item for item in ledger[place + 1 :] if item.version == entry.version)
            fate = next(later, None)
            bad = fate is not None and fate.state in {State.ROLLED_BACK, State.FAILED}
            found.append((entry.at, entry.version if bad else None))
    return found


def _share(name: str, held: Sequence[bool], limit: float, config: OperationsConfig, note: str) -> Level:
    """A share that must be large enough."""
    value = sum(held) / len(held) if held else _NAN
    judged = len(held) >= config.min_events
    if not judged:
        note = f"{len(held)} of the {config.min_events} events that are needed"
    return Level(name, value, limit, not judged or value >= limit, judged, len(held), "share", at_least=True, note=note)


def _uptime(found: Uptime | None, limit: float) -> Level:
    if found is None or not found.starts or not found.up + found.down:
        note = "nothing was heard of a server"
        return Level("uptime", _NAN, limit, passed=True, judged=False, events=0, unit="share", at_least=True, note=note)
    down = found.down.total_seconds() / 60
    note = f"{found.starts} starts, {found.outages} outages, {down:.1f} minutes down"
    holds = found.share >= limit
    return Level(
        "uptime", found.share, limit, holds, judged=True, events=found.starts, unit="share", at_least=True, note=note
    )


def _longest(name: str, delays: Sequence[Delay], limit: float, what: str) -> Level:
    """A time that even the longest must keep."""
    if not delays:
        note = f"no {what}"
        return Level(name, _NAN, limit, passed=True, judged=False, events=0, unit="hours", at_least=False, note=note)
    worst = max(delays, key=lambda item: item.hours)
    usual = median(item.hours for item in delays)
    note = f"the longest of {len(delays)} {what}, {worst.what}; the middle one {usual:.3g}"
    return Level(
        name,
        worst.hours,
        limit,
        worst.hours <= limit,
        judged=True,
        events=len(delays),
        unit="hours",
        at_least=False,
        note=note,
    )


def _latencies(found: Latencies, config: OperationsConfig, constraints: Constraints) -> list[Level]:
    limits = {"latency_p95": constraints.latency_p95_ms, "latency_p99": constraints.latency_p99_ms}
    answers = found.answers
    levels = []
    for share, name in _PERCENTILES:
        limit = limits.get(name)
        judged = limit is not None and answers >= config.min_events
        note = f"{answers:,} answers" if limit is not None else f"{answers:,} answers, no limit in the brief"
        value = found.percentile(share)
        holds = limit is None or not judged or value <= limit
        levels.append(Level(name, value, limit or _NAN, holds, judged, answers, "ms", at_least=False, note=note))
    return levels


def _costs(trainings: Sequence[Training], config: OperationsConfig) -> list[Level]:
    """Processor time and money of the period; nothing spent is known to be nothing."""
    fits = [item for item in trainings if item.cpu_seconds]
    seconds, cost = sum(item.cpu_seconds for item in fits), sum(item.cost for item in fits)
    limit = config.cost
    note = f"{len(fits)} searches and fits" + ("" if limit is not None else ", no limit in monitoring.operations.cost")
    spent = Level("training_cpu", seconds, _NAN, True, False, len(fits), "CPU s", at_least=False, note=note)  # noqa: FBT003
    holds = limit is None or cost <= limit
    bound = _NAN if limit is None else limit
    return [
        spent,
        Level("cost", cost, bound, holds, limit is not None, len(fits), "money", at_least=False, note=note),
    ]


def _names(names: Sequence[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")

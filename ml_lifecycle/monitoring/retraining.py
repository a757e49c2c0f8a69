"""When to train again: a pure decision from what the last windows have found.

It looks at nothing itself and starts nothing. `orchestration/findings.py` collects what is known, the retrain sensor
asks and acts. What goes in and comes out lives in `retraining_decision`. How well the rules do on streams with known
truth is measured by `benchmarks/policies.py` of the tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ml_lifecycle.config.retraining import RetrainConfig
from ml_lifecycle.monitoring.retraining_decision import (
    CONCEPT_DRIFT,
    DRIFT,
    PERFORMANCE,
    Action,
    Check,
    Decision,
    Finding,
)

__all__ = ["Action", "Check", "Decision", "Finding", "decide"]

_FORMATS = {"%Y-%m-%d": 86_400.0, "%Y-%m-%d-%H:%M": 3_600.0}
SCHEDULE: Final = "schedule"
NEW_ROWS: Final = "new_rows"
#: Reasons in the order in which a trigger names them.
_ORDER: Final = (DRIFT, PERFORMANCE, CONCEPT_DRIFT, SCHEDULE, NEW_ROWS)


@dataclass(frozen=True, slots=True)
class _Case:
    """What speaks for a retraining: causes, the newest window concerned, and the words for people."""

    causes: frozenset[str]
    window: str
    said: str
    again: bool = False


def decide(
    findings: Sequence[Finding],
    *,
    project: str,
    config: RetrainConfig,
    champion: str | int | None,
    running: bool = False,
    last_retrain_window: str | None = None,
    failed_attempts: Mapping[str, int] | None = None,
    new_labels: int | None = None,
    retrains_in_budget: int = 0,
    scheduled_due: bool = False,
) -> Decision:
    """Decide whether the project's model is to be trained again.

    Args:
        findings: Of the last windows, in any order.
        project: The project's name.
        config: k of n windows, cooldown, budget, attempts.
        champion: The version in production; findings about another one no longer matter.
        running: Whether a training of the project is queued or under way.
        last_retrain_window: The newest window that a retraining was started for, whatever became of it.
        failed_attempts: Crashed retrainings by finding (`<version>:<window>`).
        new_labels: Outcomes that came since the last training; None where nobody counts.
        retrains_in_budget: Retrainings started in the last `budget.days` days.
        scheduled_due: Whether the calendar asks for one.
    """
    ordered = sorted(findings, key=lambda finding: finding.window)
    newest, last, version = ordered[-config.windows_considered :], last_retrain_window, str(champion)
    failed = failed_attempts or {}
    hits = _hits(newest, config, version, last)
    asked = _asked(newest, config, last, new_labels=new_labels, scheduled_due=scheduled_due)
    case = _crashed(newest, config, version, last=last, failed=failed) or _found(hits, asked, newest, config, version)
    checks = (
        *_standing(config, champion, running=running, new_labels=new_labels, spent=retrains_in_budget),
        *_reasons(case, hits, config, version),
        _cooldown(case, ordered, config, last=last),
        _attempts(case, config, version, failed),
    )
    refusal = next((check for check in checks if not check.passed), None)
    if refusal:
        people = refusal.name in ("more_than_drift", "attempts")
        return Decision(retrain=False, reason=refusal.detail, action="warn" if people else "wait", checks=checks)
    return _start(project, version, case, config, failed=failed, checks=checks)


def _standing(
    config: RetrainConfig, champion: str | int | None, *, running: bool, new_labels: int | None, spent: int
) -> tuple[Check, ...]:
    """What may forbid a start, whatever was found."""
    budget = config.budget
    counted = "nobody counts outcomes" if new_labels is None else f"{new_labels} new outcomes since the last training"
    return (
        _check("enabled", config.enabled, "retraining is switched on", "retraining is switched off in the YAML"),
        _check("champion", champion is not None, f"version {champion}", "no version is in production"),
        _check(
            "one_at_a_time", not running, "no training is under way", "a training of the project is queued or under way"
        ),
        _check(
            "new_labels",
            new_labels is None or new_labels >= config.min_new_labels,
            counted,
            f"{counted}, {config.min_new_labels} are needed to learn from",
        ),
        Check(
            "budget",
            budget is None or spent < budget.runs,
            f"budget: {spent} of {budget.runs} retrainings in {budget.days} days are spent"
            if budget
            else "no budget is set",
        ),
    )


def _check(name: str, passed: bool, well: str, ill: str) -> Check:  # noqa: FBT001 - a record of one condition
    return Check(name, passed, well if passed else ill)


def _crashed(
    newest: Sequence[Finding], config: RetrainConfig, champion: str, *, last: str | None, failed: Mapping[str, int]
) -> _Case | None:
    """Another attempt at the retraining that has crashed, as long as its window is still among the last ones."""
    handled = [one for one in newest if one.window == last and one.model_version == champion]
    if not handled or not failed.get(f"{champion}:{last}", 0):
        return None
    causes = handled[-1].causes(config) or frozenset({SCHEDULE})
    said = f"the retraining for {last} has crashed: another attempt {_words(handled)}".rstrip()
    return _Case(causes, handled[-1].window, said, again=True)


def _hits(newest: Sequence[Finding], config: RetrainConfig, champion: str, last: str | None) -> list[Finding]:
    """The windows whose findings count: of the champion, and not handled by a retraining yet."""
    judged = [one for one in newest if last is None or one.window > last]
    return [one for one in judged if one.model_version == champion and one.causes(config)]


def _asked(
    newest: Sequence[Finding],
    config: RetrainConfig,
    last: str | None,
    *,
    new_labels: int | None,
    scheduled_due: bool,
) -> frozenset[str]:
    """What asks for a retraining without a finding: the calendar, the volume of new rows; once for a window."""
    if last is not None and (not newest or newest[-1].window <= last):
        return frozenset()
    enough = config.new_rows is not None and new_labels is not None and new_labels >= config.new_rows
    return frozenset(name for name, asks in ((SCHEDULE, scheduled_due), (NEW_ROWS, enough)) if asks)


def _found(
    hits: Sequence[Finding],
    asked: frozenset[str],
    newest: Sequence[Finding],
    config: RetrainConfig,
    champion: str,
) -> _Case | None:
    """What speaks for a retraining now: findings in k of n windows, and what asks without a finding."""
    found = frozenset[str]()
    if len(hits) >= config.windows_needed:
        found = found.union(*(one.causes(config) for one in hits))
    if found == {DRIFT} and config.on_drift_alone == "warn":
        found = frozenset()
    if not found:
        return _Case(asked, newest[-1].window if newest else "", "asks for it") if asked else None
    said = f"in {len(hits)} of the last {config.windows_considered} windows of version {champion}{_words(hits)}"
    return _Case(found | asked, hits[-1].window, said)


def _words(hits: Sequence[Finding]) -> str:
    return f": {hits[-1].summary}" if hits and hits[-1].summary else ""


def _reasons(case: _Case | None, hits: Sequence[Finding], config: RetrainConfig, champion: str) -> tuple[Check, ...]:
    """Whether anything speaks for a retraining, and whether it is more than drift without consequence."""
    enough = len(hits) >= config.windows_needed
    counted = (
        f"{len(hits)} of the last {config.windows_considered} windows have a finding about version {champion}, "
        f"{config.windows_needed} are needed"
    )
    warned = f"drift without loss of performance, which the YAML answers by a warning: {counted}{_words(hits)}"
    more = "the YAML lets drift alone start one" if config.on_drift_alone == "retrain" else "not drift alone"
    return (
        Check("reason", case is not None or enough, _trigger(case) if case else counted),
        _check("more_than_drift", case is not None or not enough, more, warned),
    )


def _cooldown(case: _Case | None, ordered: Sequence[Finding], config: RetrainConfig, *, last: str | None) -> Check:
    """Whether windows enough have closed since the last retraining; the calendar and a crash need not wait."""
    if last is None or not ordered:
        return Check("cooldown", passed=True, detail="no retraining is on record")
    if case and (case.again or SCHEDULE in case.causes):
        return Check("cooldown", passed=True, detail="a crashed or a scheduled retraining does not wait")
    passed = _windows_between(last, ordered[-1].window, [one.window for one in ordered])
    said = f"{passed} windows since the retraining for {last}"
    ill = f"cooldown: {said}, the next may start after {config.cooldown_windows}"
    return _check("cooldown", passed > config.cooldown_windows, said, ill)


def _attempts(case: _Case | None, config: RetrainConfig, champion: str, failed: Mapping[str, int]) -> Check:
    finding = f"{champion}:{case.window}" if case else ""
    attempts = failed.get(finding, 0)
    ill = f"{attempts} retrainings for {finding} have failed: left to people"
    return _check("attempts", attempts < config.max_attempts, f"{attempts} have failed", ill)


def _trigger(case: _Case) -> str:
    return "+".join(cause for cause in _ORDER if cause in case.causes)


def _start(
    project: str,
    champion: str,
    case: _Case | None,
    config: RetrainConfig,
    *,
    failed: Mapping[str, int],
    checks: tuple[Check, ...],
) -> Decision:
    assert case is not None  # noqa: S101 - the check "reason" has passed
    finding = f"{champion}:{case.window}"
    return Decision(
        retrain=True,
        reason=f"{_trigger(case)} {case.said}".strip(),
        trigger=_trigger(case),
        run_key=f"{project}:{finding}:{failed.get(finding, 0) + 1}",
        finding=finding,
        action="retrain",
        priority=max(getattr(config.priority, cause) for cause in case.causes),
        checks=checks,
    )


def _windows_between(last: str, newest: str, known: Sequence[str]) -> int:
    """How many windows have closed since the last retraining, by their names' times or else by counting names."""
    for form, seconds in _FORMATS.items():
        try:
            times = [datetime.strptime(name, form) for name in (last, newest)]  # noqa: DTZ007 - only their difference counts
        except ValueError:
            continue
        return round((times[1] - times[0]).total_seconds() / seconds)
    return sum(name > last for name in set(known))

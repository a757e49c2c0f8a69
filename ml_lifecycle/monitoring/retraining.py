"""When to train again: a pure decision from what the last windows have found.

It looks at nothing itself and starts nothing. `orchestration/sensors.py` collects the findings, asks, and acts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ml_lifecycle.config.retraining import RetrainConfig

_FORMATS = {"%Y-%m-%d": 86_400.0, "%Y-%m-%d-%H:%M": 3_600.0}


@dataclass(frozen=True, slots=True)
class Finding:
    """What monitoring has found in one window.

    Args:
        window: Name of the window; names sort by time.
        model_version: The version whose predictions were judged.
        drifted: Whether drift was found.
        performance_lost: Whether lost performance was found.
        summary: In words.
    """

    window: str
    model_version: str
    drifted: bool = False
    performance_lost: bool = False
    summary: str = ""

    def causes(self, config: RetrainConfig) -> frozenset[str]:
        """What of it counts, by the project's YAML."""
        found = {"drift"} if self.drifted else set()
        return frozenset((found | ({"performance"} if self.performance_lost else set())) & set(config.triggers))


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to train again, and why.

    Args:
        retrain: The decision.
        reason: In words, for a person.
        trigger: `drift`, `performance` or `drift+performance`; None if not.
        run_key: Names project, version, window and attempt: the same decision twice is one run.
        finding: `<model version>:<window>`, by which later decisions know that it is being handled.
    """

    retrain: bool
    reason: str
    trigger: str | None = None
    run_key: str | None = None
    finding: str | None = None


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
) -> Decision:
    """Decide whether the project's model is to be trained again.

    Args:
        findings: Of the last windows, in any order.
        project: The project's name.
        config: k of n windows, cooldown, attempts.
        champion: The version in production; findings about another one no longer matter.
        running: Whether a training of the project is queued or under way.
        last_retrain_window: The newest window that a retraining was started for, whatever became of it.
        failed_attempts: Crashed retrainings by finding (`<version>:<window>`).
        new_labels: Outcomes that came since the last training; None where nobody counts.
    """
    refusal = _refuse(config, champion, running=running, new_labels=new_labels)
    if refusal:
        return Decision(retrain=False, reason=refusal)
    newest = sorted(findings, key=lambda finding: finding.window)[-config.windows_considered :]
    failed = failed_attempts or {}
    again = _retry(newest, project, config, str(champion), last=last_retrain_window, failed=failed)
    if again:
        return again
    judged = [one for one in newest if last_retrain_window is None or one.window > last_retrain_window]
    hits = [one for one in judged if one.model_version == str(champion) and one.causes(config)]
    if len(hits) < config.windows_needed:
        return Decision(
            retrain=False,
            reason=f"{len(hits)} of the last {config.windows_considered} windows have a finding about version "
            f"{champion}, {config.windows_needed} are needed",
        )
    passed = _windows_between(last_retrain_window, newest[-1].window, [one.window for one in findings])
    if passed is not None and passed <= config.cooldown_windows:
        return Decision(
            retrain=False,
            reason=f"cooldown: {passed} windows since the retraining for {last_retrain_window}, "
            f"the next may start after {config.cooldown_windows}",
        )
    return _start(project, str(champion), hits, config, failed=failed)


def _refuse(config: RetrainConfig, champion: str | int | None, *, running: bool, new_labels: int | None) -> str | None:
    """Why nothing can be started now, whatever was found."""
    if not config.enabled:
        return "retraining is switched off in the YAML"
    if champion is None:
        return "no version is in production"
    if running:
        return "a training of the project is queued or under way"
    if new_labels is not None and new_labels < config.min_new_labels:
        return f"{new_labels} new outcomes since the last training, {config.min_new_labels} are needed to learn from"
    return None


def _start(
    project: str, champion: str, hits: Sequence[Finding], config: RetrainConfig, *, failed: Mapping[str, int]
) -> Decision:
    causes = frozenset[str]().union(*(one.causes(config) for one in hits))
    trigger = "+".join(cause for cause in ("drift", "performance") if cause in causes)
    window = hits[-1].window
    finding = f"{champion}:{window}"
    attempts = failed.get(finding, 0)
    if attempts >= config.max_attempts:
        return Decision(retrain=False, reason=f"{attempts} retrainings for {finding} have failed: left to people")
    said = f": {hits[-1].summary}" if hits[-1].summary else ""
    return Decision(
        retrain=True,
        reason=f"{trigger} in {len(hits)} of the last {config.windows_considered} windows of version {champion}{said}",
        trigger=trigger,
        run_key=f"{project}:{champion}:{window}:{attempts + 1}",
        finding=finding,
    )


def _retry(
    newest: Sequence[Finding],
    project: str,
    config: RetrainConfig,
    champion: str,
    *,
    last: str | None,
    failed: Mapping[str, int],
) -> Decision | None:
    """Another attempt at the retraining that has crashed, as long as its window is still among the last ones."""
    handled = [one for one in newest if one.window == last and one.model_version == champion and one.causes(config)]
    attempts = failed.get(f"{champion}:{last}", 0)
    if not handled or attempts == 0:
        return None
    return _start(project, champion, handled, config, failed=failed)


def _windows_between(last: str | None, newest: str, known: Sequence[str]) -> int | None:
    """How many windows have closed since the last retraining, by their names' times or else by counting names."""
    if last is None:
        return None
    for form, seconds in _FORMATS.items():
        try:
            times = [datetime.strptime(name, form) for name in (last, newest)]  # noqa: DTZ007 - only their difference counts
        except ValueError:
            continue
        return round((times[1] - times[0]).total_seconds() / seconds)
    return sum(name > last for name in set(known))

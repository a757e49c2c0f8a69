"""Tests of `ml_lifecycle.monitoring.retraining`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.retraining import RetrainBudget, RetrainConfig, RetrainPriority
from ml_lifecycle.monitoring.retraining import Decision, Finding, decide

CONFIG = RetrainConfig(windows_needed=2, windows_considered=3, cooldown_windows=4, max_attempts=2)


def _day(number: int) -> str:
    return f"2026-03-{number:02d}"


def _findings(pattern: str, *, version: str = "1", start: int = 1) -> list[Finding]:
    """`d` drift, `p` lost performance, `b` both, `.` nothing; one letter a day."""
    return [
        Finding(_day(start + at), version, drifted=letter in "db", performance_lost=letter in "pb", summary=letter)
        for at, letter in enumerate(pattern)
    ]


def _decide(findings: list[Finding], **changes: Any) -> Decision:
    arguments: dict[str, Any] = {"project": "loans", "config": CONFIG, "champion": "1", "running": False}
    return decide(findings, **(arguments | changes))


def test_k_of_n_windows_start_one_retraining_with_a_telling_key() -> None:
    """Two of three windows: the key names project, version, window and attempt."""
    decision = _decide(_findings("d.d"))
    assert decision.retrain
    assert decision.run_key == "loans:1:2026-03-03:1"
    assert decision.finding == "1:2026-03-03"
    assert decision.trigger == "drift"
    assert "2 of the last 3 windows" in decision.reason


@pytest.mark.parametrize("pattern", ["", ".", "d", "..d", "d..", "d...d", "dd..."])
def test_fewer_than_k_of_the_last_n_start_none(pattern: str) -> None:
    """Single alarms, and old ones, are not enough."""
    decision = _decide(_findings(pattern))
    assert not decision.retrain
    assert "2 are needed" in decision.reason


@pytest.mark.parametrize(("pattern", "trigger"), [("dd", "drift"), ("pp", "performance"), ("dp", "drift+performance")])
def test_the_trigger_says_what_was_found(pattern: str, trigger: str) -> None:
    """Drift, performance, or both."""
    assert _decide(_findings(pattern)).trigger == trigger


def test_only_the_findings_that_the_yaml_names_count() -> None:
    """With on: [performance] drift alone starts nothing."""
    config = CONFIG.model_copy(update={"triggers": ("performance",)})
    assert not _decide(_findings("ddd"), config=config).retrain
    assert _decide(_findings("bb"), config=config).trigger == "performance"


def test_findings_about_an_older_version_do_not_count() -> None:
    """After a promotion the new version starts with a clean sheet."""
    assert not _decide(_findings("dd", version="1"), champion="2").retrain
    mixed = _findings("d", version="1") + _findings("dd", version="2", start=2)
    assert _decide(mixed, champion=2).run_key == "loans:2:2026-03-03:1"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"config": CONFIG.model_copy(update={"enabled": False})}, "switched off"),
        ({"champion": None}, "no version is in production"),
        ({"running": True}, "under way"),
        ({"new_labels": 12}, "12 new outcomes"),
    ],
)
def test_what_forbids_a_start_is_named(changes: dict[str, Any], words: str) -> None:
    """Switched off, nothing in production, one running, nothing new to learn from."""
    decision = _decide(_findings("ddd"), **changes)
    assert not decision.retrain
    assert decision.run_key is None
    assert words in decision.reason


def test_a_handled_finding_is_not_handled_again() -> None:
    """Windows up to the last retraining's no longer count, whether the champion stayed or not."""
    assert not _decide(_findings("ddd"), last_retrain_window=_day(3)).retrain
    assert not _decide(_findings("dddd"), last_retrain_window=_day(3)).retrain


def test_the_cooldown_counts_windows_by_their_time() -> None:
    """Within four windows nothing starts, in the fifth it does, although only the last three are known."""
    inside = _decide(_findings("ddd", start=5), last_retrain_window=_day(3))
    assert not inside.retrain
    assert "cooldown: 4 windows" in inside.reason
    assert _decide(_findings("ddd", start=6), last_retrain_window=_day(3)).retrain


def test_the_cooldown_knows_hours_and_strange_names() -> None:
    """Hourly windows count hours; windows named otherwise are counted one by one."""
    hours = [Finding(f"2026-03-01-{hour:02d}:00", "1", drifted=True) for hour in (2, 3, 4)]
    assert "cooldown: 4" in _decide(hours, last_retrain_window="2026-03-01-00:00").reason
    names = [Finding(f"w{number:02d}", "1", drifted=True) for number in range(9)]
    assert "cooldown: 3" in _decide(names, last_retrain_window="w05").reason
    assert _decide(names, last_retrain_window="w03").retrain


def test_no_cooldown_lets_the_next_finding_start() -> None:
    """With cooldown 0 k new windows are enough."""
    config = CONFIG.model_copy(update={"cooldown_windows": 0})
    assert _decide(_findings("ddddd"), config=config, last_retrain_window=_day(3)).run_key == "loans:1:2026-03-05:1"


def test_a_crashed_retraining_is_tried_again_under_a_new_key() -> None:
    """One failure: the same finding, attempt two, in spite of the cooldown; two failures: left to people."""
    last = {"last_retrain_window": _day(3)}
    again = _decide(_findings("ddd"), failed_attempts={"1:2026-03-03": 1}, **last)
    assert again.run_key == "loans:1:2026-03-03:2"
    over = _decide(_findings("ddd"), failed_attempts={"1:2026-03-03": 2}, **last)
    assert not over.retrain
    assert "left to people" in over.reason


def test_an_old_failure_does_not_stop_new_findings() -> None:
    """When the failed finding's window is no longer among the last ones, new findings decide."""
    decision = _decide(_findings("ddd", start=9), failed_attempts={"1:2026-03-03": 2}, last_retrain_window=_day(3))
    assert decision.run_key == "loans:1:2026-03-11:1"


@settings(max_examples=80, deadline=None)
@given(st.text("dpb.", max_size=12), st.randoms(use_true_random=False), st.booleans())
def test_the_decision_is_pure_and_does_not_depend_on_order(pattern: str, random: Any, running: bool) -> None:  # noqa: FBT001
    """The same findings in any order give the same decision, and never a start while one is running."""
    findings = _findings(pattern)
    shuffled = list(findings)
    random.shuffle(shuffled)
    decision = _decide(findings, running=running)
    assert decision == _decide(shuffled, running=running)
    assert decision.retrain == (not running and sum(letter != "." for letter in pattern[-3:]) >= 2)


def _checks(decision: Decision) -> dict[str, bool]:
    return {check.name: check.passed for check in decision.checks}


def test_drift_alone_can_be_told_to_warn() -> None:
    """People hear of it, nothing starts; with lost performance in one of the windows it does."""
    config = CONFIG.model_copy(update={"on_drift_alone": "warn"})
    warned = _decide(_findings("dd"), config=config)
    assert (warned.action, warned.retrain, warned.run_key) == ("warn", False, None)
    assert "drift without loss of performance" in warned.reason
    assert not _checks(warned)["more_than_drift"]
    assert _decide(_findings("dp"), config=config).trigger == "drift+performance"


def test_concept_drift_is_a_finding_of_its_own() -> None:
    """The losses alone may say that the relation to the target has changed."""
    findings = [Finding(_day(day), "1", concept_drift=True) for day in (1, 2)]
    decision = _decide(findings)
    assert (decision.trigger, decision.priority, decision.action) == ("concept_drift", 10, "retrain")
    assert not _decide(findings, config=CONFIG.model_copy(update={"triggers": ("drift",)})).retrain


def test_the_calendar_needs_no_finding_and_no_cooldown() -> None:
    """But no second training for the same window."""
    due = _decide(_findings("..."), scheduled_due=True, last_retrain_window=_day(2))
    assert (due.trigger, due.run_key, due.priority) == ("schedule", "loans:1:2026-03-03:1", -10)
    assert not _decide(_findings("..."), scheduled_due=True, last_retrain_window=_day(3)).retrain


def test_enough_new_rows_are_a_reason_on_their_own() -> None:
    """Where the YAML says how many; after the cooldown."""
    config = CONFIG.model_copy(update={"new_rows": 1_000})
    assert _decide(_findings("..."), config=config, new_labels=1_000).trigger == "new_rows"
    assert not _decide(_findings("..."), config=config, new_labels=999).retrain
    assert not _decide(_findings("..."), config=config, new_labels=1_000, last_retrain_window=_day(1)).retrain
    assert not _decide(_findings("..."), new_labels=1_000).retrain


def test_a_spent_budget_refuses_even_the_calendar() -> None:
    """Three of three in thirty days."""
    config = CONFIG.model_copy(update={"budget": RetrainBudget(runs=3, days=30)})
    refused = _decide(_findings("pp"), config=config, retrains_in_budget=3, scheduled_due=True)
    assert (refused.retrain, refused.action) == (False, "wait")
    assert "3 of 3 retrainings in 30 days" in refused.reason
    assert _decide(_findings("pp"), config=config, retrains_in_budget=2).retrain


@pytest.mark.parametrize(("pattern", "priority"), [("dd", 0), ("pp", 10), ("dp", 10)])
def test_the_most_urgent_reason_says_the_priority(pattern: str, priority: int) -> None:
    """Lost performance goes before drift; the YAML may say otherwise."""
    assert _decide(_findings(pattern)).priority == priority
    config = CONFIG.model_copy(update={"priority": RetrainPriority(drift=3, performance=3)})
    assert _decide(_findings(pattern), config=config).priority == 3


def test_every_condition_is_a_named_check() -> None:
    """Those that passed and those that did not; the first that did not is the reason."""
    decision = _decide(_findings("ddd", start=5), last_retrain_window=_day(3), new_labels=5)
    failed = [check.name for check in decision.checks if not check.passed]
    assert failed == ["new_labels", "cooldown"]
    assert decision.reason == next(check.detail for check in decision.checks if not check.passed)
    assert set(_checks(decision)) >= {"enabled", "champion", "one_at_a_time", "budget", "reason", "attempts"}


def test_a_crashed_scheduled_retraining_is_tried_again() -> None:
    """Its window had no finding; the attempt has a key of its own."""
    again = _decide(_findings("..."), last_retrain_window=_day(3), failed_attempts={"1:2026-03-03": 1})
    assert (again.trigger, again.run_key) == ("schedule", "loans:1:2026-03-03:2")


def test_a_volume_that_would_always_be_refused_is_refused_at_load() -> None:
    """New rows that are fewer than a training needs."""
    with pytest.raises(ValueError, match="at least min_new_labels"):
        RetrainConfig(new_rows=50, min_new_labels=100)

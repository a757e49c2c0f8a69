"""Tests of `ml_lifecycle.monitoring.retraining`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.retraining import RetrainConfig
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

"""What a step of a rollout leads to, on the evidence of the prediction log."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.release import RolloutConfig
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.monitoring.rollout import Action, Decision, RolloutStatus, judge_step, nothing_to_judge
from ml_lifecycle.release.rollout import AGAINST, PROBLEM, STEPS, Event, Progress, Rollout, RolloutEntry

BEGAN = datetime.fromisoformat("2026-11-01")
TARGET = Target(Kind.BINARY, "bad", ("no", "yes"))


def _progress(strategy: str = "canary", step: int = 0, problem: bool = False) -> Progress:  # noqa: FBT001, FBT002
    shares = {"canary": (0.1, 0.5), "shadow": (0.0,), "ab": (0.5,)}[strategy]
    state = Rollout("p", 1, 0, "2", strategy, 0, shares[0], Event.STARTED)
    entries = [RolloutEntry(state, "t", BEGAN, {STEPS: shares, AGAINST: "1"})]
    if step:
        state = Rollout("p", 1, 1, "2", strategy, step, shares[step], Event.ADVANCED)
        entries.append(RolloutEntry(state, "t", BEGAN, {}))
    if problem:
        state = Rollout("p", 1, 2, "2", strategy, step, shares[step], Event.HELD)
        entries.append(RolloutEntry(state, "server", BEGAN + timedelta(seconds=2), {PROBLEM: "damaged"}))
    return Progress(state, tuple(entries))


def _rows(version: str, role: str, rows: int, seed: int, **changes: Any) -> pd.DataFrame:
    """Rows of one version: half are known, probabilities are right, latency is about 2 ms."""
    random = np.random.default_rng(seed)
    score = random.beta(1, 4, rows)
    outcome = np.where(random.random(rows) < score, "yes", "no").astype(object)
    outcome[::2] = None
    frame = pd.DataFrame(
        {
            "model_version": version,
            "role": role,
            "logged_at": pd.Timestamp(BEGAN) + pd.to_timedelta(np.arange(rows), unit="s"),
            "event_time": pd.Timestamp(BEGAN),
            "latency_ms": random.lognormal(0.7, 0.3, rows),
            "score": score,
            "prediction": "no",
            "outcome": outcome,
            "row_key": [f"{version if role != 'shadow' else '1'}-{number}" for number in range(rows)],
        }
    )
    return frame.assign(**{name: change(frame) for name, change in changes.items()})


def _judge(
    *frames: pd.DataFrame,
    progress: Progress | None = None,
    failed: Mapping[str, int] | None = None,
    hours: float = 1.0,
    champion: str = "1",
    **config: Any,
) -> Decision:
    frame = pd.concat(frames) if frames else _rows("1", "champion", 0, 0)
    return judge_step(
        progress or _progress(),
        frame,
        failed=failed or {},
        champion=champion,
        target=TARGET,
        config=RolloutConfig(**{"strategy": "canary", **config}),
        now=BEGAN + timedelta(hours=hours),
    )


OLD = _rows("1", "champion", 3000, 1)
NEW = _rows("2", "canary", 800, 2)


def test_an_equal_version_gets_more_of_the_traffic() -> None:
    """In its last step it takes over."""
    decision = _judge(OLD, NEW)
    assert (decision.action, decision.verdict.passed) == (Action.ADVANCE, True)
    assert [item.figure for item in decision.findings] == ["errors", "latency", "scores", "loss"]
    assert _judge(OLD, NEW, progress=_progress(step=1)).action is Action.FINISH


@pytest.mark.parametrize(
    ("changes", "failed", "figure"),
    [
        ({}, {"2": 80}, "errors"),
        ({"latency_ms": lambda rows: 3 * rows["latency_ms"]}, {}, "latency"),
        ({"score": lambda rows: np.sqrt(rows["score"])}, {}, "scores"),
        ({"score": lambda rows: rows["score"].to_numpy()[::-1]}, {}, "loss"),
    ],
)
def test_one_figure_that_is_worse_rolls_a_version_back(
    changes: dict[str, Any], failed: dict[str, int], figure: str
) -> None:
    """The verdict names it, with its figures."""
    margin = 0.0 if figure == "loss" else 1.0
    new = _rows("2", "canary", 8000 if figure == "loss" else 2000, 2, **changes)
    decision = _judge(
        _rows("1", "champion", 12000, 1), new, failed=failed, metric_margin=margin, progress=_progress("ab")
    )
    assert decision.action is Action.ROLL_BACK
    assert decision.reason == f"worse than tolerated: {figure}"
    assert [item.figure for item in decision.findings if item.harmful] == [figure]
    assert not decision.verdict.passed
    assert not decision.verdict.blocks
    assert decision.evidence["findings"][figure]["harmful"] is True


@pytest.mark.parametrize(
    ("rows", "minutes", "waits"),
    [(100, 0.0, "200 rows"), (800, 90.0, "90 minutes"), (100, 90.0, "200 rows, 90 minutes")],
)
def test_a_step_waits_for_its_rows_and_its_time(rows: int, minutes: float, waits: str) -> None:
    """Which of them, without figures that change."""
    decision = _judge(OLD, NEW[:rows], min_minutes=minutes)
    assert (decision.action, decision.reason) == (Action.HOLD, f"waits for {waits}")


def test_rows_that_failed_are_rows() -> None:
    """A version that fails on everything is judged, and not waited for."""
    assert _judge(OLD, failed={"2": 200}).action is Action.ROLL_BACK


def test_a_step_without_a_verdict_does_not_go_on_for_ever() -> None:
    """It is rolled back, and says what was lacking."""
    decision = _judge(OLD, NEW[:10], hours=169)
    assert decision.action is Action.ROLL_BACK
    assert "no verdict within 168 hours: it still waits for 200 rows" in decision.reason


def test_an_ab_test_waits_for_outcomes_that_decide() -> None:
    """Equal rows with a margin show in the end that the version is as good."""
    progress = _progress("ab")
    assert _judge(OLD, NEW, progress=progress).reason == "waits for outcomes that show it is as good"
    many = _rows("1", "champion", 20_000, 3), _rows("2", "canary", 20_000, 4)
    assert _judge(*many, progress=progress, metric_margin=0.03).action is Action.FINISH


def test_a_shadow_is_compared_row_by_row() -> None:
    """The same rows need far fewer outcomes than two groups of callers."""
    old = _rows("1", "champion", 1000, 1)
    worse = _rows("2", "shadow", 1000, 1, score=lambda rows: np.clip(rows["score"] + 0.25, 0, 1))
    said: dict[str, Any] = {"max_score_shift": 1.0, "max_latency_ratio": 100.0}
    paired = _judge(old, worse, progress=_progress("shadow"), **said)
    assert paired.reason == "worse than tolerated: loss"
    apart = _judge(old, worse.assign(role="canary"), **said)
    assert apart.action is Action.ADVANCE
    same = _judge(old, _rows("2", "shadow", 1000, 1), progress=_progress("shadow"))
    assert same.action is Action.FINISH


def test_a_version_that_a_server_cannot_load_goes() -> None:
    """Unless it has answered since."""
    assert _judge(OLD, progress=_progress(problem=True)).reason == "a server cannot load the version"
    assert _judge(OLD, NEW, progress=_progress(problem=True)).action is Action.ADVANCE


def test_another_champion_ends_the_rollout() -> None:
    """What it was compared with is gone."""
    assert _judge(OLD, NEW, champion="9").action is Action.ROLL_BACK


def test_without_a_rollout_nothing_is_wrong() -> None:
    """The check passes and says why."""
    verdict = nothing_to_judge("no rollout is under way")
    assert (verdict.passed, verdict.summary) == (True, "no rollout is under way")


@pytest.mark.parametrize("decided", [True, False])
def test_the_record_comes_back_as_it_was(*, decided: bool) -> None:
    """With findings and without."""
    status = RolloutStatus.of(pd.DataFrame({"event": ["started"]}), _judge(OLD, NEW) if decided else None, "said")
    back = RolloutStatus.from_parts(status.to_parts())
    pd.testing.assert_frame_equal(back.findings, status.findings)
    assert (back.said, len(back.findings)) == ("said", 4 if decided else 0)

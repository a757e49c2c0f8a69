"""One look at a rollout: what is read, what is new, and that it is done once."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.monitoring.rollout import Action
from ml_lifecycle.monitoring.rollout_look import Look, act_on, look_at_rollout
from ml_lifecycle.release.ledger import Ledger, State
from ml_lifecycle.release.registry import Registry
from ml_lifecycle.release.rollout import TARGET, Event, Rollouts
from ml_lifecycle.release.rollout_steps import start_rollout
from ml_lifecycle.serving.prediction_log import LoggedFailure, LoggedPrediction, PredictionLog, id_of
from ml_lifecycle_tests.release import tiny

_NO_REGISTRY = cast("Registry", None)


@dataclass
class World:
    """A project whose version 2 is a canary beside version 1, and its log."""

    config: ProjectConfig
    ledger: Ledger
    rollouts: Rollouts
    log: PredictionLog
    registry: Registry = _NO_REGISTRY

    def answer(self, version: str, role: str, rows: int, *, batch: bool = False, latency: float = 2.0) -> None:
        """Have rows answered."""
        random, now = np.random.default_rng(int(version)), datetime.now(UTC).replace(tzinfo=None)
        said = [
            LoggedPrediction(
                *("tiny", version, f"{version}-{role}-{number}", now, {}, "yes", float(score)),
                role=role,
                latency_ms=latency + float(random.random()),
                logged_at=now + timedelta(microseconds=number),
                prediction_id=id_of("tiny", version, str(number), role) if batch else str(uuid.uuid4()),
            )
            for number, score in enumerate(random.beta(2, 5, rows))
        ]
        self.log.append(said)

    def look(self) -> Look:
        """Look at it."""
        found = look_at_rollout(
            self.config, registry=self.registry, ledger=self.ledger, rollouts=self.rollouts, log=self.log
        )
        assert found is not None
        return found

    def act(self) -> Event:
        """Look, and do what follows."""
        return act_on(self.look(), registry=self.registry, ledger=self.ledger, rollouts=self.rollouts, by="t").event


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The rollout has just begun."""
    url = f"sqlite:///{tmp_path / 'service.db'}"
    config = tiny.project(tmp_path, release={"rollout": {"strategy": "canary", "steps": [0.2, 0.5], "min_rows": 100}})
    ledger, rollouts = Ledger(url), Rollouts(url)
    ledger.append("tiny", "1", "champion", by="t")
    said = {TARGET: tiny.predictor().target.to_dict()}
    rollout = config.release.rollout
    start_rollout("tiny", "2", rollout, ledger=ledger, rollouts=rollouts, by="t", evidence=said)
    return World(config, ledger, rollouts, PredictionLog(url))


def test_a_look_says_something_once(world: World) -> None:
    """What waits for the same thing as before is not new, however many rows have come."""
    first = world.look()
    assert (first.decision.action, first.new) == (Action.HOLD, True)
    assert world.act() is Event.HELD
    world.answer("2", "canary", 20)
    assert not world.look().new
    assert world.act() is Event.HELD
    assert len(world.rollouts.history("tiny")) == 2


def test_enough_good_rows_lead_to_the_next_step(world: World) -> None:
    """Which begins without rows."""
    world.answer("1", "champion", 300)
    world.answer("2", "canary", 100)
    assert world.act() is Event.ADVANCED
    decision = world.look().decision
    assert decision.evidence["findings"]["scores"]["rows"] >= 0
    running = world.rollouts.running("tiny")
    assert running is not None
    assert (running.step, running.share) == (1, 0.5)


def test_failed_rows_count_where_the_version_answered(world: World) -> None:
    """Those of the log's own count of failures."""
    world.answer("1", "champion", 300)
    failed = [LoggedFailure("tiny", "2", "age", "unusable", role="canary") for _ in range(60)]
    world.log.add_failures(failed)
    assert world.act() is Event.ROLLED_BACK
    assert world.ledger.state_of("tiny", "2") is State.ROLLED_BACK
    assert "errors" in world.rollouts.history("tiny")[-1].evidence["reason"]
    assert (
        look_at_rollout(
            world.config, registry=world.registry, ledger=world.ledger, rollouts=world.rollouts, log=world.log
        )
        is None
    )


def test_batches_are_no_evidence(world: World) -> None:
    """They are scored by the champion alone, and are quick; nobody sent them."""
    world.answer("1", "champion", 300, batch=True, latency=0.01)
    world.answer("2", "canary", 100)
    findings = {item.figure: item for item in world.look().decision.findings}
    assert np.isnan(findings["latency"].champion)


def test_of_two_who_look_at_once_one_acts(world: World) -> None:
    """The other finds it done."""
    world.answer("1", "champion", 300)
    world.answer("2", "canary", 100)
    looks = [world.look(), world.look()]
    ends = [
        act_on(look, registry=world.registry, ledger=world.ledger, rollouts=world.rollouts, by="t") for look in looks
    ]
    assert ends[0] == ends[1]
    assert [item.state.event.value for item in world.rollouts.history("tiny")] == ["started", "advanced"]


def test_the_findings_are_a_table(world: World) -> None:
    """One row for each figure, also of no rows at all."""
    table = world.look().decision.table()
    assert table["figure"].tolist() == ["errors", "latency", "scores", "loss"]
    assert not table[["harmful"]].any(axis=None)
    assert isinstance(table, pd.DataFrame)

"""The state of rollouts: append-only, one line after the other, whoever writes."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from ml_lifecycle.release.rollout import AGAINST, PROBLEM, STEPS, Event, Rollout, RolloutEntry, Rollouts

FIRST = Rollout("loans", 1, 0, "7", "canary", 0, 0.05, Event.STARTED)
SAID = {STEPS: [0.05, 0.5], AGAINST: "6"}


@pytest.fixture
def rollouts(tmp_path: Path) -> Rollouts:
    """A real database with a rollout that has begun."""
    found = Rollouts(f"sqlite:///{tmp_path / 'service.db'}")
    assert found.append(RolloutEntry(FIRST, "run 1", evidence=SAID))
    return found


def test_what_runs_is_known_until_it_ends(rollouts: Rollouts) -> None:
    """Of one project only; what has ended is the latest, but does not run."""
    assert rollouts.running("loans") == FIRST
    assert rollouts.running("houses") is None
    ended = replace(FIRST, number=1, event=Event.ROLLED_BACK)
    rollouts.append(RolloutEntry(ended, "run 2"))
    assert rollouts.running("loans") is None
    assert rollouts.latest("loans") == ended


def test_of_two_who_write_the_same_line_one_is_told_off(rollouts: Rollouts) -> None:
    """Two sensors that look at the same moment cannot both advance, nor can one advance what the other rolls back."""
    assert rollouts.append(RolloutEntry(replace(FIRST, number=1, step=1, event=Event.ADVANCED), "a"))
    assert not rollouts.append(RolloutEntry(replace(FIRST, number=1, event=Event.ROLLED_BACK), "b"))
    assert [item.by for item in rollouts.history("loans")] == ["run 1", "a"]


def test_a_rollout_remembers_what_it_began_with(rollouts: Rollouts) -> None:
    """Its steps, whom it is compared with, and since when its step goes on."""
    rollouts.append(RolloutEntry(replace(FIRST, number=1, step=1, share=0.5, event=Event.ADVANCED), "a"))
    rollouts.append(RolloutEntry(replace(FIRST, number=2, step=1, share=0.5, event=Event.HELD), "b"))
    progress = rollouts.progress("loans")
    assert progress is not None
    assert (progress.steps, progress.against, progress.target) == ((0.05, 0.5), "6", None)
    assert progress.since == progress.entries[1].at
    assert progress.problem is None
    assert rollouts.progress("loans", 2) is None


def test_a_problem_of_a_step_before_is_forgotten(rollouts: Rollouts) -> None:
    """It is told of the step in which it was met."""
    rollouts.append(RolloutEntry(replace(FIRST, number=1, event=Event.HELD), "server", evidence={PROBLEM: "damaged"}))
    progress = rollouts.progress("loans")
    assert progress is not None
    assert progress.problem == progress.entries[1]
    rollouts.append(RolloutEntry(replace(FIRST, number=2, step=1, event=Event.ADVANCED), "a"))
    progress = rollouts.progress("loans")
    assert progress is not None
    assert progress.problem is None


def test_lines_are_never_changed(rollouts: Rollouts, tmp_path: Path) -> None:
    """The database itself refuses."""
    assert rollouts.running("loans") == FIRST
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'service.db'}")
    with engine.begin() as connection, pytest.raises(sa.exc.IntegrityError, match="append-only"):
        connection.execute(sa.text("UPDATE rollout_events SET share = 1"))


def test_the_table_for_people(rollouts: Rollouts) -> None:
    """One row for each line."""
    table = rollouts.history_table("loans")
    assert table[["rollout", "version", "event", "share"]].to_numpy().tolist() == [[1, "7", "started", 0.05]]

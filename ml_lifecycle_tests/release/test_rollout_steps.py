"""The life of a rollout in a real database: repeated, interrupted, and by two at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast

import pytest

from ml_lifecycle.config.release import RolloutConfig
from ml_lifecycle.errors import StateError
from ml_lifecycle.release.ledger import Ledger, State
from ml_lifecycle.release.registry import Registry
from ml_lifecycle.release.rollout import Event, Rollout, RolloutEntry, Rollouts
from ml_lifecycle.release.rollout_steps import (
    abort_rollout,
    advance_rollout,
    finish_rollout,
    hold_rollout,
    mend_ledger,
    note_problem,
    start_rollout,
)

CANARY = RolloutConfig(strategy="canary", steps=(0.1, 0.5))


class _Aliases:
    """A registry that knows aliases only."""

    def __init__(self) -> None:
        self.aliases = {"champion": "1", "challenger": "2"}

    def set_alias(self, _project: str, alias: str, version: str) -> None:
        self.aliases[alias] = version

    def drop_alias(self, _project: str, alias: str) -> None:
        self.aliases.pop(alias, None)

    def version_of(self, _project: str, alias: str) -> str | None:
        return self.aliases.get(alias)


class Books(NamedTuple):
    """Where everything is written down."""

    ledger: Ledger
    rollouts: Rollouts
    registry: Registry

    def start(self, version: str = "2", config: RolloutConfig = CANARY) -> Rollout | None:
        """Begin."""
        return start_rollout("p", version, config, ledger=self.ledger, rollouts=self.rollouts, by="t")

    def begin(self) -> Rollout:
        """Begin, and have it under way."""
        state = self.start()
        assert state is not None
        return state

    def finish(self, state: Rollout) -> Rollout:
        """Finish."""
        return finish_rollout(state, registry=self.registry, ledger=self.ledger, rollouts=self.rollouts, by="t")

    def abort(self, reason: str = "worse") -> Rollout | None:
        """Roll back."""
        return abort_rollout("p", reason, ledger=self.ledger, rollouts=self.rollouts, by="t")

    def states(self) -> list[State | None]:
        """What the versions 1 and 2 are."""
        return [self.ledger.state_of("p", version) for version in ("1", "2")]

    def events(self) -> list[str]:
        """What has happened to rollouts."""
        return [item.state.event.value for item in self.rollouts.history("p")]


@pytest.fixture
def books(tmp_path: Path) -> Books:
    """Version 1 is in production, version 2 a candidate."""
    url = f"sqlite:///{tmp_path / 'service.db'}"
    ledger = Ledger(url)
    ledger.append("p", "1", "champion", by="t")
    ledger.append("p", "2", "candidate", by="t")
    return Books(ledger, Rollouts(url), cast("Registry", _Aliases()))


def test_a_canary_from_the_first_share_to_production(books: Books) -> None:
    """Every step is in the ledger, the champion of before is retired at the end and not earlier."""
    state = books.begin()
    assert (state.share, books.states()) == (0.1, ["champion", "canary"])
    state = advance_rollout(state, rollouts=books.rollouts, by="t")
    assert (state.step, state.share) == (1, 0.5)
    with pytest.raises(StateError, match="no further step"):
        advance_rollout(state, rollouts=books.rollouts, by="t")
    assert books.finish(state).event is Event.FINISHED
    assert books.states() == ["retired", "champion"]
    assert books.ledger.history("p")[-1].evidence["previous"] == "1"
    assert cast("_Aliases", books.registry).aliases == {"champion": "2"}


def test_everything_may_be_done_twice(books: Books) -> None:
    """The second time changes nothing."""
    state = books.begin()
    assert books.start() == state
    advanced = advance_rollout(state, rollouts=books.rollouts, by="t")
    assert advance_rollout(state, rollouts=books.rollouts, by="late") == advanced
    held = hold_rollout(advanced, "waits", rollouts=books.rollouts, by="t")
    assert hold_rollout(held, "waits", rollouts=books.rollouts, by="t") == held
    ended = books.finish(held)
    assert books.finish(held) == ended
    assert books.events() == ["started", "advanced", "held", "finished"]
    assert [item.state.value for item in books.ledger.history("p")][2:] == ["canary", "retired", "champion"]


def test_of_many_at_once_each_step_is_taken_once(books: Books) -> None:
    """Sensors, commands and a person, each in a process of its own."""
    state = books.begin()

    def act(number: int) -> Rollout:
        rollouts = Rollouts(books.ledger.url)
        if number % 2:
            return hold_rollout(state, "waits", rollouts=rollouts, by=str(number))
        return advance_rollout(state, rollouts=rollouts, by=str(number))

    with ThreadPoolExecutor(6) as pool:
        ends = set(pool.map(act, range(12)))
    assert len(ends) == 1
    assert len(books.events()) == 2


def test_a_rollback_gives_all_callers_back(books: Books) -> None:
    """The version is rolled back in the ledger, and cannot be finished by somebody who is late."""
    state = books.begin()
    ended = books.abort()
    assert ended is not None
    assert (ended.event, books.rollouts.running("p")) == (Event.ROLLED_BACK, None)
    assert books.states() == ["champion", "rolled_back"]
    books.abort()
    assert books.events() == ["started", "rolled_back"]
    with pytest.raises(StateError, match="changed by somebody else"):
        books.finish(state)
    assert books.ledger.champion("p") == "1"


def test_nothing_is_begun_where_a_version_goes_all_at_once(books: Books) -> None:
    """By the strategy, without a champion to compare with, or for the champion itself."""
    assert books.start(config=RolloutConfig()) is None
    assert books.start("1") is None
    assert start_rollout("new", "1", CANARY, ledger=books.ledger, rollouts=books.rollouts, by="t") is None
    assert books.events() == []


@pytest.mark.parametrize("config", [CANARY, RolloutConfig()])
def test_a_newer_version_replaces_the_one_under_way(books: Books, config: RolloutConfig) -> None:
    """The older one is rolled back first, whether the newer one goes by steps or at once."""
    books.begin()
    books.ledger.append("p", "3", "candidate", by="t")
    newer = books.start("3", config)
    assert books.states() == ["champion", "rolled_back"]
    assert (None if newer is None else (newer.rollout, newer.version)) == ((2, "3") if config is CANARY else None)


def test_a_shadow_answers_nobody(books: Books) -> None:
    """It has one step, without a share."""
    state = books.start(config=RolloutConfig(strategy="shadow"))
    assert state is not None
    assert (state.share, books.states()) == (0.0, ["champion", "shadow"])


def test_what_died_between_rollout_and_ledger_is_mended(books: Books) -> None:
    """After the rollback was written, and after the version became champion."""
    state = books.begin()
    books.rollouts.append(RolloutEntry(replace(state, number=1, event=Event.ROLLED_BACK), "died"))
    mend_ledger("p", ledger=books.ledger, rollouts=books.rollouts, by="t")
    assert books.states() == ["champion", "rolled_back"]
    books.ledger.append("p", "2", "candidate", by="t")
    second = books.begin()
    assert second.rollout == 2
    books.ledger.append("p", "1", "retired", by="died")
    books.ledger.append("p", "2", "champion", by="died")
    assert books.abort() is not None  # too late for that: it is champion
    assert books.states() == ["retired", "champion"]
    assert books.events()[-1] == "finished"


def test_a_server_tells_of_a_problem_once(books: Books) -> None:
    """However many of them find it."""
    state = books.begin()
    for _ in range(3):
        note_problem(books.rollouts, state, "damaged", by="server")
    assert books.events() == ["started", "held"]


def test_a_person_who_rolls_back_while_it_is_finished_has_the_last_word(books: Books) -> None:
    """Between the new champion and the end of the rollout, somebody takes the version back."""
    state = books.begin()

    class _Slow(Rollouts):
        def append(self, entry: RolloutEntry) -> bool:
            if entry.state.event is Event.FINISHED:
                super().append(replace(entry, state=replace(entry.state, event=Event.ROLLED_BACK), by="person"))
            return super().append(entry)

    ended = finish_rollout(
        state, registry=books.registry, ledger=books.ledger, rollouts=_Slow(books.ledger.url), by="t"
    )
    assert ended.event is Event.ROLLED_BACK
    assert books.states() == ["champion", "rolled_back"]
    assert cast("_Aliases", books.registry).aliases["champion"] == "1"

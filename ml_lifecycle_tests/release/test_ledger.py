"""The ledger: what was decided stays, and what holds now follows from it."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.errors import StateError
from ml_lifecycle.release.ledger import BAD, Entry, Ledger, State, _now


def test_an_empty_ledger_knows_nothing(ledger: Ledger) -> None:
    """No champion, no candidate, no labels."""
    assert ledger.champion("p") is None
    assert ledger.candidate("p") is None
    assert ledger.latest_version("p") is None
    assert ledger.state_of("p", "1") is None
    assert ledger.labels_used("p") == 0
    assert ledger.history("p") == []
    assert list(ledger.history_table("p").columns) == ["version", "state", "at", "by", "evidence", "hash"]


def test_lines_come_back_as_they_were_written(ledger: Ledger) -> None:
    """Evidence is JSON; the order is that of writing; projects do not mix."""
    first = ledger.append("p", "1", "candidate", by="run r1", evidence={"lineage": {"raw_data": "a"}})
    ledger.append("q", "7", State.CANDIDATE, by="x")
    second = ledger.append("p", "1", State.REJECTED, by="ann", evidence={"why": "too slow"})
    assert ledger.history("p") == [first, second]
    assert ledger.history("p")[0].evidence == {"lineage": {"raw_data": "a"}}
    assert ledger.history_table("p")["state"].tolist() == ["candidate", "rejected"]
    assert ledger.champion("q") is None


def test_the_champion_is_the_version_whose_last_state_says_so(ledger: Ledger) -> None:
    """Also after a rollback: the version of before is champion again."""
    ledger.append("p", "1", "candidate", by="r")
    ledger.append("p", "1", "champion", by="r")
    ledger.append("p", "2", "candidate", by="r")
    assert (ledger.champion("p"), ledger.candidate("p"), ledger.latest_version("p")) == ("1", "2", "2")
    ledger.append_all([Entry("p", "1", State.RETIRED, "r", _now()), Entry("p", "2", State.CHAMPION, "r", _now())])
    assert (ledger.champion("p"), ledger.candidate("p")) == ("2", None)
    ledger.append_all([Entry("p", "2", State.ROLLED_BACK, "r", _now()), Entry("p", "1", State.CHAMPION, "r", _now())])
    assert ledger.champion("p") == "1"
    assert ledger.state_of("p", "2") is State.ROLLED_BACK


def test_a_challenger_still_waits_and_a_rejected_version_does_not(ledger: Ledger) -> None:
    """Only the version that was registered last can wait."""
    ledger.append("p", "1", "candidate", by="r")
    ledger.append("p", "1", "challenger", by="r")
    assert ledger.candidate("p") == "1"
    ledger.append("p", "2", "candidate", by="r")
    ledger.append("p", "2", "rejected", by="r")
    assert ledger.candidate("p") is None


def test_labels_used_are_those_of_the_last_version_that_says_so(ledger: Ledger) -> None:
    """A decision about a version says nothing of labels and changes nothing."""
    ledger.append("p", "1", "candidate", by="r", evidence={"labels_used": 10})
    ledger.append("p", "2", "candidate", by="r", evidence={"labels_used": 40})
    ledger.append("p", "2", "champion", by="r")
    assert ledger.labels_used("p") == 40


def test_an_unknown_state_is_refused(ledger: Ledger) -> None:
    """The message names the states there are."""
    with pytest.raises(StateError, match="challenger"):
        ledger.append("p", "1", "winner", by="r")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("123"), st.sampled_from(list(State))), max_size=12))
def test_nothing_that_was_written_changes(lines: list[tuple[str, State]]) -> None:
    """However states follow one another, the history only grows, and the champion is one whose last state says so."""
    ledger = Ledger("sqlite://")
    for count, (version, state) in enumerate(lines):
        before = ledger.history("p")
        ledger.append("p", version, state, by="r")
        assert ledger.history("p")[:count] == before
    champion = ledger.champion("p")
    states = dict(lines)
    assert (champion is None) == (State.CHAMPION not in states.values())
    assert champion is None or states[champion] is State.CHAMPION


def test_a_ledger_on_a_broken_path_says_so(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "home").write_text("in the way")
    with pytest.raises(StateError, match="service database"):
        Ledger(f"sqlite:///{tmp_path / 'home' / 'service.db'}").champion("p")


def test_a_version_that_rises_again_is_the_champion(ledger: Ledger) -> None:
    """Also while another one, which rose in between, was never written off."""
    for version in ("1", "2", "1"):
        ledger.append("p", version, "champion", by="r")
    assert ledger.champion("p") == "1"


def test_a_version_that_waits_goes_forward_once(ledger: Ledger) -> None:
    """The same word on the same evidence is written once; one that is in production is not brought back."""
    assert ledger.advance("p", "1", "staged", by="r") is None
    ledger.append("p", "1", "candidate", by="r", evidence={"digest": "abc"})
    assert ledger.advance("p", "1", "staged", by="r", evidence={"p95": 3}) is not None
    assert ledger.advance("p", "1", "staged", by="r", evidence={"p95": 3}) is None
    assert ledger.advance("p", "1", "approved", by="r") is not None
    assert (ledger.candidate("p"), ledger.digest_of("p", "1"), ledger.digest_of("p", "2")) == ("1", "abc", None)
    ledger.append("p", "1", "champion", by="r")
    assert ledger.advance("p", "1", "staged", by="r") is None
    assert ledger.champion("p") == "1"


def test_who_changes_the_champion_must_know_it(ledger: Ledger) -> None:
    """Of two that both replace the first, the second one is told, and nothing is written."""
    first = Entry("p", "1", State.CHAMPION, "r", _now())
    ledger.succeed([first], champion=None)
    second = [Entry("p", "1", State.RETIRED, "r", _now()), Entry("p", "2", State.CHAMPION, "r", _now())]
    with pytest.raises(StateError, match="expected none, got version 1"):
        ledger.succeed(second, champion=None)
    assert ledger.history("p") == [first]
    ledger.succeed(second, champion="1")
    assert ledger.champion("p") == "2"


def test_a_version_that_is_taken_back_at_the_last_moment_does_not_rise(ledger: Ledger) -> None:
    """Rejected between the look and the step; who names it on purpose bars nothing."""
    ledger.append("p", "1", "rejected", by="ann")
    risen = [Entry("p", "1", State.CHAMPION, "r", _now())]
    with pytest.raises(StateError, match="taken back meanwhile"):
        ledger.succeed(risen, champion=None, barred=BAD)
    assert ledger.champion("p") is None
    ledger.succeed(risen, champion=None)
    assert ledger.champion("p") == "1"


def test_a_change_of_a_line_is_found(ledger: Ledger, tmp_path: Path) -> None:
    """Somebody took the triggers away and made a rejected version a champion."""
    ledger.append("q", "1", "candidate", by="r")
    rejected = ledger.append("p", "1", "rejected", by="ann")
    ledger.append("p", "2", "candidate", by="r")
    assert (ledger.verify().intact, ledger.verify().lines) == (True, 3)
    assert ledger.verify(until=rejected.hash).intact
    connection = sqlite3.connect(tmp_path / "service.db")
    for name in ("keeps_lines", "keeps_all", "replaces_none"):
        connection.execute(f"DROP TRIGGER release_events_{name}")
    connection.execute("UPDATE release_events SET state = 'champion' WHERE id = 2")
    connection.commit()
    connection.close()
    found = ledger.verify()
    assert (found.intact, found.broken) == (False, 2)
    assert "changed after it was written" in found.problem


_OLD_TABLE = """CREATE TABLE release_events (id INTEGER NOT NULL, project VARCHAR(63) NOT NULL,
version VARCHAR(63) NOT NULL, state VARCHAR(20) NOT NULL, at DATETIME NOT NULL, "by" VARCHAR(200) NOT NULL,
evidence TEXT NOT NULL, PRIMARY KEY (id))"""


def test_a_database_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    """Columns and triggers are added; its lines stay, and count as not proven. Two processes may come at once."""
    connection = sqlite3.connect(tmp_path / "service.db")
    connection.execute(_OLD_TABLE)
    connection.execute(
        'INSERT INTO release_events (project, version, state, at, "by", evidence) '
        "VALUES ('p', '1', 'champion', '2026-01-02 03:04:05.000006', 'r', '{}')"
    )
    connection.commit()
    ledgers = [Ledger(f"sqlite:///{tmp_path / 'service.db'}") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda item: item.champion("p"), ledgers)) == ["1"] * 4
    ledgers[0].append("p", "1", "retired", by="r")
    found = ledgers[1].verify()
    assert (found.intact, found.lines, found.unverified) == (True, 2, 1)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("DELETE FROM release_events")
    connection.close()


def test_many_writers_make_one_chain(tmp_path: Path) -> None:
    """Each line names the one before it, whoever wrote that."""
    url = f"sqlite:///{tmp_path / 'service.db'}"

    def write(number: int) -> None:
        ledger = Ledger(url)
        for _ in range(5):
            ledger.append("p", str(number), "candidate", by="r")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    found = Ledger(url).verify()
    assert (found.intact, found.lines) == (True, 30)

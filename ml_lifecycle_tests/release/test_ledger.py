"""The ledger: what was decided stays, and what holds now follows from it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.errors import StateError
from ml_lifecycle.release.ledger import Entry, Ledger, State, _now


def test_an_empty_ledger_knows_nothing(ledger: Ledger) -> None:
    """No champion, no candidate, no labels."""
    assert ledger.champion("p") is None
    assert ledger.candidate("p") is None
    assert ledger.latest_version("p") is None
    assert ledger.state_of("p", "1") is None
    assert ledger.labels_used("p") == 0
    assert ledger.history("p") == []
    assert list(ledger.history_table("p").columns) == ["version", "state", "at", "by", "evidence"]


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

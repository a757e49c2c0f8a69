"""The chain of hashes: whatever is changed afterwards is found, and where."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.release.chain import BEFORE, GENESIS, HASH, append_lines, chain_columns, hash_line, verify_lines

_TABLES = sa.MetaData()
_LINES = sa.Table(
    "lines",
    _TABLES,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
    sa.Column("said", sa.Text()),
    sa.Column("at", sa.DateTime()),
    *chain_columns(),
)
_SAID = st.lists(st.text(max_size=5), min_size=1, max_size=6)
_AT = datetime.fromisoformat("2026-01-02 03:04:05.000678")


def _chained(*said: str) -> sa.Connection:
    """A transaction on a database in memory with these lines; no trigger protects them."""
    connection = sa.create_engine("sqlite://").connect()
    _TABLES.create_all(connection)
    append_lines(connection, _LINES, [{"said": text, "at": _AT} for text in said])
    return connection


@settings(max_examples=30, deadline=None)
@given(_SAID, _SAID)
def test_a_chain_that_was_left_alone_is_intact(first: list[str], second: list[str]) -> None:
    """However it was written, at once or piece by piece; each line names the one before it."""
    with _chained(*first) as connection:
        append_lines(connection, _LINES, [{"said": text, "at": _AT} for text in second])
        found = verify_lines(connection, _LINES)
        hashes = connection.execute(sa.select(_LINES.c[BEFORE], _LINES.c[HASH])).all()
    assert (found.intact, found.lines, found.unverified) == (True, len(first) + len(second), 0)
    assert [before for before, _ in hashes] == [GENESIS, *(made for _, made in hashes[:-1])]
    assert found.head == hashes[-1][1]


@settings(max_examples=40, deadline=None)
@given(_SAID, st.data())
def test_a_change_is_found_where_it_is(said: list[str], data: st.DataObject) -> None:
    """Another text, another time, or a new hash for the line: it is that line, or the one after it that is broken."""
    place = data.draw(st.integers(1, len(said)), "line")
    how = data.draw(st.sampled_from(["text", "time", "rehashed"]), "how")
    changes = {"at": _AT + timedelta(seconds=1)} if how == "time" else {"said": said[place - 1] + "!"}
    with _chained(*said) as connection:
        row = connection.execute(sa.select(_LINES).where(_LINES.c.id == place)).mappings().one()
        if how == "rehashed":
            changes[HASH] = hash_line(row[BEFORE], {**row, **changes})
        head = verify_lines(connection, _LINES).head
        connection.execute(sa.update(_LINES).where(_LINES.c.id == place).values(**changes))
        found = verify_lines(connection, _LINES, until=head)
    assert not found.intact
    assert found.broken == (place + 1 if how == "rehashed" else place)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=3), min_size=2, max_size=6), st.data())
def test_a_line_that_was_taken_away_is_missed(said: list[str], data: st.DataObject) -> None:
    """In the middle by the line after it; at the end by a hash that was kept elsewhere."""
    place = data.draw(st.integers(1, len(said)), "line")
    with _chained(*said) as connection:
        head = verify_lines(connection, _LINES).head
        connection.execute(sa.delete(_LINES).where(_LINES.c.id == place))
        assert verify_lines(connection, _LINES).intact == (place == len(said))
        found = verify_lines(connection, _LINES, until=head)
    assert not found.intact
    assert found.problem


def test_lines_from_before_there_were_hashes_are_not_proven() -> None:
    """They are counted; the chain begins after them, and a later line without a hash breaks it."""
    with _chained() as connection:
        connection.execute(sa.insert(_LINES), [{"said": "old", "at": _AT}, {"said": "older", "at": _AT}])
        assert verify_lines(connection, _LINES).unverified == 2
        append_lines(connection, _LINES, [{"said": "new", "at": _AT}])
        found = verify_lines(connection, _LINES)
        assert (found.intact, found.lines, found.unverified) == (True, 3, 2)
        connection.execute(sa.insert(_LINES), {"said": "slipped in", "at": _AT})
        assert verify_lines(connection, _LINES).broken == 4


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5))])
def test_times_of_any_zone_are_kept_in_utc(zone: timezone) -> None:
    """What the database gives back has no zone; the hash must be of that."""
    with _chained() as connection:
        append_lines(connection, _LINES, [{"said": "now", "at": datetime(2026, 1, 1, 12, tzinfo=zone)}])
        assert verify_lines(connection, _LINES).intact
        wanted = datetime(2026, 1, 1, 12, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
        assert connection.execute(sa.select(_LINES.c.at)).scalar() == wanted


def test_an_empty_table_is_intact() -> None:
    """And has no head."""
    with _chained() as connection:
        assert (verify_lines(connection, _LINES).intact, verify_lines(connection, _LINES).head) == (True, "")
        assert not verify_lines(connection, _LINES, until="a" * 64).intact

"""Words are kept as they were said."""

import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from ml_lifecycle.release.approvals import Approvals, Said, Word

_AT = datetime.fromisoformat("2026-03-01 12:00")


def test_words_come_back_in_order_and_stay(tmp_path: Path) -> None:
    """By version; the database refuses to take one away, and their hashes say that none was changed."""
    approvals = Approvals(f"sqlite:///{tmp_path / 'service.db'}")
    words = [
        Word("p", version, "abc", "risk", "ann", said, "it's \N{SNOWMAN}", _AT, _AT)
        for version, said in (("1", Said.APPROVE), ("2", Said.REJECT), ("1", Said.REJECT))
    ]
    for word in words:
        approvals.append(word)
    assert approvals.words("p") == words
    assert approvals.words("p", "1") == [words[0], words[2]]
    assert approvals.words("q") == []
    assert (approvals.verify().intact, approvals.verify().lines) == (True, 3)
    connection = sqlite3.connect(tmp_path / "service.db")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("DELETE FROM release_approvals WHERE said = 'reject'")
    connection.close()

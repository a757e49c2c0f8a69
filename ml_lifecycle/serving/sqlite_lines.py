"""The quick way into a log that is an SQLite file: the driver itself, and a commit that is one statement.

SQLAlchemy's transaction costs more than SQLite's, and lets go of the interpreter's lock eight times where once is
enough; beside a busy server each time is a wait. The tables are made by `release/database` before; what a line is lives
in `log_lines`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from ml_lifecycle.errors import StateError
from ml_lifecycle.serving.log_lines import LINES, Values, statement_of, timeless
from ml_lifecycle.serving.log_tables import BLOCKS, FAILURES, PREDICTIONS

_BUSY_SECONDS: Final = 30.0
#: Pages (4 KB) after which a commit also waits for the disk; SQLite's own 1,000 make that one in sixty.
_CHECKPOINT_PAGES: Final = 4_000


class SqliteLines:
    """One connection that writes; threads that write through it take turns, as SQLite's writers do anyway.

    Args:
        path: The file, with its tables in place.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def write(self, lines: Sequence[Values], failures: Sequence[Values], blocks: Sequence[Values] = ()) -> int:
        """Write lines, failures and blocks in one transaction; predictions whose name is known are passed over.

        Returns:
            How many lines were new.

        Raises:
            StateError: SQLite refuses; then none was written.
        """
        try:
            with self._lock:
                connection = self._connection = self._connection or self._open()
                if not failures and not blocks and len(lines) <= LINES:  # one statement is a transaction of its own
                    return _insert(connection, PREDICTIONS, lines)
                return _together(connection, lines, failures, blocks)
        except (sqlite3.Error, UnicodeEncodeError, OverflowError) as error:
            raise StateError(
                "the prediction log cannot be written",
                expected=f"an SQLite database that can be written at {self._path}",
                got=f"{type(error).__name__}: {error}",
                advice="mend the folder's permissions or free space, or name another database in "
                "ML_LIFECYCLE_SERVICE_URL",
            ) from error

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=LINES * 2,
        )
        connection.execute("PRAGMA synchronous=NORMAL")  # a commit survives a killed process, though not a power cut
        connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        return connection


def _together(
    connection: sqlite3.Connection, lines: Sequence[Values], failures: Sequence[Values], blocks: Sequence[Values]
) -> int:
    connection.execute("BEGIN IMMEDIATE")
    try:
        _insert(connection, FAILURES, failures)
        _insert(connection, BLOCKS, blocks)
        new = _insert(connection, PREDICTIONS, lines)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return new


def _insert(connection: sqlite3.Connection, table: sa.Table, lines: Sequence[Values]) -> int:
    parts = (lines[start : start + LINES] for start in range(0, len(lines), LINES))
    return sum(connection.execute(statement_of(table, len(part), "?"), timeless(part)).rowcount for part in parts)

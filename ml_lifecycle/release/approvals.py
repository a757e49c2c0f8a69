"""What people have said about a candidate, kept in the service database, each word once and for all.

A word is about exactly one version and one package: its hash is part of it. Which words are enough is for
`approval_policy` to say, how they come in lives in `approval_desk`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from ml_lifecycle.config.release import Phase
from ml_lifecycle.release.append_only import APPEND_ONLY
from ml_lifecycle.release.chain import Verification, append_lines, chain_columns, verify_lines
from ml_lifecycle.release.database import Database

#: The phase that has a policy.
PRODUCTION: Final[Phase] = "production"

_TABLES = sa.MetaData()
_WORDS = sa.Table(
    "release_approvals",
    _TABLES,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("project", sa.String(63), nullable=False),
    sa.Column("version", sa.String(63), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("phase", sa.String(20), nullable=False),
    sa.Column("role", sa.String(200), nullable=False),
    sa.Column("who", sa.String(200), nullable=False),
    sa.Column("said", sa.String(10), nullable=False),
    sa.Column("why", sa.Text(), nullable=False),
    sa.Column("at", sa.DateTime(), nullable=False),
    sa.Column("expires", sa.DateTime(), nullable=False),
    *chain_columns(),
    sa.Index("release_approvals_by_version", "project", "version", "id"),
    info={APPEND_ONLY: True},
)


class Said(StrEnum):
    """What can be said about a version."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Word:
    """What one person has said about one version.

    Args:
        project: The project.
        version: The version.
        digest: The hash of its package; a package that is made again needs a new word.
        role: The role that the person spoke for.
        who: Name or mail address.
        said: Approve or reject.
        why: The reason given.
        at: When, naive UTC.
        expires: Until when an approval holds, naive UTC; a rejection does not expire.
        phase: What it is about.
    """

    project: str
    version: str
    digest: str
    role: str
    who: str
    said: Said
    why: str
    at: datetime
    expires: datetime
    phase: Phase = PRODUCTION


@dataclass(frozen=True, slots=True)
class Subject:
    """What is spoken about: one version, and its package by its hash."""

    project: str
    version: str
    digest: str


class Approvals:
    """The words of all projects of a deployment.

    Args:
        url: SQLAlchemy URL of the service tables.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url, _TABLES)

    def append(self, word: Word) -> None:
        """Keep a word.

        Raises:
            StateError: The database refuses.
        """
        line = {**asdict(word), "said": word.said.value}
        with self._database.begin_alone(_WORDS) as connection:
            append_lines(connection, _WORDS, [line])

    def words(self, project: str, version: str | None = None) -> list[Word]:
        """What was said about a version, or about all of them, the oldest first.

        Raises:
            StateError: The database refuses.
        """
        query = sa.select(*(_WORDS.c[name] for name in Word.__dataclass_fields__)).where(_WORDS.c.project == project)
        if version is not None:
            query = query.where(_WORDS.c.version == str(version))
        with self._database.begin() as connection:
            rows = connection.execute(query.order_by(_WORDS.c.id)).mappings().all()
        return [Word(**{**row, "said": Said(row["said"])}) for row in rows]

    def verify(self, *, until: str | None = None) -> Verification:
        """Look whether every word is as it was kept; see `chain`.

        Raises:
            StateError: The database refuses.
        """
        with self._database.begin() as connection:
            return verify_lines(connection, _WORDS, until=until)

"""Keys of those who may ask a server: given out, listed and revoked in the service database, kept as hashes only.

A key is 256 random bits, so a plain SHA-256 is as good as a slow hash: nobody can try them through. What a server
does with a caller is `front`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa

from ml_lifecycle.errors import StateError
from ml_lifecycle.release.database import Database

_BYTES: Final = 32
_PREFIX: Final = "mlk_"
_log = logging.getLogger(__name__)

_TABLES = sa.MetaData()
_KEYS = sa.Table(
    "api_keys",
    _TABLES,
    sa.Column("project", sa.String(63), primary_key=True),
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", sa.DateTime(), nullable=False),
    sa.Column("created_by", sa.String(200), nullable=False),
    sa.Column("revoked_at", sa.DateTime()),
)


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key; the key itself is not.

    Args:
        name: What it is called, once per project, also when it was revoked.
        created_at: When it was given out; naive UTC.
        created_by: By whom.
        revoked_at: Since when it opens nothing any more; None for one that does.
    """

    name: str
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None


class Keys:
    """The keys of all projects of a deployment.

    Args:
        url: SQLAlchemy URL of the service tables.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url, _TABLES)

    def add(self, project: str, name: str, *, by: str) -> str:
        """Give out a key.

        Returns:
            The key, which cannot be shown again.

        Raises:
            StateError: The name is taken or empty, or the database refuses.
        """
        if not name.strip() or name in {key.name for key in self.list(project)}:
            raise StateError(
                "the key cannot be given out",
                expected="a name that no key of the project has or had",
                got=repr(name),
                advice="choose another name; `ml-lifecycle keys list` shows those that are taken",
            )
        key = _PREFIX + secrets.token_urlsafe(_BYTES)
        line = {"project": project, "name": name, "digest": digest_of(key), "created_at": _now(), "created_by": by}
        with self._database.begin() as connection:
            connection.execute(sa.insert(_KEYS), [line])
        return key

    def list(self, project: str) -> list[Key]:
        """All keys of a project, revoked ones too, the oldest first.

        Raises:
            StateError: The database refuses.
        """
        columns = (_KEYS.c.name, _KEYS.c.created_at, _KEYS.c.created_by, _KEYS.c.revoked_at)
        query = sa.select(*columns).where(_KEYS.c.project == project).order_by(_KEYS.c.created_at, _KEYS.c.name)
        with self._database.begin() as connection:
            return [Key(*row) for row in connection.execute(query)]

    def revoke(self, project: str, name: str) -> None:
        """Let a key open nothing any more; servers notice within two seconds.

        Raises:
            StateError: There is no such key, or it is revoked already, or the database refuses.
        """
        change = (
            sa.update(_KEYS)
            .where(_KEYS.c.project == project, _KEYS.c.name == name, _KEYS.c.revoked_at.is_(None))
            .values(revoked_at=_now())
        )
        with self._database.begin() as connection:
            found = connection.execute(change).rowcount
        if not found:
            known = [key.name for key in self.list(project) if key.revoked_at is None]
            raise StateError(
                "the key cannot be revoked",
                expected=f"one of {known}",
                got=repr(name),
                advice="see `ml-lifecycle keys list`",
            )

    def digests(self, project: str) -> Mapping[str, str]:
        """Names by the digest of the keys that open a project's server.

        Raises:
            StateError: The database refuses.
        """
        query = sa.select(_KEYS.c.digest, _KEYS.c.name).where(_KEYS.c.project == project, _KEYS.c.revoked_at.is_(None))
        with self._database.begin() as connection:
            return {row.digest: row.name for row in connection.execute(query)}


class KeyRing:
    """The keys that open a server, as they were when last looked up.

    Args:
        keys: Where they are kept.
        project: The project.
    """

    def __init__(self, keys: Keys, project: str) -> None:
        self._keys = keys
        self._project = project
        self._digests: Mapping[str, str] = {}

    def refresh(self) -> None:
        """Look the keys up; while the database does not answer, those known go on opening."""
        try:
            self._digests = self._keys.digests(self._project)
        except StateError as error:  # the boundary: what is open must not close because a database restarts
            _log.warning("%s: keys cannot be looked up. %s", self._project, error)

    def holder(self, headers: Mapping[bytes, bytes]) -> str | None:
        """The name of the key that a caller shows: `Authorization: Bearer <key>` or `X-API-Key: <key>`.

        A person's browser shows it as the password of any name (`Authorization: Basic`).
        None where none is shown that opens. All are compared, in a time that says nothing about them.
        """
        shown = headers.get(b"x-api-key", b"")
        kind, _, token = headers.get(b"authorization", b"").partition(b" ")
        if kind.lower() == b"bearer":
            shown = token.strip()
        elif kind.lower() == b"basic":
            shown = _password(token)
        digest, found = hashlib.sha256(shown).hexdigest(), None
        for known, name in self._digests.items():
            if hmac.compare_digest(known, digest):
                found = name
        return found


def digest_of(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def _password(token: bytes) -> bytes:
    """The password of `name:password` in base64; nothing where it is not that."""
    try:
        return base64.b64decode(token.strip(), validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)

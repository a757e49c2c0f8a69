"""Which version answers a caller during a rollout: a fixed share of the callers, and always the same ones.

What a version can do lives in `scoring`, how much it gets in `release/rollout`, and who looks that up in `champion`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from ml_lifecycle.errors import StateError

if TYPE_CHECKING:
    from ml_lifecycle.serving.scoring import Scorer

#: Why a version answers: it is in production, it has a share of the traffic, or nobody hears it.
CHAMPION, CANARY, SHADOW = "champion", "canary", "shadow"
_DIGEST_BYTES: Final = 8
_WHOLE: Final = 2.0 ** (8 * _DIGEST_BYTES)
_BETWEEN: Final = b"\x1f"


@dataclass(frozen=True, slots=True)
class Served:
    """A version that is ready to answer."""

    version: str
    scorer: Scorer


@dataclass(frozen=True, slots=True)
class Pick:
    """Who answers a request, and in which role."""

    served: Served
    role: str


class Router:
    """Who answers which caller. Nothing of it ever changes: another state is another router.

    A caller's place in [0, 1) is a hash of the project, the rollout and the caller's key, so it is the same in every
    process, and those below the share are the canary's. A share that grows keeps whom it has; the next rollout draws
    other callers.

    Args:
        champion: The version in production.
        canary: The version that answers a share.
        share: That share, 0 to 1.
        salt: What names the rollout, such as project and number.
        shadow: The version that is asked beside the one that answers.
    """

    def __init__(
        self,
        champion: Served | None = None,
        canary: Served | None = None,
        *,
        share: float = 0.0,
        salt: tuple[str, str] = ("", ""),
        shadow: Served | None = None,
    ) -> None:
        self.champion = champion
        self.canary = canary
        self.share = share
        self.shadow = shadow
        self._salt = _BETWEEN.join(part.encode() for part in salt) + _BETWEEN
        self._first = None if champion is None else Pick(champion, CHAMPION)
        self._second = None if canary is None or share <= 0 else Pick(canary, CANARY)

    @property
    def described(self) -> str:
        """Who answers, in words."""
        if self.champion is None:
            return "no version answers"
        second = self._second and f", version {self._second.served.version} {self.share:.0%} of the callers"
        beside = self.shadow and f", version {self.shadow.version} is asked beside it"
        return f"version {self.champion.version} answers{second or ''}{beside or ''}"

    def pick(self, key: str | None) -> Pick:
        """Who answers a caller.

        Args:
            key: What the caller is known by, such as an entity or a request's id; None draws anew each time.

        Raises:
            StateError: No version is in production.
        """
        if self._first is None:
            raise StateError(
                "no version is in production",
                expected="a champion in the ledger",
                got="none",
                advice="run the lifecycle first",
            )
        if self._second is None:
            return self._first
        place = secrets.SystemRandom().random() if key is None else place_of(self._salt, key)
        return self._second if place < self.share else self._first


def place_of(salt: bytes, key: str) -> float:
    """A caller's place in [0, 1), spread evenly over callers and the same in every process.

    >>> place_of(b"loans", "anna") == place_of(b"loans", "anna") != place_of(b"loans", "bert")
    True
    """
    digest = blake2b(salt + key.encode(errors="surrogatepass"), digest_size=_DIGEST_BYTES).digest()
    return (int.from_bytes(digest, "big") >> 11) / (_WHOLE / 2048)  # 53 bits, all that a float holds: never 1.0

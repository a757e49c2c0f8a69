"""What one housekeeping has thrown away, or would. What may go is decided in `housekeeping`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

import orjson
import pandas as pd

from ml_lifecycle.parts import Parts


@dataclass(frozen=True, slots=True)
class Removal:
    """What goes, or has gone, of one kind.

    Args:
        store: Where it lies.
        what: What it is.
        items: How many.
        bytes: How large they are; estimated where a database keeps them.
        kept: How many of the kind stay.
    """

    store: str
    what: str
    items: int
    bytes: int
    kept: int


@dataclass(frozen=True, slots=True)
class HousekeepingReport:
    """What one housekeeping has thrown away, or would.

    Args:
        at: When; naive UTC.
        dry_run: Whether nothing was touched.
        removals: One per kind.
    """

    at: datetime
    dry_run: bool
    removals: Sequence[Removal]

    @property
    def bytes(self) -> int:
        """All together."""
        return sum(item.bytes for item in self.removals)

    def table(self) -> pd.DataFrame:
        """One row per kind: store, what, items, bytes, kept."""
        return pd.DataFrame([asdict(item) for item in self.removals], columns=list(Removal.__dataclass_fields__))

    def markdown(self) -> str:
        """The report for people."""
        lines = ["Nothing was touched.", ""] if self.dry_run else []
        lines += ["| where | what | gone | bytes | kept |", "|---|---|--:|--:|--:|"]
        lines += [
            f"| {row.store} | {row.what} | {row.items:,} | {row.bytes:,} | {row.kept:,} |" for row in self.removals
        ]
        return "\n".join(lines)

    def to_parts(self) -> Parts:
        """The table `removals`, and when it was, as JSON."""
        said = {"at": self.at.isoformat(), "dry_run": self.dry_run}
        return Parts({"removals": self.table()}, {"said.json": orjson.dumps(said)})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put the report together again."""
        said: dict[str, Any] = orjson.loads(parts.files["said.json"])
        rows = parts.tables["removals"].to_dict("records")
        removals = [Removal(**{str(name): value for name, value in row.items()}) for row in rows]
        return cls(datetime.fromisoformat(said["at"]), said["dry_run"], removals)

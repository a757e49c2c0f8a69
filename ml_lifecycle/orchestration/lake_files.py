"""The files of a Delta table, and which of them versions need that are kept. Reads the table's log; deletes nothing.

Delta's own vacuum knows the present version and an age. Here a version stays as long as somebody names it, and of a
table whose rows belong to windows only the files stay that hold the windows which name it.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ml_lifecycle.orchestration.lake_tables import WINDOW

_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\.parquet")


@dataclass(frozen=True, slots=True)
class Named:
    """A version of a table that somebody names, and the window of it; None for all rows."""

    version: int
    window: str | None = None


@dataclass(slots=True)
class _Life:
    """From which version on a file belonged to the table, until which it did not, and the windows that it holds."""

    added: int
    removed: int | None
    first: str | None
    last: str | None

    def serves(self, named: Named) -> bool:
        """Whether a version that is named needs the file."""
        alive = self.added <= named.version and (self.removed is None or named.version < self.removed)
        inside = named.window is None or self.first is None or self.last is None
        return alive and (inside or str(self.first) <= str(named.window) <= str(self.last))


class TableFiles:
    """The files of one Delta table.

    Args:
        path: Its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lives: dict[str, _Life] = {}
        self.oldest, self.newest = self._read_log()

    @property
    def live(self) -> int:
        """How many files the present version has."""
        return sum(life.removed is None for life in self._lives.values())

    def reads(self, version: int) -> bool:
        """Whether a version can still be read: its log is there, and so are its files."""
        if not self.oldest <= version <= self.newest:
            return False
        whole = Named(version)
        return all((self.path / name).is_file() for name, life in self._lives.items() if life.serves(whole))

    def unneeded(self, named: Collection[Named]) -> list[Path]:
        """Data files that neither the present version nor one that is named needs, and those that no version knows."""
        return [path for path in self._on_disk() if not self._needed(path, named)]

    def size(self) -> int:
        """Bytes of all data files."""
        return sum(path.stat().st_size for path in self._on_disk())

    def _needed(self, path: Path, named: Collection[Named]) -> bool:
        life = self._lives.get(path.relative_to(self.path).as_posix())
        return life is not None and (life.removed is None or any(life.serves(item) for item in named))

    def _on_disk(self) -> Iterator[Path]:
        return (path for path in sorted(self.path.rglob("*.parquet")) if "_delta_log" not in path.parts)

    def _read_log(self) -> tuple[int, int]:
        """The oldest and the newest version that can be put together from the log."""
        log = self.path / "_delta_log"
        commits = {int(found[1]): file for file in log.iterdir() if (found := _COMMIT.fullmatch(file.name))}
        newest = max(commits, default=-1)
        oldest = newest
        while oldest - 1 in commits:
            oldest -= 1
        if oldest > 0:  # the log before was cleaned away: it begins with a checkpoint
            oldest = self._read_checkpoint(log, oldest, newest)
        for version in range(oldest, newest + 1):
            for line in commits[version].read_text(encoding="utf-8").splitlines():
                self._take(version, json.loads(line))
        return oldest, newest

    def _read_checkpoint(self, log: Path, oldest: int, newest: int) -> int:
        """Take the oldest checkpoint that the rest of the log goes on from; the version of the first commit after."""
        from pyarrow import parquet

        for file in sorted(log.iterdir()):
            found = _CHECKPOINT.fullmatch(file.name)
            if found and oldest - 1 <= int(found[1]) <= newest:
                for add in parquet.read_table(file, columns=["add"])["add"].to_pylist():
                    if add is not None:
                        self._take(
                            int(found[1]), {"add": {**add, "partitionValues": dict(add["partitionValues"] or [])}}
                        )
                return int(found[1]) + 1
        return newest + 1

    def _take(self, version: int, action: dict[str, Any]) -> None:
        if "add" in action:
            first, last = _windows(action["add"])
            self._lives[unquote(action["add"]["path"])] = _Life(version, None, first, last)
        elif "remove" in action:
            life = self._lives.get(unquote(action["remove"]["path"]))
            if life is not None:
                life.removed = version


def _windows(add: dict[str, Any]) -> tuple[str | None, str | None]:
    """The smallest and the largest window that a file holds, as far as the log tells."""
    folder = (add.get("partitionValues") or {}).get(WINDOW)
    if folder is not None:
        return folder, folder
    stats = json.loads(add.get("stats") or "{}")
    return stats.get("minValues", {}).get(WINDOW), stats.get("maxValues", {}).get(WINDOW)

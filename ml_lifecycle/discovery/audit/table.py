"""`Table`: what is known before columns are looked at: roles, the sample, the parts of the history."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.cleaning import CleaningConfig
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT
from ml_lifecycle.discovery.audit.columns import Column
from ml_lifecycle.discovery.audit.limits import AuditLimits

NO_WINDOW = -1
_EVERY = "*"


@dataclass(frozen=True, slots=True)
class Roles:
    """What is known about the columns.

    Args:
        target: The column to predict.
        task: What is predicted; None where nobody has said.
        event_time: When a row happened.
        id: What names a row.
        keys: Columns that several rows may share: entity and group.
        dropped: Columns that are used for nothing.
        sensitive: Columns that a person has declared sensitive.
        codes: Declared codes for missing values by column, `*` for all.
        accepted: Why a finding is lived with, by its name.
        handled: Names of findings that the project's cleaning answers.
    """

    target: str | None = None
    task: Task | None = None
    event_time: str | None = None
    id: str | None = None
    keys: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    sensitive: frozenset[str] = frozenset()
    codes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    accepted: Mapping[str, str] = field(default_factory=dict)
    handled: frozenset[str] = frozenset()

    @classmethod
    def of(cls, project: ProjectConfig) -> Roles:
        """The roles that a project's YAML gives."""
        data = project.dataset
        codes = {name: frozenset(map(str, values)) for name, values in data.cleaning.missing_values.items()}
        everywhere = {text for source in data.sources for text in source.missing_values}
        return cls(
            target=project.brief.target,
            task=project.brief.task,
            event_time=data.event_time,
            id=data.id,
            keys=frozenset(filter(None, (data.entity, data.group))),
            dropped=frozenset((*data.drop, *project.features.exclude)),
            sensitive=frozenset(project.evaluation.fairness.sensitive),
            codes={**codes, _EVERY: codes.get(_EVERY, frozenset()) | everywhere},
            accepted={item.finding: item.reason for item in data.risks.accepted},
            handled=_handled(data.cleaning),
        )

    def role_of(self, name: str) -> str:
        """The role of a column in a word; empty for a plain feature."""
        named = {self.target: "target", self.event_time: "event time", self.id: "id"}
        shared = "key" if name in self.keys else "dropped" if name in self.dropped else ""
        return named.get(name, shared)

    def declares(self, name: str, code: str) -> bool:
        """Whether a code is known to mean "missing" in a column."""
        return code in self.codes.get(name, frozenset()) or code in self.codes.get(_EVERY, frozenset())


def _handled(cleaning: CleaningConfig) -> frozenset[str]:
    answers: dict[str, Collection[str]] = {
        "outliers": cleaning.outliers,
        "numbers_as_text": cleaning.units,
        "mixed_types": cleaning.types,
    }
    named = {f"{kind}:{column}" for kind, columns in answers.items() for column in columns}
    return frozenset(named | ({"duplicate_rows"} if cleaning.duplicates.method != "none" else set()))


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and how the audit looks at it.

    Args:
        frame: The rows.
        roles: What is known about its columns.
        limits: From when on the audit speaks up.
        now: The time that nothing may lie after.
        positions: (m,) the rows of the sample, ascending.
        history: The parts of its history.
    """

    frame: pd.DataFrame
    roles: Roles
    limits: AuditLimits
    now: datetime
    positions: npt.NDArray[np.intp]
    history: History

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.frame)

    @property
    def audited(self) -> list[int]:
        """Places of the columns that are looked at: all but our own."""
        return [place for place, name in enumerate(self.frame.columns) if name not in {ROW_ID, SPLIT}]


@dataclass(frozen=True, slots=True)
class History:
    """The table in equal parts from old to new.

    Args:
        window: (n,) the part that a row is in, -1 for a row without a time.
        by: The column of times; None where parts follow the order of the rows.
        starts: When or at which row each part begins.
    """

    window: npt.NDArray[np.int8]
    by: str | None
    starts: tuple[str, ...]

    @property
    def words(self) -> str:
        """What the parts follow, in words."""
        return f"over {self.by}" if self.by else "in the order of the rows"


def divide_history(rows: int, event_time: Column | None, parts: int) -> History:
    """Cut a table into parts of about as many rows each; rows of one moment stay together.

    Args:
        rows: How many rows there are.
        event_time: When each happened; the order of the rows counts where it is not known.
        parts: How many parts.
    """
    if event_time is None or event_time.cells is None or event_time.present == 0:
        window = (np.arange(rows) * parts // max(rows, 1)).astype(np.int8)
        return History(window, None, tuple(f"row {rows * part // parts:,}" for part in range(parts)))
    values, counts = event_time.levels
    before = np.cumsum(counts) - counts
    starts = values[
        np.unique(np.searchsorted(before, np.arange(parts) * event_time.present / parts).clip(max=len(values) - 1))
    ]
    window = (np.searchsorted(starts, event_time.cells, side="right") - 1).astype(np.int8)
    window[event_time.missing] = NO_WINDOW
    shown = tuple(str(pd.Timestamp(start)) if event_time.is_time else str(start) for start in starts)
    return History(window, event_time.name, shown)

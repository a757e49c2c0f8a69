"""Rows that come twice: whole, under one key, or with another outcome."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ml_lifecycle.dataset.rows import Hashes, mix
from ml_lifecycle.discovery.audit.columns import Column
from ml_lifecycle.discovery.audit.findings import Finding, FindingSeverity, as_percent, as_rows
from ml_lifecycle.discovery.audit.table import Table
from ml_lifecycle.discovery.audit.values import is_called_id

_NEARLY_UNIQUE = 0.99  # share of different values from which a column called id was meant to name rows
_LEAST_ROWS = 50
_MOST_CLASSES = 50  # equal rows of different amounts contradict nothing


class RowHashes:
    """Hashes of whole rows, gathered column by column, so that the table is never copied."""

    def __init__(self, rows: int) -> None:
        self._features: Hashes = np.zeros(rows, dtype=np.uint64)
        self._target: Hashes | None = None
        self._classes = 0

    def add(self, column: Column, table: Table) -> None:
        """Take a column in; one that names rows is left out, since it makes all of them differ."""
        role = table.roles.role_of(column.name)
        if role == "target":
            self._target, self._classes = column.hashes(), column.different
        elif role != "id":
            self._features = mix(self._features ^ column.hashes())

    def find(self, table: Table) -> Iterator[Finding]:
        """Rows that are equal to an earlier one, and rows that are equal but for the target."""
        whole = self._features if self._target is None else mix(self._features ^ self._target)
        repeated = len(whole) - _count_different(whole)
        if repeated:
            yield _duplicates(repeated, table)
        if self._target is not None and self._classes <= _MOST_CLASSES:
            yield from _find_contradictions(self._features, whole, table)


def find_repeated_keys(column: Column, table: Table) -> Iterator[Finding]:
    """Names of rows that come twice or are missing: the id, or what is called so and nearly is one."""
    roles = table.roles
    repeated = column.present - column.different
    missing = int(column.absent.sum())
    declared = column.name == roles.id
    meant = (
        is_called_id(column.name)
        and column.name not in {roles.target, *roles.keys}
        and column.present >= _LEAST_ROWS
        and column.different >= _NEARLY_UNIQUE * column.present
    )
    if not (declared or meant) or (not repeated and not (declared and missing)):
        return
    yield Finding(
        "repeated_keys",
        (column.name,),
        FindingSeverity.SERIOUS if declared else FindingSeverity.WARNING,
        f"{column.name} should name rows, but {as_rows(repeated)} repeat a name, and {as_rows(missing)} have none.",
        "keep the latest of each: dataset.cleaning.duplicates: {method: key}; else name another column",
        {"repeated": repeated, "missing": missing},
    )


def _duplicates(repeated: int, table: Table) -> Finding:
    share = repeated / max(table.rows, 1)
    grave = share >= table.limits.duplicate_warning
    return Finding(
        "duplicate_rows",
        (),
        FindingSeverity.WARNING if grave else FindingSeverity.NOTE,
        f"The table has {as_rows(repeated)} ({as_percent(share)}) equal to an earlier one in every column"
        + (f" but {table.roles.id}." if table.roles.id else "."),
        "if a row is one event, remove them: dataset.cleaning.duplicates: {method: exact}; else divide by group",
        {"rows": repeated, "share": share},
    )


def _find_contradictions(features: Hashes, whole: Hashes, table: Table) -> Iterator[Finding]:
    """Rows with the same features and another outcome: no model can be right about all of them."""
    order = np.lexsort((whole, features))
    alike, exact = features[order], whole[order]
    starts = np.append(True, alike[1:] != alike[:-1])
    outcomes = np.add.reduceat(
        starts | np.append(True, exact[1:] != exact[:-1]), np.flatnonzero(starts), dtype=np.int64
    )
    copies = np.diff(np.append(np.flatnonzero(starts), len(order)))
    rows = int(copies[outcomes > 1].sum())
    share = rows / max(table.rows, 1)
    if share >= table.limits.duplicate_warning:
        yield Finding(
            "contradicting_rows",
            (),
            FindingSeverity.NOTE,
            f"The table has {as_rows(rows)} ({as_percent(share)}) equal to others in every column but with "
            f"another {table.roles.target}.",
            "no model can be right about all of them: look for a column that tells them apart",
            {"rows": rows, "share": share},
        )


def _count_different(hashes: npt.NDArray[np.uint64]) -> int:
    ordered = np.sort(hashes)
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + min(len(ordered), 1)

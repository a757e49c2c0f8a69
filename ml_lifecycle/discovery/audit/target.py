"""The target: whether it is there, how it is distributed, whether classes are rare."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Task
from ml_lifecycle.discovery.audit.columns import Column
from ml_lifecycle.discovery.audit.findings import Finding, FindingSeverity, as_percent, list_names
from ml_lifecycle.discovery.audit.statistics import count_steps
from ml_lifecycle.discovery.audit.table import Table
from ml_lifecycle.discovery.audit.values import shorten

TARGET_TYPES = {"value": "object", "rows": "int64", "share": "float64"}
_MOST_CLASSES = 20  # a number of more different values is an amount
_BINS = 20
_SHOWN = 30


def is_classified(column: Column, table: Table) -> bool:
    """Whether the target holds classes; by the brief, else by how many different values there are."""
    if table.roles.task is not None:
        return table.roles.task is Task.CLASSIFICATION
    return not column.is_number or (column.is_whole and column.different <= _MOST_CLASSES)


def describe_target(column: Column, table: Table) -> pd.DataFrame:
    """Classes with their rows, or the rows between the borders of equal steps: value, rows, share."""
    values, counts = column.levels
    if is_classified(column, table) or column.different <= _MOST_CLASSES:
        order = np.argsort(-counts, kind="stable")[:_SHOWN]
        names, rows = [shorten(values[place]) for place in order], counts[order]
    else:
        low, high = float(column.ordered[0]), float(column.ordered[-1])
        rows, borders = count_steps(column.ordered, low, high, _BINS), np.linspace(low, high, _BINS + 1)
        names = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(borders)]
    shares = rows / max(column.present, 1)
    return pd.DataFrame({"value": names, "rows": rows, "share": shares}).astype(TARGET_TYPES)


def find_target_faults(column: Column, table: Table) -> Iterator[Finding]:
    """A target that cannot be learnt, is partly missing, or has rare classes."""
    name = (column.name,)
    if column.different < 2:  # noqa: PLR2004 - where there is one value, nothing can be learnt
        yield Finding(
            "target_constant",
            name,
            FindingSeverity.SERIOUS,
            f"The target {column.name} has {column.different} different values: nothing can be learnt.",
            "check the source, or name another target",
            {"different": column.different},
        )
        return
    if column.absent.any():
        yield Finding(
            "target_missing",
            name,
            FindingSeverity.NOTE,
            f"The target {column.name} is not known in {as_percent(column.missing_share)} of the rows.",
            "they are not learnt from; make sure that it is chance or time, not the outcome, that decides",
            {"share": column.missing_share},
        )
    if is_classified(column, table):
        yield from _find_imbalance(column, table)


def _find_imbalance(column: Column, table: Table) -> Iterator[Finding]:
    values, counts = column.levels
    limits = table.limits
    rare = counts < limits.rare_rows
    if rare.any():
        names = list_names((shorten(value) for value in values[rare]), 5)
        yield Finding(
            "rare_classes",
            (column.name,),
            FindingSeverity.WARNING,
            f"{int(rare.sum())} of {len(counts)} classes of {column.name} have under {limits.rare_rows} rows: {names}.",
            "give more rows, or put them together; they can be neither learnt nor judged",
            {"classes": int(rare.sum())},
        )
    share = float(counts.min() / counts.sum())
    if share < limits.minority_note:
        grave = share < limits.minority_warning
        rarest = shorten(values[int(np.argmin(counts))])
        yield Finding(
            "imbalance",
            (column.name,),
            FindingSeverity.WARNING if grave else FindingSeverity.NOTE,
            f"The rarest class of {column.name}, {rarest}, has {int(counts.min()):,} rows ({as_percent(share)}); the "
            f"most frequent one has {as_percent(float(counts.max() / counts.sum()))}.",
            "judge by roc_auc, pr_auc or log loss, not by accuracy; see dataset.augmentation",
            {"rarest": rarest, "share": share, "rows": int(counts.min())},
        )

"""Dividing rows into train, validation and test, so that a row stays where it is when others are appended.

Whether the division is sound is judged in `leakage`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.dataset import DatasetConfig
from ml_lifecycle.dataset.coercion import parse_times
from ml_lifecycle.dataset.leakage import judge_splits
from ml_lifecycle.dataset.rows import GAP, ROW_ID, SPLIT, TEST, TRAIN, UNLABELED, VALIDATION, Hashes, hash_values
from ml_lifecycle.errors import ConfigError, DataError, TargetError
from ml_lifecycle.verdict import Fact

__all__ = ["SPLITS", "Splits", "judge_splits", "split_rows"]

SPLITS: Final = (TRAIN, VALIDATION, TEST)

_FEW = 5
"""Fewer members than this expected in the smallest split: chance may leave one empty, so they are dealt out by rank.

Five is the usual least expected count at which a share is trusted (Cochran 1954)."""

Names = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Splits:
    """Where each row belongs.

    Args:
        assignment: `_row_id` and `_split`: train, validation, test, unlabeled (no outcome known) or gap (left out).
        method: random, time or group.
        facts: What was decided on the way: boundaries, rows that were left out.
    """

    assignment: pd.DataFrame
    method: str
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """Rows by split."""
        return {str(name): int(count) for name, count in self.assignment[SPLIT].value_counts().items()}

    @property
    def ratios(self) -> dict[str, float]:
        """Share of all rows by split."""
        total = max(len(self.assignment), 1)
        return {name: count / total for name, count in self.counts.items()}


def split_rows(
    frame: pd.DataFrame, config: DatasetConfig, *, target: str, task: Task, as_of: datetime | None = None
) -> Splits:
    """Divide rows.

    - random: a hash of the row decides; classes too rare for that are dealt out by rank, so that train holds each.
    - group: a hash of the group decides, all its rows follow.
    - time: the oldest rows train, the newest test; equal times are never cut apart, `gap_days` before each boundary are
      left out, and so is a row whose group is in an earlier split already.

    Args:
        frame: Validated rows with `_row_id`.
        config: Names the roles of columns and how to split.
        target: The column to predict; rows where it is missing are "unlabeled".
        task: Decides, where the method is `auto`.
        as_of: The moment of learning: a row whose outcome became known later is "unlabeled". By default all outcomes
            that have a time are taken as known.

    Raises:
        TargetError: The target is absent, or no row has an outcome.
        ConfigError: The method needs a column that is not named.
        DataError: A split would be empty.
    """
    method = _method(config, task)
    labelled = _labelled(frame, config, target, as_of)
    assignment = np.full(len(frame), UNLABELED, dtype=object)
    rows = frame.loc[labelled]
    if method == "time":
        assignment[labelled], facts = _split_by_time(rows, config)
    elif method == "group":
        assignment[labelled], facts = _split_by_group(rows, config)
    else:
        classes = rows[target] if task is Task.CLASSIFICATION else None
        assignment[labelled], facts = _split_at_random(rows, config, classes)
    splits = Splits(pd.DataFrame({ROW_ID: frame[ROW_ID].to_numpy(), SPLIT: assignment}), method, facts)
    _refuse_empty(splits)
    return splits


def _method(config: DatasetConfig, task: Task) -> str:
    method = config.split.method
    if method == "auto":
        grouped = task is Task.RANKING or config.group is not None
        method = "group" if grouped else "time" if config.event_time is not None else "random"
    needed = {"group": "group", "time": "event_time"}.get(method)
    if needed is not None and getattr(config, needed) is None:
        raise ConfigError(
            f"rows cannot be split by {method}",
            expected=f"a column named in dataset.{needed}",
            got="none",
            advice="name it (in ranking, the query id), or choose another dataset.split.method",
        )
    return method


def _labelled(frame: pd.DataFrame, config: DatasetConfig, target: str, as_of: datetime | None) -> npt.NDArray[np.bool_]:
    if target not in frame.columns:
        raise TargetError("the rows have no target", expected=f"a column {target!r}", advice="check brief.target")
    known = frame[target].notna().to_numpy()
    if config.outcome_time is not None:
        outcome = parse_times(frame[config.outcome_time]).column
        known &= (outcome.notna() if as_of is None else outcome <= _naive(as_of)).to_numpy()
    if not known.any():
        raise TargetError(
            "no row can be learnt from",
            expected=f"rows with a known {target!r}",
            got=f"{len(frame)} rows, none with an outcome" + (f" known by {as_of}" if as_of else ""),
            advice="check brief.target and dataset.outcome_time, or wait for outcomes",
        )
    return known


def _naive(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _split_at_random(
    rows: pd.DataFrame, config: DatasetConfig, classes: pd.Series | None
) -> tuple[Names, dict[str, Fact]]:
    hashes = hash_values(rows[ROW_ID], seed=config.split.seed)
    if classes is None:
        return _deal(hashes, config), {}
    names = np.empty(len(rows), dtype=object)
    positions = np.arange(len(rows))
    for members in pd.Series(positions).groupby(pd.factorize(classes)[0]):
        chosen = members[1].to_numpy()
        names[chosen] = _deal(hashes[chosen], config)
    return names, {}


def _split_by_group(rows: pd.DataFrame, config: DatasetConfig) -> tuple[Names, dict[str, Fact]]:
    codes, _ = pd.factorize(rows[config.group], use_na_sentinel=False)
    first = pd.Series(codes).drop_duplicates().index  # of each group in the order of its code
    hashes = hash_values(rows[config.group].iloc[first], seed=config.split.seed)
    return _deal(hashes, config)[codes], {"groups": len(hashes)}


def _deal(hashes: Hashes, config: DatasetConfig) -> Names:
    """Place each member by its hash against fixed thresholds, or few members by the rank of their hash."""
    fractions = config.split.fractions
    if len(hashes) * min(fractions) < _FEW:
        places = (np.argsort(np.argsort(hashes, kind="stable"), kind="stable") + 0.5) / max(len(hashes), 1)
    else:
        places = hashes / float(2**64)
    splits = np.array(SPLITS, dtype=object)
    return splits[np.searchsorted(np.cumsum(fractions)[:-1], places, side="right")]


def _split_by_time(rows: pd.DataFrame, config: DatasetConfig) -> tuple[Names, dict[str, Fact]]:
    moments = parse_times(rows[config.event_time]).column.reset_index(drop=True)
    ordered = np.sort(moments.dropna().to_numpy())
    names = np.full(len(rows), GAP, dtype=object)
    if not len(ordered):
        return names, {"rows_without_event_time": len(rows)}
    shares = np.cumsum(config.split.fractions)[:-1]
    into_validation, into_test = (pd.Timestamp(_boundary(ordered, share)) for share in shares)
    gap = pd.Timedelta(days=config.split.gap_days)
    names[(moments < into_validation - gap).to_numpy()] = TRAIN
    names[((moments >= into_validation) & (moments < into_test - gap)).to_numpy()] = VALIDATION
    names[(moments >= into_test).to_numpy()] = TEST
    facts: dict[str, Fact] = {
        "validation_from": into_validation.isoformat(),
        "test_from": into_test.isoformat(),
        "rows_without_event_time": int(moments.isna().sum()),
        "rows_in_gap": int((names == GAP).sum()),
    }
    if config.group is not None:
        returning = _returning(rows[config.group], names)
        names[returning] = GAP
        facts["rows_of_groups_in_an_earlier_split"] = int(returning.sum())
    return names, facts


def _boundary(ordered: npt.NDArray[Any], share: float) -> Any:  # noqa: ANN401 - a datetime64
    """The time nearest to a quantile at which the next split may begin without cutting equal times apart."""
    position = min(round(share * len(ordered)), len(ordered) - 1)
    begin = int(np.searchsorted(ordered, ordered[position], side="left"))
    end = int(np.searchsorted(ordered, ordered[position], side="right"))
    nearer = begin if end >= len(ordered) or (begin > 0 and position - begin <= end - position) else end
    return ordered[nearer]


def _returning(groups: pd.Series, names: Names) -> npt.NDArray[np.bool_]:
    """Rows whose group was in an earlier split: a time split must not teach what it then asks."""
    codes, _ = pd.factorize(groups, use_na_sentinel=False)
    trained = np.isin(codes, codes[names == TRAIN])
    validated = np.isin(codes, codes[names == VALIDATION])
    returning: npt.NDArray[np.bool_] = ((names == VALIDATION) & trained) | ((names == TEST) & (trained | validated))
    return returning


def _refuse_empty(splits: Splits) -> None:
    empty = [name for name in SPLITS if name not in splits.counts]
    if empty:
        raise DataError(
            f"the {splits.method} split leaves nothing for {' and '.join(empty)}",
            expected="rows in train, validation and test",
            got=", ".join(f"{count} {name}" for name, count in sorted(splits.counts.items())),
            advice="give more rows (or groups, or distinct times), a shorter gap_days, or other fractions under "
            "dataset.split",
        )

"""Dividing rows into train, validation and test, so that a row stays where it is when others are appended.

What is exact: in every method but `time` without fixed borders, rows that are appended change the side of no row that
was there (as long as these keep their label and their order among themselves). A row or group is placed by its hash
alone; only the first few of each class, or of all groups, are placed by turn, so that each split has some of them, and
`stratified_group` looks at the rows before a group's first one (see `balancing`). What is approximate: the shares,
which a hash meets as chance does. In `time` without borders the shares are exact and the borders move with the data.

Guessed labels (`_weight` below 1) are only learnt from: such a row is "unlabeled" where validation or test would get
it. Whether the division is sound is judged in `leakage`; folds inside the training rows are in `folds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.dataset import DatasetConfig
from ml_lifecycle.dataset.balancing import balance_groups, first_turns
from ml_lifecycle.dataset.leakage import as_utc, judge_splits
from ml_lifecycle.dataset.rows import (
    GAP,
    ROW_ID,
    SPLIT,
    TEST,
    TRAIN,
    UNLABELED,
    VALIDATION,
    WEIGHT,
    Hashes,
    hash_values,
)
from ml_lifecycle.dataset.suggestions import require_columns
from ml_lifecycle.dataset.time_columns import read_times
from ml_lifecycle.errors import ConfigError, DataError, TargetError
from ml_lifecycle.verdict import Fact

__all__ = ["SPLITS", "Splits", "judge_splits", "split_rows"]

SPLITS: Final = (TRAIN, VALIDATION, TEST)

Names = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Splits:
    """Where each row belongs.

    Args:
        assignment: `_row_id` and `_split`: train, validation, test, unlabeled (no outcome known) or gap (left out).
        method: random, time, group or stratified_group.
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

    - random: a hash of the row decides, class by class; the first few of a class take turns, so that train holds each.
    - group: a hash of the group decides, all its rows follow; the first few groups take turns.
    - stratified_group: of two splits that hashes of the group name, it goes to the one that lacks its class more.
    - time: the oldest rows train, the newest test, with borders from the shares or fixed ones; equal times are never
      cut apart, `gap_days` before each border are left out, and so is a row whose group is in an earlier split already.

    Args:
        frame: Validated rows with `_row_id`, and `_weight` where labels were guessed.
        config: Names the roles of columns and how to split.
        target: The column to predict; rows where it is missing are "unlabeled".
        task: Decides, where the method is `auto`.
        as_of: The moment of learning: a row whose outcome became known later is "unlabeled". By default all outcomes
            that have a time are taken as known.

    Raises:
        TargetError: The target is absent, or no row has an outcome.
        ConfigError: The method needs a column that is not named, or borders in time are given to another method.
        DataError: A split would be empty, or a column that the configuration names is absent or holds no times.
    """
    method = choose_method(config, task)
    _require_roles(frame, config)
    labelled = _labelled(frame, config, target, as_of)
    rows = frame.loc[labelled]
    guessed = _guessed(rows, config)
    classes = rows[target] if task is Task.CLASSIFICATION else None
    if method == "time":
        names, facts = _split_by_time(rows, config, guessed)
    elif method == "group":
        names, facts = _split_by_group(rows, config, guessed)
    elif method == "stratified_group":
        names, facts = _split_by_balanced_group(rows, config, classes, guessed)
    else:
        names, facts = _split_at_random(rows, config, classes, guessed)
    unusable = guessed & np.isin(names, (VALIDATION, TEST))
    names[unusable] = UNLABELED
    if guessed.any():
        facts |= {"guessed_labels": int(guessed.sum()), "guessed_labels_not_judged_by": int(unusable.sum())}
    assignment = np.full(len(frame), UNLABELED, dtype=object)
    assignment[labelled] = names
    splits = Splits(pd.DataFrame({ROW_ID: frame[ROW_ID].to_numpy(), SPLIT: assignment}), method, facts)
    _refuse_empty(splits)
    return splits


def choose_method(config: DatasetConfig, task: Task) -> str:
    """The method of the split: as named, or by the roles of columns where it is `auto`.

    Raises:
        ConfigError: The method needs a column that is not named, or borders in time are given to another method.
    """
    method: str = config.split.method
    if method == "auto":
        grouped = task is Task.RANKING or config.group is not None
        method = "group" if grouped else "time" if config.event_time is not None else "random"
    needed = {"group": "group", "stratified_group": "group", "time": "event_time"}.get(method)
    if needed is not None and getattr(config, needed) is None:
        raise ConfigError(
            f"rows cannot be split by {method}",
            expected=f"a column named in dataset.{needed}",
            got="none",
            advice="name it (in ranking, the query id), or choose another dataset.split.method",
        )
    if config.split.validation_from is not None and method != "time":
        raise ConfigError(
            "borders in time are given to a split that is not by time",
            expected="dataset.split.method: time beside validation_from and test_from",
            got=method,
            advice="set the method to time and name dataset.event_time, or leave the borders out",
        )
    return method


def _require_roles(frame: pd.DataFrame, config: DatasetConfig) -> None:
    known = [str(name) for name in frame.columns]
    for role in ("group", "event_time", "outcome_time"):
        column = getattr(config, role)
        require_columns([] if column is None else [column], known, place="the rows", key=f"dataset.{role}")


def _guessed(rows: pd.DataFrame, config: DatasetConfig) -> npt.NDArray[np.bool_]:
    """Rows that may be learnt from but not judged by, as their label is a guess."""
    trusted = config.labeling is not None and config.labeling.judge_by_guesses
    if WEIGHT not in rows.columns or trusted:
        return np.zeros(len(rows), dtype=bool)
    return np.asarray(rows[WEIGHT].to_numpy(dtype=np.float64) < 1)


def _labelled(frame: pd.DataFrame, config: DatasetConfig, target: str, as_of: datetime | None) -> npt.NDArray[np.bool_]:
    if target not in frame.columns:
        raise TargetError("the rows have no target", expected=f"a column {target!r}", advice="check brief.target")
    known = frame[target].notna().to_numpy()
    if config.outcome_time is not None:
        outcome = read_times(frame[config.outcome_time], key="dataset.outcome_time").column
        known &= (outcome.notna() if as_of is None else outcome <= as_utc(as_of)).to_numpy()
    if not known.any():
        raise TargetError(
            "no row can be learnt from",
            expected=f"rows with a known {target!r}",
            got=f"{len(frame)} rows, none with an outcome" + (f" known by {as_of}" if as_of else ""),
            advice="check brief.target and dataset.outcome_time, or wait for outcomes",
        )
    return known


def _split_at_random(
    rows: pd.DataFrame, config: DatasetConfig, classes: pd.Series | None, guessed: npt.NDArray[np.bool_]
) -> tuple[Names, dict[str, Fact]]:
    """Guesses take no turn: they may change from one collection to the next."""
    hashes = hash_values(rows[ROW_ID], seed=config.split.seed)
    names = _by_hash(hashes, config)
    known = np.flatnonzero(~guessed)
    codes = np.zeros(len(known), dtype=np.intp) if classes is None else pd.factorize(classes.to_numpy()[known])[0]
    turns = _turns(config)
    turn = pd.Series(codes).groupby(codes).cumcount().to_numpy()
    early = turn < len(turns)
    names[known[early]] = turns[turn[early]]
    return names, {}


def _split_by_group(
    rows: pd.DataFrame, config: DatasetConfig, guessed: npt.NDArray[np.bool_]
) -> tuple[Names, dict[str, Fact]]:
    codes, keys, known = _groups(rows, config, guessed)
    names = _by_hash(hash_values(keys, seed=config.split.seed), config)
    turns = _turns(config)[:known]
    names[: len(turns)] = turns
    return names[codes], {"groups": len(names)}


def _split_by_balanced_group(
    rows: pd.DataFrame, config: DatasetConfig, classes: pd.Series | None, guessed: npt.NDArray[np.bool_]
) -> tuple[Names, dict[str, Fact]]:
    codes, keys, known = _groups(rows, config, guessed)
    labels = np.zeros(len(rows), dtype=np.intp) if classes is None else pd.factorize(classes)[0]
    draws = [_places(hash_values(keys, seed=config.split.seed + shift), config) for shift in (0, 1)]
    chosen = draws[0].copy()
    candidates = [draw[:known] for draw in draws]
    chosen[:known] = balance_groups(codes[~guessed], labels[~guessed], candidates, config.split.fractions)
    return _named(chosen)[codes], {"groups": len(chosen)}


def _groups(
    rows: pd.DataFrame, config: DatasetConfig, guessed: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.intp], pd.Series, int]:
    """The code of each row's group, the groups in the order of their codes, and how many have a known label.

    Codes rise in the order of appearance, first of rows with a known label: guesses may change from one collection to
    the next, and move none of them.
    """
    order = np.argsort(guessed, kind="stable")
    ordered = rows[config.group].iloc[order]
    codes = np.empty(len(rows), dtype=np.intp)
    codes[order] = pd.factorize(ordered, use_na_sentinel=False)[0]
    return codes, ordered[~pd.Series(codes[order]).duplicated().to_numpy()], len(np.unique(codes[~guessed]))


def _turns(config: DatasetConfig) -> Names:
    return _named(first_turns(config.split.fractions))


def _by_hash(hashes: Hashes, config: DatasetConfig) -> Names:
    return _named(_places(hashes, config))


def _places(hashes: Hashes, config: DatasetConfig) -> npt.NDArray[np.intp]:
    """The split of each hash by number: the range of all hashes is cut at the fractions."""
    borders = np.cumsum(config.split.fractions)[:-1]
    return np.searchsorted(borders, hashes / float(2**64), side="right")


def _named(places: npt.NDArray[np.intp]) -> Names:
    named: Names = np.array(SPLITS, dtype=object)[places]
    return named


def _split_by_time(
    rows: pd.DataFrame, config: DatasetConfig, guessed: npt.NDArray[np.bool_]
) -> tuple[Names, dict[str, Fact]]:
    moments = read_times(rows[config.event_time], key="dataset.event_time").column.reset_index(drop=True)
    names = np.full(len(rows), GAP, dtype=object)
    borders = _borders(moments[~guessed], config)
    if borders is None:
        return names, {"rows_without_event_time": len(rows)}
    into_validation, into_test = borders
    gap = pd.Timedelta(days=config.split.gap_days)
    names[(moments < into_validation - gap).to_numpy()] = TRAIN
    names[((moments >= into_validation) & (moments < into_test - gap)).to_numpy()] = VALIDATION
    names[(moments >= into_test).to_numpy()] = TEST
    facts: dict[str, Fact] = {
        "validation_from": into_validation.isoformat(),
        "test_from": into_test.isoformat(),
        "fixed_borders": config.split.validation_from is not None,
        "rows_without_event_time": int(moments.isna().sum()),
        "rows_in_gap": int((names == GAP).sum()),
    }
    if config.group is not None:
        returning = _returning(rows[config.group], names)
        names[returning] = GAP
        facts["rows_of_groups_in_an_earlier_split"] = int(returning.sum())
    return names, facts


def _borders(moments: pd.Series, config: DatasetConfig) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Where validation and test begin: as fixed, or where the shares of rows are; None without any time."""
    fixed = config.split.validation_from, config.split.test_from
    if fixed[0] is not None and fixed[1] is not None:
        return as_utc(fixed[0]), as_utc(fixed[1])
    ordered = np.sort(moments.dropna().to_numpy())
    if not len(ordered):
        return None
    into_validation, into_test = (
        pd.Timestamp(_boundary(ordered, share)) for share in np.cumsum(config.split.fractions)[:-1]
    )
    return into_validation, into_test


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

"""Folds: the training rows divided again and again, where something is judged by cross-validation.

Only rows of the split `train` are in folds. The division into train, validation and test is `splits`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.dataset import DatasetConfig
from ml_lifecycle.dataset.balancing import deal_groups
from ml_lifecycle.dataset.fold_gates import judge_folds
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, TRAIN, WEIGHT, hash_values
from ml_lifecycle.dataset.splits import choose_method
from ml_lifecycle.dataset.time_folds import Sides, purged_sides, rolling_sides
from ml_lifecycle.errors import ConfigError, DataError
from ml_lifecycle.parts import Parts

__all__ = ["Fold", "Folds", "judge_folds", "make_folds"]

_TABLE: Final = "folds"
_METHOD: Final = "method"
_LEFT_OUT, _TRAIN, _JUDGED = 0, 1, 2
#: What the folds are when they follow the split.
_BY_SPLIT: Final = {"random": "random", "time": "rolling", "group": "group", "stratified_group": "stratified_group"}

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fold:
    """One fold.

    Args:
        train: `_row_id` of the rows to learn from.
        judged: `_row_id` of the rows to judge on.
    """

    train: Ids
    judged: Ids


@dataclass(frozen=True, slots=True)
class Folds:
    """All folds.

    Args:
        method: random, group, stratified_group, rolling or purged.
        folds: The folds; those in time are in its order.
    """

    method: str
    folds: tuple[Fold, ...]

    def __len__(self) -> int:
        """Count the folds."""
        return len(self.folds)

    def __iter__(self) -> Iterator[tuple[Ids, Ids]]:
        """Give the ids of the rows to learn from and of those to judge on, fold by fold."""
        return ((fold.train, fold.judged) for fold in self.folds)

    def describe(self) -> pd.DataFrame:
        """One row per fold: `fold` (from 1), `train_rows`, `judged_rows`."""
        sizes = [(number, len(fold.train), len(fold.judged)) for number, fold in enumerate(self.folds, start=1)]
        return pd.DataFrame(sizes, columns=["fold", "train_rows", "judged_rows"])

    def to_parts(self) -> Parts:
        """One table: `_row_id`, and for each fold whether the row is left out (0), learnt from (1) or judged (2)."""
        ids = np.unique(np.concatenate([part for fold in self.folds for part in (fold.train, fold.judged)]))
        table = pd.DataFrame({ROW_ID: ids, _METHOD: self.method})
        for number, fold in enumerate(self.folds, start=1):
            sides = np.full(len(ids), _LEFT_OUT, dtype=np.int8)
            sides[np.searchsorted(ids, fold.train)] = _TRAIN
            sides[np.searchsorted(ids, fold.judged)] = _JUDGED
            table[f"fold_{number}"] = sides
        return Parts({_TABLE: table})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Make folds of what `to_parts` gave; the rows of a side come in the order of their ids."""
        table = parts.tables[_TABLE].sort_values(ROW_ID)
        ids = table[ROW_ID].to_numpy(dtype=np.int64)
        columns = [table[f"fold_{number}"].to_numpy() for number in range(1, table.shape[1] - 1)]
        folds = tuple(Fold(ids[sides == _TRAIN], ids[sides == _JUDGED]) for sides in columns)
        return cls(str(table[_METHOD].iloc[0]), folds)


def make_folds(
    frame: pd.DataFrame, assignment: pd.DataFrame, config: DatasetConfig, *, target: str, task: Task
) -> Folds:
    """Divide the training rows into folds.

    - random: each class is dealt out evenly, by the order of the rows' hashes (regression: all rows).
    - group, stratified_group: whole groups are dealt out, the largest first, so that rows (and classes) come out even.
    - rolling: the time is cut into one block more than folds; each block but the first is judged after learning from
      all that is older (an expanding window, Hyndman and Athanasopoulos 2021, section 5.10).
    - purged: the time is cut into as many blocks as folds; each is judged after learning from rows before and after it
      whose labels do not overlap with it in time (Lopez de Prado 2018, chapter 7).

    In time, `gap_days` before the judged block are left out of what is learnt from, and after it too (the embargo); so
    are rows whose outcome became known after the judged block began. Rows without a time are in no fold. Where a group
    is named, no fold judges a group that it learnt from. Guessed labels (`_weight` below 1) are learnt from and never
    judged, unless the configuration says that guesses may judge.

    Args:
        frame: Rows with `_row_id`, the target and the columns of the roles.
        assignment: `_row_id` and `_split`.
        config: Names the roles, the split and the folds.
        target: The column to predict.
        task: Only classifications are stratified.

    Raises:
        ConfigError: The method needs a column that is not named.
        DataError: There are too few rows, groups or times for so many folds.
    """
    method = _method(config, task)
    ids = assignment.loc[assignment[SPLIT] == TRAIN, ROW_ID]
    rows = frame.loc[frame[ROW_ID].isin(ids)].reset_index(drop=True)
    if method in {"rolling", "purged"}:
        sides = (rolling_sides if method == "rolling" else purged_sides)(rows, config)
    else:
        sides = _sides(_places(rows, config, method, rows[target] if task is Task.CLASSIFICATION else None), config)
    row_ids = rows[ROW_ID].to_numpy(dtype=np.int64)
    judges = _may_judge(rows, config)
    folds = tuple(Fold(row_ids[train], row_ids[judged & judges]) for train, judged in sides)
    _refuse_empty(folds, method)
    return Folds(method, folds)


def _method(config: DatasetConfig, task: Task) -> str:
    method: str = config.split.folds.method
    if method == "auto":
        return _BY_SPLIT[choose_method(config, task)]
    needed = {"group": "group", "stratified_group": "group", "rolling": "event_time", "purged": "event_time"}
    role = needed.get(method)
    if role is not None and getattr(config, role) is None:
        raise ConfigError(
            f"folds cannot be {method}",
            expected=f"a column named in dataset.{role}",
            got="none",
            advice="name it, or choose another dataset.split.folds.method",
        )
    if method == "random" and task is Task.RANKING:
        raise ConfigError(
            "folds of a ranking cannot be random",
            expected="folds that keep a query in one piece",
            got="dataset.split.folds.method: random",
            advice="set it to group, and name the query id in dataset.group",
        )
    return method


def _places(rows: pd.DataFrame, config: DatasetConfig, method: str, classes: pd.Series | None) -> npt.NDArray[np.intp]:
    """The fold that judges each row."""
    count = config.split.folds.n
    labels = np.zeros(len(rows), dtype=np.intp) if classes is None else pd.factorize(classes)[0]
    if method == "random":
        return _deal_rows(hash_values(rows[ROW_ID], seed=config.split.seed), labels, count)
    codes, first = pd.factorize(rows[config.group], use_na_sentinel=False)[0], ~rows[config.group].duplicated()
    if method == "group":
        labels = np.zeros_like(labels)
    held = np.zeros((int(codes.max(initial=-1)) + 1, int(labels.max(initial=0)) + 1))
    np.add.at(held, (codes, labels), 1)
    hashes = hash_values(rows.loc[first, config.group], seed=config.split.seed)
    places: npt.NDArray[np.intp] = deal_groups(held, count, hashes)[codes]
    return places


def _deal_rows(hashes: npt.NDArray[np.uint64], labels: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.intp]:
    """Class after class, each in the order of its hashes, like cards: classes and folds differ by one row at most."""
    places = np.empty(len(hashes), dtype=np.intp)
    places[np.lexsort((hashes, labels))] = np.arange(len(hashes)) % count
    return places


def _sides(places: npt.NDArray[np.intp], config: DatasetConfig) -> Iterator[Sides]:
    for fold in range(config.split.folds.n):
        yield Sides(places != fold, places == fold)


def _may_judge(rows: pd.DataFrame, config: DatasetConfig) -> npt.NDArray[np.bool_]:
    trusted = config.labeling is not None and config.labeling.judge_by_guesses
    if WEIGHT not in rows.columns or trusted:
        return np.ones(len(rows), dtype=bool)
    return np.asarray(rows[WEIGHT].to_numpy(dtype=np.float64) >= 1)


def _refuse_empty(folds: tuple[Fold, ...], method: str) -> None:
    empty = [number for number, fold in enumerate(folds, start=1) if not len(fold.train) or not len(fold.judged)]
    if empty:
        raise DataError(
            f"{len(empty)} of {len(folds)} {method} folds are empty",
            expected="rows to learn from and rows to judge in each fold",
            got=", ".join(
                f"fold {number}: {len(folds[number - 1].train)} and {len(folds[number - 1].judged)}"
                for number in empty[:5]
            ),
            advice="ask for fewer folds under dataset.split.folds, a shorter gap_days, or give more rows (or groups, "
            "or distinct times)",
        )

"""The gate on folds: nothing that is judged was learnt from. How folds are made is in `folds`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.dataset import DatasetConfig
from ml_lifecycle.dataset.rows import ROW_ID
from ml_lifecycle.dataset.time_folds import Spans, read_spans
from ml_lifecycle.verdict import Verdict

if TYPE_CHECKING:
    from ml_lifecycle.dataset.folds import Fold, Folds

_EXAMPLES = 5
_IN_TIME = ("rolling", "purged")


def judge_folds(frame: pd.DataFrame, folds: Folds, config: DatasetConfig, *, target: str, task: Task) -> Verdict:
    """folds_sound: no fold judges a row or a group that it learnt from, nor learns from what comes later.

    Proven on the ids, whatever made the folds: rows of the two sides are disjoint; no row is judged twice; where the
    method is by group or in time and a group is named, no group is on both sides; in time, nothing is learnt whose
    label was in the making at a judged moment, by the gap at least. A classification's folds learn from two classes.
    """
    rows = frame.drop_duplicates(ROW_ID).set_index(ROW_ID, drop=False)
    spans = read_spans(rows, config) if folds.method in _IN_TIME else None
    index: pd.Index[int] = pd.Index(rows[ROW_ID].to_numpy(dtype=np.int64))
    problems = _judged_twice(folds)
    for number, fold in enumerate(folds.folds, start=1):
        train, judged = index.get_indexer(pd.Index(fold.train)), index.get_indexer(pd.Index(fold.judged))
        found = _overlap(fold) or _strangers(train, judged)
        if not found:
            found = _shared_groups(rows, folds.method, config, train, judged)
            found += _classes(rows, target, task, train)
            found += _times(spans, folds.method, config, train, judged) if spans is not None else []
        problems += [f"fold {number} {problem}" for problem in found]
    return Verdict(
        gate="folds_sound",
        passed=not problems,
        summary=f"{'; '.join(problems[:_EXAMPLES])}."
        if problems
        else f"{len(folds)} {folds.method} folds: nothing that is judged was learnt from.",
        facts={
            "method": folds.method,
            "folds": len(folds),
            "train_rows": [len(fold.train) for fold in folds.folds],
            "judged_rows": [len(fold.judged) for fold in folds.folds],
            "problems": list(problems[:_EXAMPLES]),
        },
        advice="make the folds again from these rows with dataset.split.folds as it is now",
    )


def _judged_twice(folds: Folds) -> list[str]:
    judged = np.concatenate([fold.judged for fold in folds.folds]) if len(folds) else np.empty(0, dtype=np.int64)
    repeated = len(judged) - len(np.unique(judged))
    return [f"{repeated} rows are judged in more than one fold"] if repeated else []


def _overlap(fold: Fold) -> list[str]:
    shared = len(np.intersect1d(fold.train, fold.judged))
    return [f"judges {shared} rows that it learnt from"] if shared else []


def _strangers(train: npt.NDArray[np.intp], judged: npt.NDArray[np.intp]) -> list[str]:
    unknown = int((train < 0).sum() + (judged < 0).sum())
    return [f"names {unknown} rows that are not there"] if unknown else []


def _shared_groups(
    rows: pd.DataFrame,
    method: str,
    config: DatasetConfig,
    train: npt.NDArray[np.intp],
    judged: npt.NDArray[np.intp],
) -> list[str]:
    if config.group is None or method == "random":
        return []
    codes, _ = pd.factorize(rows[config.group], use_na_sentinel=False)
    shared = len(np.intersect1d(codes[train], codes[judged]))
    return [f"judges {shared} groups ({config.group}) that it learnt from"] if shared else []


def _classes(rows: pd.DataFrame, target: str, task: Task, train: npt.NDArray[np.intp]) -> list[str]:
    if task is not Task.CLASSIFICATION:
        return []
    held = int(rows[target].iloc[train].nunique())
    return [f"learns from {held} class"] if held < 2 else []  # noqa: PLR2004 - the least that can be told apart


def _times(
    spans: Spans, method: str, config: DatasetConfig, train: npt.NDArray[np.intp], judged: npt.NDArray[np.intp]
) -> list[str]:
    gap = pd.Timedelta(days=config.split.folds.gap_days)
    first, last = spans.begin.iloc[judged].min(), spans.end.iloc[judged].max()
    begin, end = spans.begin.iloc[train], spans.end.iloc[train]
    before = (end < first) & (begin < first - gap)
    sound = before if method == "rolling" else before | (begin > last + gap)
    late = int((~sound).sum())
    return [f"learns from {late} rows too near to, or later than, the {judged.size} that it judges"] if late else []

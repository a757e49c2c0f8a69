"""Gates on a division of rows: nothing that is tested may have been taught. How rows are divided is in `splits`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.dataset import DatasetConfig
from ml_lifecycle.dataset.coercion import parse_times
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, TEST, TRAIN, VALIDATION, WEIGHT
from ml_lifecycle.verdict import Fact, Verdict

if TYPE_CHECKING:
    from ml_lifecycle.dataset.splits import Splits

_FALSE_ALARM = 1e-6
"""How often the gate on strata may fail on a sound random split, over all classes and splits together."""
_EXAMPLES = 5
_TURNS = 2.0
"""Rows that a class may be off beyond chance: its first few members take turns, which no share of theirs can meet."""


def judge_splits(
    frame: pd.DataFrame, splits: Splits, config: DatasetConfig, *, target: str, task: Task
) -> list[Verdict]:
    """Judge a division by the four gates no_overlap, no_group_leak, no_time_leak and strata_kept, all blocking.

    A gate that does not apply passes and says why.
    """
    needed = dict.fromkeys([ROW_ID, target, *filter(None, (config.group, config.event_time))])
    placed = _place(frame[[*needed, *([WEIGHT] if WEIGHT in frame.columns else [])]], splits)
    return [
        judge_overlap(frame, splits),
        judge_groups(placed, config),
        judge_times(placed, splits, config),
        judge_strata(placed, splits, target=target, task=task, group=config.group),
    ]


def _place(rows: pd.DataFrame, splits: Splits) -> pd.DataFrame:
    """The rows with their split; one that has none is missing there, one that has two comes twice."""
    if np.array_equal(rows[ROW_ID].to_numpy(), splits.assignment[ROW_ID].to_numpy()):
        return rows.assign(**{SPLIT: splits.assignment[SPLIT].to_numpy()})  # a join of millions of rows takes long
    return rows.merge(splits.assignment, on=ROW_ID, how="left")


def judge_overlap(frame: pd.DataFrame, splits: Splits) -> Verdict:
    """no_overlap: every row is in exactly one split."""
    named = splits.assignment[ROW_ID]
    twice = int(named.duplicated().sum())
    same = np.array_equal(frame[ROW_ID].to_numpy(), named.to_numpy())
    lost = 0 if same else int((~frame[ROW_ID].isin(named)).sum())
    return Verdict(
        gate="no_overlap",
        passed=twice == 0 and lost == 0,
        summary=f"{len(frame):,} rows: {twice} in more than one split, {lost} in none.",
        facts={"rows": len(frame), "in_two_splits": twice, "in_no_split": lost, **_counts(splits)},
        advice="divide the rows again: the splits belong to other rows than these",
    )


def judge_groups(placed: pd.DataFrame, config: DatasetConfig) -> Verdict:
    """no_group_leak: the rows of one group are in one split.

    Args:
        placed: Rows with their `_split`.
        config: Names the group.
    """
    if config.group is None:
        return _not_applicable("no_group_leak", "no group is named")
    learnt = placed.loc[placed[SPLIT].isin([TRAIN, VALIDATION, TEST])]
    spread = learnt.groupby(config.group, dropna=False)[SPLIT].nunique()
    leaking = spread[spread > 1]
    return Verdict(
        gate="no_group_leak",
        passed=leaking.empty,
        summary=f"{len(leaking):,} of {len(spread):,} groups ({config.group}) are in more than one split.",
        facts={
            "groups": len(spread),
            "leaking": len(leaking),
            "examples": [str(group) for group in leaking.index[:_EXAMPLES]],
        },
        advice="divide by group: dataset.split.method: group",
    )


def judge_times(placed: pd.DataFrame, splits: Splits, config: DatasetConfig) -> Verdict:
    """no_time_leak: in a split by time, every row of a split is older than all of the next, by the gap at least.

    Where borders are fixed, no row of validation or test lies before its own.
    """
    if config.event_time is None:
        return _not_applicable("no_time_leak", "no event time is named")
    moments = parse_times(placed[config.event_time]).column
    spans = _spans(moments, placed[SPLIT])
    facts: dict[str, Fact] = {
        **{f"{name}_from": str(first) for name, (first, _) in spans.items()},
        **{f"{name}_to": str(last) for name, (_, last) in spans.items()},
    }
    if splits.method != "time":
        return _not_applicable("no_time_leak", f"the split is by {splits.method}, not by time", facts)
    gap = pd.Timedelta(days=config.split.gap_days)
    leaks = [
        f"{earlier} reaches {spans[earlier][1]}, {later} begins {spans[later][0]}"
        for earlier, later in ((TRAIN, VALIDATION), (VALIDATION, TEST), (TRAIN, TEST))
        if not (spans[later][0] > spans[earlier][1] and spans[later][0] - spans[earlier][1] >= gap)
    ]
    leaks += [
        f"{name} begins {spans[name][0]}, before its border {border}"
        for name, border in ((VALIDATION, config.split.validation_from), (TEST, config.split.test_from))
        if border is not None and spans[name][0] < as_utc(border)
    ]
    kept = f"Each split ends before the next begins, {config.split.gap_days:g} days at least."
    return Verdict(
        gate="no_time_leak",
        passed=not leaks,
        summary=f"{'; '.join(leaks)}." if leaks else kept,
        facts={**facts, "gap_days": config.split.gap_days},
        advice="divide by time: dataset.split.method: time",
    )


def as_utc(moment: datetime) -> pd.Timestamp:
    """A moment as times are compared here: in UTC, without saying so."""
    return pd.Timestamp(moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None))


def _spans(moments: pd.Series, splits: pd.Series) -> dict[str, tuple[pd.Timestamp, pd.Timestamp]]:
    """The first and the last time of each split."""
    spans = {}
    for name in (TRAIN, VALIDATION, TEST):
        times = moments[(splits == name).to_numpy()]
        spans[name] = (pd.Timestamp(times.min()), pd.Timestamp(times.max()))
    return spans


def judge_strata(placed: pd.DataFrame, splits: Splits, *, target: str, task: Task, group: str | None = None) -> Verdict:
    """strata_kept: classes can be learnt and judged, and a stratified split holds each in the share it has overall.

    Train must hold two classes, and where there are only two, every split must hold both. Classes that train has never
    seen are reported. For `random` and `stratified_group`, shares are compared with what chance allows: a normal
    interval, Bonferroni-corrected over classes and splits; by rows (binomial), or by whole groups that are placed at
    random, where the interval is as wide as the groups are large and uneven.

    Args:
        placed: Rows with their `_split`.
        splits: The division.
        target: The column of the classes.
        task: Only classifications have strata.
        group: The column of the groups; `stratified_group` needs it.
    """
    if task is not Task.CLASSIFICATION:
        return _not_applicable("strata_kept", f"a {task} has no classes")
    learnt = placed.loc[placed[SPLIT].isin([TRAIN, VALIDATION, TEST])]
    counts = _by_split(learnt, target)
    problems = _absent_classes(counts)
    problems += _uneven_classes(learnt, splits.method, target, group)
    unseen = [str(name) for name in counts.index[counts[TRAIN] == 0]]
    return Verdict(
        gate="strata_kept",
        passed=not problems,
        summary=f"{'; '.join(problems[:_EXAMPLES])}."
        if problems
        else f"{len(counts)} classes are kept in every split.",
        facts={
            "classes": len(counts),
            "unseen_in_train": list(unseen[:_EXAMPLES]),
            "problems": list(problems[:_EXAMPLES]),
            "shares": {name: _shares(counts[name]) for name in counts.columns},
        },
        advice="give more rows of the rare classes, or another split under dataset.split",
    )


def _absent_classes(counts: pd.DataFrame) -> list[str]:
    problems = []
    if int((counts[TRAIN] > 0).sum()) < 2:  # noqa: PLR2004 - two classes are the least a classification can tell apart
        problems.append(f"train holds {int((counts[TRAIN] > 0).sum())} class, at least 2 are needed")
    elif len(counts) == 2:  # noqa: PLR2004 - binary
        problems += [
            f"{split} holds no row of class {name}"
            for split in counts.columns
            for name in counts.index[counts[split] == 0]
        ]
    return problems


def _uneven_classes(learnt: pd.DataFrame, method: str, target: str, group: str | None) -> list[str]:
    """Classes whose known labels are spread more unevenly than chance does; guesses are in train alone by design."""
    if WEIGHT in learnt.columns:
        learnt = learnt.loc[learnt[WEIGHT] >= 1]
    counts = _by_split(learnt, target)
    if method == "random":
        variance = _row_variance(counts)
    elif method == "stratified_group" and group is not None:
        variance = _group_variance(learnt, counts, target, group)
    else:
        return []
    sigmas = float(stats.norm.isf(_FALSE_ALARM / (2 * max(counts.size, 1))))
    expected = _expected(counts)
    allowed = sigmas * np.sqrt(variance) + _TURNS
    rows, columns = np.nonzero(np.abs(counts.to_numpy() - expected) > allowed)
    return [
        f"{counts.columns[int(column)]} holds {counts.to_numpy()[row, column]} rows of class {counts.index[int(row)]}, "
        f"expected about {expected[row, column]:.0f}"
        for row, column in zip(rows, columns, strict=True)
    ]


def _by_split(learnt: pd.DataFrame, target: str) -> pd.DataFrame:
    """Rows by class and split."""
    classes, labels = pd.factorize(learnt[target], sort=True)
    names = [TRAIN, VALIDATION, TEST]
    held = [
        np.bincount(classes[(learnt[SPLIT] == name).to_numpy() & (classes >= 0)], minlength=len(labels))
        for name in names
    ]
    return pd.DataFrame(np.column_stack(held), index=pd.Index(labels, name=target), columns=names)


def _expected(counts: pd.DataFrame) -> npt.NDArray[np.float64]:
    return np.outer(_overall(counts), counts.sum())


def _overall(counts: pd.DataFrame) -> npt.NDArray[np.float64]:
    overall: npt.NDArray[np.float64] = (counts.sum(axis=1) / max(int(counts.to_numpy().sum()), 1)).to_numpy()
    return overall


def _row_variance(counts: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Variance of the rows of a class (rows) in a split (columns) that takes rows at random."""
    variance: npt.NDArray[np.float64] = _expected(counts) * (1 - _overall(counts)[:, None])
    return variance


def _group_variance(learnt: pd.DataFrame, counts: pd.DataFrame, target: str, group: str) -> npt.NDArray[np.float64]:
    """The same for a split that takes whole groups: each moves the count by what it has beyond its fair part."""
    by_group = pd.crosstab(pd.factorize(learnt[group], use_na_sentinel=False)[0], learnt[target].to_numpy())
    beyond = by_group.to_numpy() - np.outer(by_group.sum(axis=1), _overall(counts))
    shares = (counts.sum() / max(int(counts.to_numpy().sum()), 1)).to_numpy()
    variance: npt.NDArray[np.float64] = np.outer((beyond**2).sum(axis=0), shares * (1 - shares))
    return variance


def _shares(counts: pd.Series) -> dict[str, Fact]:
    most = counts.sort_values(ascending=False).head(20)
    return {str(name): round(float(count) / max(int(counts.sum()), 1), 6) for name, count in most.items()}


def _counts(splits: Splits) -> dict[str, Fact]:
    return {f"rows_{name}": count for name, count in splits.counts.items()}


def _not_applicable(gate: str, reason: str, facts: dict[str, Fact] | None = None) -> Verdict:
    return Verdict(
        gate=gate, passed=True, summary=f"Not applicable: {reason}.", facts={"applies": False, **(facts or {})}
    )

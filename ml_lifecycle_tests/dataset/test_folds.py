"""Folds judge nothing that they learnt from."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig, SplitConfig
from ml_lifecycle.dataset.folds import Fold, Folds, judge_folds, make_folds
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, TEST, TRAIN, WEIGHT
from ml_lifecycle.errors import ConfigError, DataError
from ml_lifecycle.verdict import Verdict

METHODS = ("random", "group", "stratified_group", "rolling", "purged")


def config(method: str = "auto", *, n: int = 5, gap: float = 0.0, **keywords: Any) -> DatasetConfig:
    """A dataset with such folds."""
    split = SplitConfig(folds={"method": method, "n": n, "gap_days": gap})  # type: ignore[arg-type]
    return DatasetConfig(sources=(SourceConfig(path="x"),), split=split, **keywords)


def table(rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Rows with a rare class, a group, a time that comes four times, and when the outcome was known."""
    random = np.random.default_rng(seed)
    at = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(rows) // 4, unit="D")
    known = at + pd.to_timedelta(random.integers(0, 10, rows), unit="D")
    rare = (random.random(rows) < 0.1).astype(int)
    return pd.DataFrame(
        {ROW_ID: np.arange(rows), "y": rare, "g": random.integers(0, 60, rows), "at": at, "known": known}
    )


def everything_trains(frame: pd.DataFrame) -> pd.DataFrame:
    """All rows in train but the last one."""
    return frame[[ROW_ID]].assign(**{SPLIT: [*[TRAIN] * (len(frame) - 1), TEST]})


def make(frame: pd.DataFrame, given: DatasetConfig, task: Task = Task.CLASSIFICATION) -> Folds:
    """Folds of the training rows."""
    return make_folds(frame, everything_trains(frame), given, target="y", task=task)


def judge(frame: pd.DataFrame, folds: Folds, given: DatasetConfig) -> Verdict:
    """The gate's verdict."""
    return judge_folds(frame, folds, given, target="y", task=Task.CLASSIFICATION)


def needed(method: str) -> dict[str, str]:
    """The roles that a method needs."""
    return {"group": "g"} if "group" in method else {} if method == "random" else {"event_time": "at"}


@pytest.mark.parametrize("method", METHODS)
def test_each_method_passes_its_gate(method: str) -> None:
    """Five folds, in which test rows have no place; stored and read they are the same."""
    frame, given_config = table(), config(method, **needed(method))
    folds = make(frame, given_config)
    verdict = judge(frame, folds, given_config)
    assert (folds.method, len(folds), verdict.gate) == (method, 5, "folds_sound")
    assert verdict.passed, verdict.summary
    assert 399 not in np.concatenate([part for fold in folds for part in fold])
    again = Folds.from_parts(folds.to_parts())
    assert again.method == method
    for fold, stored in zip(folds.folds, again.folds, strict=True):
        assert np.sort(fold.train).tolist() == stored.train.tolist()
        assert np.sort(fold.judged).tolist() == stored.judged.tolist()
    assert folds.describe()["judged_rows"].tolist() == [len(fold.judged) for fold in folds.folds]


def test_folds_follow_the_split() -> None:
    """`auto` takes groups where the split does, rolls where it is by time, else draws."""
    frame = table()
    assert make(frame, config()).method == "random"
    assert make(frame, config(event_time="at")).method == "rolling"
    assert make(frame, config(group="g")).method == "group"


@pytest.mark.parametrize("method", ["random", "group", "stratified_group", "purged"])
def test_every_row_is_judged_once(method: str) -> None:
    """What is learnt from in one fold is judged in another; rolling folds alone never judge the oldest block."""
    folds = make(table(), config(method, **needed(method)))
    assert sorted(np.concatenate([fold.judged for fold in folds.folds])) == list(range(399))


def test_random_folds_are_stratified() -> None:
    """Classes differ by one row at most from fold to fold, and so do the folds."""
    frame = table()
    folds = make(frame, config("random"))
    rare = [int(frame.loc[fold.judged, "y"].sum()) for fold in folds.folds]
    assert max(rare) - min(rare) <= 1
    assert {len(fold.judged) for fold in folds.folds} == {79, 80}


def test_stratified_groups_keep_classes_even() -> None:
    """The rare class is spread better than by groups alone."""
    spread = {}
    for method in ("group", "stratified_group"):
        counts = []
        for seed in range(5):
            frame = table(2000, seed)
            rare = np.random.default_rng(seed).random(60) < 0.2
            frame["y"] = rare[frame["g"]].astype(int)
            held = [frame.loc[fold.judged, "y"].mean() for fold in make(frame, config(method, group="g")).folds]
            counts.append(np.std(held))
        spread[method] = float(np.mean(counts))
    assert spread["stratified_group"] < 0.5 * spread["group"]


def test_rolling_folds_expand() -> None:
    """Each fold learns from all that is older than the gap allows and judges the next block."""
    frame = table()
    folds = make(frame, config("rolling", gap=3, event_time="at"))
    spans = [(frame.loc[fold.train, "at"], frame.loc[fold.judged, "at"]) for fold in folds.folds]
    assert all((judged.min() - train.max()).days == 4 for train, judged in spans)
    assert all(train.min() == frame["at"].min() for train, _ in spans)
    assert all(before[1].max() < after[1].min() for before, after in pairwise(spans))


def test_labels_that_overlap_are_purged() -> None:
    """Rows whose outcome became known in the judged block, and those of the embargo after it, are not learnt from."""
    frame = table()
    folds = make(frame, config("purged", gap=5, event_time="at", outcome_time="known"))
    middle = folds.folds[2]
    first, last = frame.loc[middle.judged, "at"].min(), frame.loc[middle.judged, "known"].max()
    train = frame.loc[middle.train]
    before, after = train[train["at"] < first], train[train["at"] >= first]
    assert (before["known"] < first).all()
    assert (before["at"] < first - pd.Timedelta(days=5)).all()
    assert (after["at"] > last + pd.Timedelta(days=5)).all()
    assert len(before) > 50 < len(after)


@pytest.mark.parametrize("method", ["rolling", "purged"])
def test_folds_in_time_keep_groups_apart(method: str) -> None:
    """A group that was learnt from is not judged."""
    frame = table().assign(g=lambda rows: np.where(rows.index % 7 == 0, 0, rows.index))
    given_config = config(method, event_time="at", group="g")
    folds = make(frame, given_config)
    assert judge(frame, folds, given_config).passed
    assert not judge(
        frame, make(frame, config(method, event_time="at")), config(method, group="g", event_time="at")
    ).passed


def test_guesses_are_learnt_from_and_not_judged() -> None:
    """A row whose label was guessed is in no judged side, unless guesses may judge."""
    frame = table().assign(**{WEIGHT: lambda rows: np.where(rows.index % 2, 0.7, 1.0)})
    folds = make(frame, config("random"))
    assert all((fold.judged % 2 == 0).all() for fold in folds.folds)
    assert any((fold.train % 2 == 1).any() for fold in folds.folds)


@pytest.mark.parametrize(
    ("keywords", "task", "message"),
    [
        ({"method": "group"}, Task.REGRESSION, "folds cannot be group.*dataset.group"),
        ({"method": "purged"}, Task.REGRESSION, "folds cannot be purged.*dataset.event_time"),
        ({"method": "random", "group": "g"}, Task.RANKING, "keep a query in one piece"),
    ],
)
def test_a_method_needs_its_column(keywords: dict[str, Any], task: Task, message: str) -> None:
    """What is missing is named."""
    with pytest.raises(ConfigError, match=message):
        make(table(), config(**keywords), task)


def test_too_many_folds_are_refused() -> None:
    """Fewer times, or groups, than folds."""
    with pytest.raises(DataError, match="at least 6 distinct times"):
        make(table(12), config("rolling", event_time="at"))
    with pytest.raises(DataError, match="folds are empty"):
        make(table().assign(g=0), config("group", group="g"))


DAYS = st.lists(st.integers(0, 30), min_size=20, max_size=60)


@settings(deadline=None, max_examples=60)
@given(DAYS, st.sampled_from(METHODS), st.sampled_from([0.0, 1.5, 4.0]), st.integers(2, 4))
def test_whatever_the_rows_folds_are_sound_or_refused(days: list[int], method: str, gap: float, count: int) -> None:
    """Times that come often, groups that come once, labels that take long."""
    at = pd.Timestamp("2024-01-01") + pd.to_timedelta(pd.Series(days), unit="D")
    frame = pd.DataFrame({ROW_ID: range(len(days)), "y": 1.0, "g": pd.Series(days) % 7, "at": at})
    frame["known"] = at + pd.to_timedelta(np.arange(len(days)) % 5, unit="D")
    roles = {"event_time": "at", "outcome_time": "known"} if method in {"rolling", "purged"} else {"group": "g"}
    given_config = config(method, n=count, gap=gap, **roles)
    try:
        folds = make(frame, given_config, Task.REGRESSION)
    except DataError:
        return
    verdict = judge_folds(frame, folds, given_config, target="y", task=Task.REGRESSION)
    assert verdict.passed, verdict.summary
    if method in {"rolling", "purged"}:
        sides = pd.concat([pd.Series(number, index=fold.judged) for number, fold in enumerate(folds.folds)])
        assert sides.groupby(frame["at"]).nunique().max() == 1


def test_folds_that_leak_are_found() -> None:
    """A row on both sides, judged twice, unknown; a group on both sides; a future that is learnt from; one class."""
    frame, given_config = table(), config("rolling", event_time="at")
    sound = make(frame, given_config)
    first = sound.folds[0]

    def said(fold: Fold, method: str = "rolling", given: DatasetConfig = given_config) -> str:
        verdict = judge(frame, replace(sound, method=method, folds=(fold, *sound.folds[1:])), given)
        assert verdict.blocks
        return verdict.summary

    assert "fold 1 judges 1 rows that it learnt from" in said(replace(first, train=np.r_[first.train, first.judged[0]]))
    assert "rows are judged in more than one fold" in said(replace(first, judged=sound.folds[1].judged))
    assert "names 1 rows that are not there" in said(replace(first, train=np.r_[first.train, 10_000]))
    assert "learns from 1 rows too near" in said(replace(first, train=np.r_[first.train, 398]))
    assert "groups (g) that it learnt from" in said(first, "group", config("group", group="g"))
    one_class = frame.index[(frame["y"] == 0) & frame.index.isin(first.train)].to_numpy()
    assert "learns from 1 class" in said(replace(first, train=one_class))

"""Rows are divided soundly and stay where they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig, SplitConfig
from ml_lifecycle.config.labeling import LabelingConfig
from ml_lifecycle.dataset.rows import GAP, ROW_ID, SPLIT, TEST, TRAIN, UNLABELED, VALIDATION, WEIGHT, identify
from ml_lifecycle.dataset.splits import Splits, judge_splits, split_rows
from ml_lifecycle.errors import ConfigError, DataError, TargetError
from ml_lifecycle.verdict import Verdict


def config(*, split: dict[str, Any] | None = None, **keywords: Any) -> DatasetConfig:
    """A dataset that is split so."""
    return DatasetConfig(sources=(SourceConfig(path="x"),), split=SplitConfig(**(split or {})), **keywords)


def table(rows: int = 400, *, classes: int = 2, seed: int = 0) -> pd.DataFrame:
    """Rows with a class, a group and a time that comes ten times."""
    random = np.random.default_rng(seed)
    at = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(rows) // 10, unit="D")
    frame = pd.DataFrame(
        {"key": np.arange(rows), "y": random.integers(0, classes, rows), "g": np.arange(rows) // 4, "at": at}
    )
    return identify(frame, "key")


def split(frame: pd.DataFrame, given: DatasetConfig, task: Task = Task.CLASSIFICATION, **keywords: Any) -> Splits:
    """Split by the target y."""
    return split_rows(frame, given, target="y", task=task, **keywords)


def judge(
    frame: pd.DataFrame, splits: Splits, given: DatasetConfig, task: Task = Task.CLASSIFICATION
) -> dict[str, Verdict]:
    """Verdict by gate."""
    return {verdict.gate: verdict for verdict in judge_splits(frame, splits, given, target="y", task=task)}


@pytest.mark.parametrize("method", ["random", "group", "stratified_group", "time"])
def test_each_method_passes_its_gates(method: str) -> None:
    """All rows are placed, shares are near the fractions, and no gate objects."""
    frame = table()
    given = config(split={"method": method}, event_time="at", **({"group": "g"} if "group" in method else {}))
    splits = split(frame, given)
    assert splits.method == method
    assert splits.assignment[ROW_ID].tolist() == frame[ROW_ID].tolist()
    assert abs(splits.ratios[TRAIN] - 0.7) < 0.1
    verdicts = judge(frame, splits, given)
    assert list(verdicts) == ["no_overlap", "no_group_leak", "no_time_leak", "strata_kept"]
    assert all(verdict.passed for verdict in verdicts.values()), verdicts


def test_auto_takes_what_the_columns_allow() -> None:
    """Groups for ranking or where one is named, time where an event time is, else random."""
    frame = table()
    assert split(frame, config()).method == "random"
    assert split(frame, config(event_time="at")).method == "time"
    assert split(frame, config(event_time="at", group="g")).method == "group"
    assert split(frame, config(group="g"), Task.RANKING).method == "group"


@pytest.mark.parametrize(("keywords", "task"), [({}, Task.RANKING), ({"split": {"method": "time"}}, Task.REGRESSION)])
def test_a_method_needs_its_column(keywords: dict[str, Any], task: Task) -> None:
    """Ranking without a query id and time without an event time are refused."""
    with pytest.raises(ConfigError, match="expected a column named in dataset"):
        split(table(), config(**keywords), task)


ROWS = st.tuples(
    st.sampled_from(["often", "often", "often", "rare", None]), st.integers(0, 12) | st.none(), st.integers(0, 40)
)
BORDERS = {"validation_from": datetime(2024, 1, 20), "test_from": datetime(2024, 1, 30)}  # noqa: DTZ001 - as in a YAML
SPLIT_CONFIGS = {
    "random": config(split={"method": "random"}),
    "group": config(split={"method": "group"}, group="g"),
    "stratified_group": config(split={"method": "stratified_group"}, group="g"),
    "time": config(split={"method": "time", "gap_days": 2, **BORDERS}, event_time="at"),
}


def named(rows: list[tuple[str | None, int | None, int]]) -> pd.DataFrame:
    """Rows of a class, a group and a day, named by their place."""
    frame = pd.DataFrame(rows, columns=["y", "g", "day"])
    at = pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["day"], unit="D")
    return identify(frame.assign(key=range(len(frame)), g=frame["g"].astype("Int64"), at=at), "key")


@settings(deadline=None, max_examples=60)
@given(
    st.lists(ROWS, min_size=8, max_size=60),
    st.lists(ROWS, max_size=60),
    st.sampled_from(sorted(SPLIT_CONFIGS)),
    st.sampled_from(list(Task)[:2]),
)
def test_a_row_never_changes_side_when_others_are_appended(
    first: list[Any], more: list[Any], method: str, task: Task
) -> None:
    """A champion's test rows are never a later candidate's train rows, however few rows or groups there are."""
    given_config = SPLIT_CONFIGS[method]
    try:
        before = split(named(first), given_config, task).assignment
    except (DataError, TargetError):  # too few rows to divide is another test's business
        return
    after = split(named(first + more), given_config, task).assignment.head(len(first))
    assert before[SPLIT].tolist() == after[SPLIT].tolist()


@settings(deadline=None, max_examples=40)
@given(st.lists(ROWS, min_size=8, max_size=80), st.sampled_from(sorted(SPLIT_CONFIGS)))
def test_whatever_the_rows_the_gates_pass(rows: list[Any], method: str) -> None:
    """No overlap, no group on two sides, no time that runs backwards; or the rows are refused."""
    frame, given_config = named(rows), SPLIT_CONFIGS[method]
    try:
        splits = split(frame, given_config)
    except (DataError, TargetError):
        return
    verdicts = judge(frame, splits, given_config)
    assert all(verdicts[gate].passed for gate in ("no_overlap", "no_group_leak", "no_time_leak"))


@settings(deadline=None, max_examples=20)
@given(st.permutations(range(200)))
def test_but_for_the_first_few_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    """A hash places a row wherever it stands: at most the four turns of each class, before and after, can differ."""
    frame = table(200)
    before = split(frame, config()).assignment.set_index(ROW_ID)[SPLIT]
    after = split(frame.iloc[order], config()).assignment.set_index(ROW_ID)[SPLIT]
    assert (before != after.loc[before.index]).sum() <= 2 * 2 * 4


def test_stratified_groups_are_more_even_than_groups() -> None:
    """Whole customers stay together, and the share of a rare class differs less between splits."""
    unevenness = {"group": [], "stratified_group": []}  # type: dict[str, list[float]]
    for seed in range(5):
        random = np.random.default_rng(seed)
        groups = (400 * random.power(0.5, 4000)).astype(int)
        frame = table(4000).assign(g=groups, y=(random.random(400) < 0.1)[groups].astype(int))
        for method, found in unevenness.items():
            given_config = config(split={"method": method, "seed": seed}, group="g")
            splits = split(frame, given_config)
            shares = frame.merge(splits.assignment, on=ROW_ID).groupby(SPLIT)["y"].mean()
            found.append(float((shares - frame["y"].mean()).abs().max()))
            if method == "stratified_group":
                assert all(verdict.passed for verdict in judge(frame, splits, given_config).values())
    assert np.mean(unevenness["stratified_group"]) < 0.6 * np.mean(unevenness["group"])


def test_uneven_groups_are_found() -> None:
    """Groups of one class that are all in one split are beyond what chance does with whole groups."""
    frame = table(4000).assign(g=np.arange(4000) // 10, y=np.arange(4000) // 10 % 5 == 0)
    assignment = frame[[ROW_ID]].assign(**{SPLIT: np.where(frame["y"] & (frame["g"] > 20), TEST, TRAIN)})
    assignment.loc[:150, SPLIT] = VALIDATION
    verdict = judge(frame, Splits(assignment, "stratified_group"), config(group="g"))["strata_kept"]
    assert "test holds 750 rows of class True, expected about" in str(verdict.facts["problems"])


def test_fixed_borders_do_not_move() -> None:
    """Validation and test begin where they were set, in UTC, whatever rows come later."""
    frame = table(400)
    aware = {"validation_from": datetime(2024, 1, 20, tzinfo=UTC), "test_from": datetime(2024, 1, 30, tzinfo=UTC)}
    for borders in (BORDERS, aware):
        given_config = config(event_time="at", split={**borders, "gap_days": 1})
        splits = split(frame, given_config)
        assert splits.facts["fixed_borders"] is True
        sides = frame.groupby(splits.assignment[SPLIT].to_numpy())["at"].agg(["min", "max"])
        assert sides.loc[VALIDATION, "min"] == sides.loc[GAP, "min"] + pd.Timedelta(days=1)
        assert sides.loc[TEST, "min"] == pd.Timestamp("2024-01-30")
        assert judge(frame, splits, given_config)["no_time_leak"].passed
        late = config(event_time="at", split={**borders, "test_from": datetime(2024, 2, 3, tzinfo=UTC)})
        assert "before its border" in judge(frame, splits, late)["no_time_leak"].summary


def test_borders_belong_to_time() -> None:
    """Borders beside a named group would be ignored silently."""
    with pytest.raises(ConfigError, match="method: time beside validation_from"):
        split(table(), config(event_time="at", group="g", split=BORDERS))


@pytest.mark.parametrize("method", ["random", "group", "stratified_group", "time"])
def test_guessed_labels_are_only_learnt_from(method: str) -> None:
    """No guess is in validation or test, known rows stay where they were, and no gate objects to a train of guesses."""
    frame = table(1000)
    guessed = frame["key"] % 3 > 0
    weighted = frame.assign(**{WEIGHT: np.where(guessed, 0.8, 1.0)}, y=frame["y"].where(~guessed, 1))
    given_config = config(event_time="at", group="g" if "group" in method else None, split={"method": method})
    splits = split(weighted, given_config)
    sides = splits.assignment[SPLIT][guessed]
    assert set(sides) == {TRAIN, UNLABELED}
    assert splits.facts["guessed_labels_not_judged_by"] == (sides == UNLABELED).sum()
    assert all(verdict.passed for verdict in judge(weighted, splits, given_config).values())
    alone = split(weighted.loc[~guessed], given_config).assignment.set_index(ROW_ID)[SPLIT]
    placed = splits.assignment.set_index(ROW_ID)[SPLIT]
    assert placed.loc[alone.index].tolist() == alone.tolist()
    rule = {"name": "a", "when": "x > 0", "label": 1}
    trusting = given_config.model_copy(update={"labeling": LabelingConfig(functions=(rule,), judge_by_guesses=True)})
    assert set(split(weighted, trusting).assignment[SPLIT][guessed]) == {TRAIN, VALIDATION, TEST}


def test_another_seed_is_another_split() -> None:
    """The seed is what places a row."""
    first, second = (split(table(), config(split={"seed": seed})).assignment[SPLIT] for seed in (0, 1))
    assert (first != second).mean() > 0.2


def test_rare_classes_are_in_train() -> None:
    """A class of one or two rows would be lost by chance once in three times."""
    frame = table(300)
    frame["y"] = ["rare", "two", "two", *["often"] * 297]
    given = config()
    splits = split(frame, given)
    train = set(frame.loc[(splits.assignment[SPLIT] == TRAIN).to_numpy(), "y"])
    assert train == {"rare", "two", "often"}
    assert judge(frame, splits, given)["strata_kept"].passed


def test_few_groups_are_dealt_out() -> None:
    """Seven groups fill three splits."""
    frame = table(70).assign(g=np.arange(70) // 10)
    splits = split(frame, config(group="g"))
    assert set(splits.counts) == {TRAIN, VALIDATION, TEST}
    assert splits.facts == {"groups": 7}


def test_missing_groups_stay_together() -> None:
    """Rows without a group are one group."""
    frame = table(200).assign(g=lambda rows: rows["g"].where(rows["g"] > 5).astype(object))
    given = config(group="g")
    splits = split(frame, given)
    assert judge(frame, splits, given)["no_group_leak"].passed


def test_rows_without_a_known_outcome_are_unlabeled() -> None:
    """No target, no outcome time, or one after the moment of learning: not learnt from."""
    frame = table(200)
    frame["y"] = frame["y"].astype("float64")
    frame.loc[0, "y"] = np.nan
    frame["known"] = frame["at"] + pd.Timedelta(days=5)
    frame.loc[1, "known"] = pd.NaT
    given = config(event_time="at", outcome_time="known")
    assert split(frame, given).counts[UNLABELED] == 2
    as_of = datetime(2024, 1, 20, 12, tzinfo=UTC)
    late = split(frame, given, as_of=as_of)
    expected = (frame["known"] > "2024-01-20 12:00").sum() + 2
    assert late.counts[UNLABELED] == expected
    assert late.assignment[SPLIT].iloc[:2].tolist() == [UNLABELED] * 2
    assert split(frame, given, as_of=as_of.replace(tzinfo=None)).counts == late.counts


def test_nothing_to_learn_from_is_refused() -> None:
    """No target column, no outcome."""
    with pytest.raises(TargetError, match="no row can be learnt from"):
        split(table(50).assign(y=None), config())
    with pytest.raises(TargetError, match=r"brief\.target"):
        split(table(50).drop(columns="y"), config())


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 12), min_size=12, max_size=60), st.sampled_from([0.0, 1.0, 2.5]))
def test_time_splits_cut_no_time_apart_and_keep_the_gap(days: list[int], gap: float) -> None:
    """Whatever the times, either the split is sound or it is refused."""
    frame = identify(pd.DataFrame({"at": pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D"), "y": 1.0}))
    given = config(event_time="at", split={"gap_days": gap})
    try:
        splits = split(frame, given, Task.REGRESSION)
    except DataError:  # what it says is another test's business
        return
    assert judge(frame, splits, given, Task.REGRESSION)["no_time_leak"].passed
    assert pd.Series(splits.assignment[SPLIT]).groupby(frame["at"]).nunique().max() == 1


def test_rows_in_the_gap_and_without_a_time_are_left_out() -> None:
    """They are counted, not lost."""
    frame = table(400)
    frame.loc[5, "at"] = pd.NaT
    splits = split(frame, config(event_time="at", split={"gap_days": 2}))
    assert splits.counts[GAP] == splits.facts["rows_in_gap"] == 41
    assert splits.facts["rows_without_event_time"] == 1
    assert splits.assignment[SPLIT].iloc[5] == GAP


def test_a_time_split_leaves_out_groups_that_return() -> None:
    """A customer who was learnt from is not asked about."""
    frame = table(400).assign(g=lambda rows: rows["key"] % 390)
    given = config(event_time="at", group="g", split={"method": "time"})
    splits = split(frame, given)
    assert splits.facts["rows_of_groups_in_an_earlier_split"] == 10
    assert judge(frame, splits, given)["no_group_leak"].passed


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"at": [pd.Timestamp(0)] * 30, "y": [0, 1] * 15}),
        pd.DataFrame({"at": pd.to_datetime([None] * 30), "y": [0, 1] * 15}),
    ],
)
def test_an_empty_split_is_refused(frame: pd.DataFrame) -> None:
    """One moment cannot be divided, and the message says what came."""
    with pytest.raises(DataError, match="time split leaves nothing for"):
        split(identify(frame), config(event_time="at"))


def test_overlap_is_found() -> None:
    """A row twice, or not at all, fails the gate."""
    frame, given = table(50), config()
    splits = split(frame, given)
    twice = Splits(pd.concat([splits.assignment.head(1), splits.assignment]), "random")
    lost = Splits(splits.assignment.tail(49), "random")
    assert judge(frame, twice, given)["no_overlap"].blocks
    assert judge(frame, lost, given)["no_overlap"].blocks


def test_group_leaks_are_found() -> None:
    """Placing rows regardless of their group fails the gate, with examples."""
    frame = table(200)
    verdict = judge(frame, split(frame, config()), config(group="g"))["no_group_leak"]
    assert verdict.blocks
    assert verdict.facts["examples"]


def test_time_leaks_are_found() -> None:
    """A random division under the name of time fails the gate; one by another method is not judged."""
    frame, given = table(200), config(event_time="at", split={"method": "time"})
    random = split(frame, config())
    assert judge(frame, Splits(random.assignment, "time"), given)["no_time_leak"].blocks
    other = judge(frame, random, given)["no_time_leak"]
    assert other.passed
    assert other.facts["applies"] is False


def test_uneven_and_absent_classes_are_found() -> None:
    """A class that only the test split holds, a share beyond chance, a single class in train."""
    frame, given = table(400), config()
    sorted_rows = frame.sort_values("y")
    uneven = pd.DataFrame({ROW_ID: sorted_rows[ROW_ID], SPLIT: [TRAIN] * 280 + [VALIDATION] * 60 + [TEST] * 60})
    verdict = judge(frame, Splits(uneven, "random"), given)["strata_kept"]
    assert verdict.blocks
    assert "validation holds no row of class 0" in verdict.summary
    assert "expected about" in str(verdict.facts["problems"])
    one = uneven.assign(**{SPLIT: [TRAIN] * 100 + [TEST] * 300})
    assert "at least 2 are needed" in judge(frame, Splits(one, "time"), given)["strata_kept"].summary
    assert judge(frame, Splits(one, "time"), given, Task.REGRESSION)["strata_kept"].facts["applies"] is False


@pytest.mark.parametrize("role", ["group", "event_time", "outcome_time"])
def test_a_role_names_a_column_that_is_there(role: str) -> None:
    """The message names the key of the YAML."""
    roles = {"event_time": "at", role: "nope"}
    with pytest.raises(DataError, match=f"dataset.{role}"):
        split(table(40), config(**roles))


def test_an_event_time_holds_times() -> None:
    """A column of words leaves nothing to split by, and that is what is said."""
    with pytest.raises(DataError, match="does not hold times"):
        split(table(40).assign(at="Oslo"), config(event_time="at"))

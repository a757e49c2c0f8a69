"""Rows without a label get one from rules; known labels stay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig
from ml_lifecycle.config.labeling import LabelingConfig
from ml_lifecycle.dataset.labeling import Labeled, judge_coverage, label_dataset, label_rows
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, TEST, TRAIN, VALIDATION, WEIGHT, identify
from ml_lifecycle.dataset.splits import split_rows
from ml_lifecycle.errors import ConfigError, DataError, TargetError

RULES = (
    {"name": "high", "when": "x > 5", "label": "yes"},
    {"name": "low", "when": "x < 3", "label": "no"},
    {"name": "wordy", "column": "note", "keywords": ["buy"], "label": "yes"},
)


def config(**keywords: Any) -> LabelingConfig:
    """Three rules by majority, unless said otherwise."""
    return LabelingConfig(**{"functions": RULES, "model": "majority", "min_confidence": 0.6, **keywords})


def table(**columns: Any) -> pd.DataFrame:
    """Seven rows, of which the first two have labels."""
    whole = {
        ROW_ID: np.arange(7),
        "x": [9, 1, 8, 0, 2, 4, 9],
        "note": ["", "", "buy", "buy", "", "", "sell"],
        "y": ["no", "no", None, None, None, None, None],
    }
    return pd.DataFrame({**whole, **columns})


def test_rules_fill_what_is_not_known() -> None:
    """A guess has its probability as weight; a tie and a row without a vote stay unlabelled; known labels stay."""
    frame = table()
    labeled = label_rows(frame, config(), target="y")
    assert labeled.frame["y"].where(labeled.frame["y"].notna(), None).tolist() == [
        "no", "no", "yes", None, "no", None, "yes",
    ]  # fmt: skip
    weights = labeled.frame[WEIGHT]
    assert weights.dtype == np.float64
    assert weights.iloc[[0, 1, 3, 5]].tolist() == [1.0] * 4
    assert weights.iloc[[2, 4]].between(0.99, 1, inclusive="left").all()
    assert weights.iloc[6] == pytest.approx(5 / 6)  # of rows with the same votes one is known, and is another
    assert frame["y"].isna().sum() == 5
    assert WEIGHT not in frame.columns


def test_rules_are_described() -> None:
    """Coverage, overlaps and conflicts are shares of all rows; accuracy is compared with known labels where it can."""
    labeled = label_rows(table(), config(), target="y")
    rules = labeled.functions.set_index("function")
    assert rules.loc["high", "coverage"] == pytest.approx(3 / 7)
    assert rules.loc["wordy", "overlaps"] == pytest.approx(2 / 7)
    assert rules.loc["wordy", "conflicts"] == pytest.approx(1 / 7)
    assert rules.loc["high", "empirical_accuracy"] == 0
    assert rules.loc["high", "compared_rows"] == 1
    assert np.isnan(rules.loc["wordy", "empirical_accuracy"])
    assert rules.loc["high", "estimated_accuracy"] == pytest.approx((0 + 1 + 5 / 6) / 3)
    assert labeled.counts == {
        "rows": 7, "known": 2, "covered": 6, "guessed": 3, "agreeing": 1, "comparable": 2,
    }  # fmt: skip


def test_probabilities_are_a_table() -> None:
    """One row for each row that rules speak about and whose label is not known."""
    found = label_rows(table(), config(), target="y").probabilities.set_index(ROW_ID)
    assert found.index.tolist() == [2, 3, 4, 6]
    assert list(found.columns) == ["label", "confidence", "used", "p_yes", "p_no"]
    assert found.loc[3, ["confidence", "used", "p_yes", "p_no"]].tolist() == [0.5, False, 0.5, 0.5]
    assert found.loc[4, "label"] == "no"


def test_the_record_survives_storage() -> None:
    """What was stored comes back."""
    labeled = label_rows(table(), config(), target="y")
    again = Labeled.from_parts(labeled.to_parts())
    pd.testing.assert_frame_equal(again.functions, labeled.functions)
    pd.testing.assert_frame_equal(again.frame, labeled.frame)
    assert again.counts == labeled.counts


@pytest.mark.parametrize(("least", "passes"), [(0.85, True), (0.9, False)])
def test_coverage_is_judged(least: float, passes: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Six of seven rows are covered by a rule or a known label."""
    given_config = config(min_coverage=least)
    verdict = judge_coverage(label_rows(table(), given_config, target="y"), given_config)
    assert (verdict.gate, verdict.passed, verdict.blocks) == ("label_coverage", passes, not passes)
    assert verdict.facts["agreement_with_known"] == 0.5


@pytest.mark.parametrize(
    ("values", "labels", "expected"),
    [
        ([1.0, 0.0, None, None, None, None, None], (1, 0), "float64"),
        (pd.array([1, 0, None, None, None, None, None], dtype="Int64"), (1, 0), "Int64"),
        (pd.array([True, False, None, None, None, None, None], dtype="boolean"), (1, 0), "boolean"),
        ([True, False, None, None, None, None, None], (1, 0), "object"),
        (["1", "0", None, None, None, None, None], (1, 0), "object"),
        (pd.Categorical(["a", "b", None, None, None, None, None]), ("a", "b"), "object"),
        ([None] * 7, ("a", "b"), "object"),
    ],
)
def test_guesses_have_the_type_of_the_target(values: Any, labels: tuple[Any, Any], expected: str) -> None:
    """A label is written as the known ones are, whatever the YAML calls it."""
    rules = (
        {"name": "high", "when": "x > 5", "label": labels[0]},
        {"name": "low", "when": "x < 3", "label": labels[1]},
    )
    frame = table(y=values)
    filled = label_rows(frame, config(functions=rules), target="y").frame["y"]
    assert str(filled.dtype) == expected
    known, all_labels = frame["y"].dropna().tolist(), filled.dropna().tolist()
    assert len(all_labels) == 6
    if known:
        assert filled.iloc[:2].tolist() == known
        assert {type(value) for value in all_labels} == {type(value) for value in known}
        assert set(all_labels) <= set(known)


def test_labels_of_another_type_are_refused() -> None:
    """A number cannot be "yes"."""
    with pytest.raises(TargetError, match="do not fit the target 'y'"):
        label_rows(table(y=[1.0, 2.0, None, None, None, None, None]), config(), target="y")


def test_a_target_that_is_absent_is_made() -> None:
    """Data without any label begins with guesses."""
    labeled = label_rows(table().drop(columns="y"), config(), target="y")
    assert labeled.frame["y"].notna().sum() == 5
    assert labeled.counts["known"] == 0


def test_rules_do_not_see_the_target_or_reserved_columns() -> None:
    """A rule that looks at the answer is refused, and so is data that has weights."""
    for expression in ("y == 'no'", "_row_id > 1"):
        rules = ({"name": "peeking", "when": expression, "label": "no"},)
        with pytest.raises(ConfigError, match="'peeking' names an unknown column"):
            label_rows(table(), config(functions=rules), target="y")
    with pytest.raises(DataError, match="'_weight'"):
        label_rows(table(_weight=1.0), config(), target="y")


def test_labels_of_judged_rows_are_not_learnt_from() -> None:
    """Another answer in validation or test changes no guess; one in train does. The split is without classes here."""
    random = np.random.default_rng(0)
    frame = identify(pd.DataFrame({"x": random.integers(0, 10, 400), "note": "", "key": range(400)}), "key")
    frame["y"] = pd.Series(np.where(frame["x"] > 4, "yes", "no")).where(frame["key"] < 200, None)
    dataset = DatasetConfig(sources=(SourceConfig(path="x"),), labeling=config(min_confidence=0.5))
    sides = split_rows(frame, dataset, target="y", task=Task.REGRESSION).assignment[SPLIT]

    def guess(side: str) -> Labeled:
        turned = frame["y"].replace({"yes": "no", "no": "yes"})
        asked = frame.assign(y=frame["y"].where(sides != side, turned))
        return label_dataset(asked, dataset, target="y", task=Task.REGRESSION)

    plain = guess("none of them").frame
    assert guess(TEST).frame[WEIGHT].tolist() == plain[WEIGHT].tolist()
    assert guess(VALIDATION).frame[WEIGHT].tolist() == plain[WEIGHT].tolist()
    assert guess(TRAIN).frame[WEIGHT].tolist() != plain[WEIGHT].tolist()
    after = split_rows(plain, dataset, target="y", task=Task.REGRESSION).assignment[SPLIT]
    assert after[frame["y"].notna()].tolist() == sides[frame["y"].notna()].tolist()


def test_a_dataset_without_known_labels_is_labelled_all_the_same() -> None:
    """Whether it can then be divided is for the split to say."""
    dataset = DatasetConfig(sources=(SourceConfig(path="x"),), labeling=config())
    labeled = label_dataset(table(y=None), dataset, target="y", task=Task.CLASSIFICATION)
    assert labeled.counts["guessed"] == 5
    with pytest.raises(ConfigError, match=r"dataset\.labeling"):
        label_dataset(table(), dataset.model_copy(update={"labeling": None}), target="y", task=Task.CLASSIFICATION)


CELLS = st.tuples(st.integers(0, 9), st.sampled_from(["", "buy"]), st.sampled_from(["yes", "no", "maybe", None]))


@settings(deadline=None, max_examples=40)
@given(st.lists(CELLS, min_size=1, max_size=30), st.sampled_from(["majority", "dawid_skene"]), st.floats(0, 1))
def test_known_labels_are_never_changed(rows: list[tuple[int, str, str | None]], model: str, least: float) -> None:
    """Whatever rules say: known labels and the other columns stay, weights are above 0, and 1 for what is known."""
    frame = pd.DataFrame(rows, columns=["x", "note", "y"])
    labeled = label_rows(frame, config(model=model, min_confidence=least), target="y")
    known = frame["y"].notna()
    assert labeled.frame.loc[known, "y"].tolist() == frame.loc[known, "y"].tolist()
    pd.testing.assert_frame_equal(labeled.frame[["x", "note"]], frame[["x", "note"]])
    weights = labeled.frame[WEIGHT]
    assert ((weights > 0) & (weights <= 1)).all()
    guessed = ~known & labeled.frame["y"].notna()
    assert (weights == 1).tolist() == (~guessed).tolist()
    assert (weights[guessed] >= min(least, 1 - 1e-9)).all()

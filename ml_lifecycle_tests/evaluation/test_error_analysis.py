"""The worst rows are shown, what they share is found, chance is not, and confusions are counted."""

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.evaluation.error_analysis import (
    COMMON_COLUMNS,
    CONFUSION_COLUMNS,
    PROBABILITY,
    WORST_COLUMNS,
    analyse_errors,
)
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle_tests.evaluation.problems import binary, queries


def test_the_worst_rows_come_first() -> None:
    """Each with what a person knows it by, its truth, prediction, probability and loss, then its columns."""
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4], "loss": ["a", "b", "c", "d"]})
    p = np.array([0.9, 0.2, 0.6, 0.1])
    found = analyse_errors(
        frame,
        np.array([0, 0, 1, 1]),
        p,
        METRICS["roc_auc"],
        Kind.BINARY,
        row_ids=np.array(["r0", "r1", "r2", "r3"]),
        count=2,
        classes=["no", "yes"],
    )
    assert tuple(found.worst.columns) == (*WORST_COLUMNS, PROBABILITY, "x", "loss (column)")
    assert found.worst["row"].tolist() == ["r0", "r3"]
    assert found.worst["truth"].tolist() == ["no", "yes"]
    assert found.worst["prediction"].tolist() == ["yes", "no"]
    assert found.worst[PROBABILITY].tolist() == pytest.approx([0.9, 0.9])
    assert found.worst["loss"].tolist() == pytest.approx([-np.log(0.1)] * 2)
    assert sorted(found.positions) == [0, 3]


def test_of_equal_losses_the_surest_mistake_comes_first() -> None:
    """Where every mistake costs 1, the probability of the truth decides."""
    y, p = np.array([1, 1, 0, 1]), np.array([0.4, 0.05, 0.3, 0.2])
    found = analyse_errors(pd.DataFrame({"x": range(4)}), y, p, METRICS["accuracy"], Kind.BINARY, count=3)
    assert found.positions == (1, 3, 0)


def test_what_the_worst_rows_share_is_found() -> None:
    """Where one city is predicted at random, it is more frequent among the worst rows; the sex is not."""
    data = binary(3000)
    p, bad = data.p.copy(), (data.frame["city"] == "b").to_numpy()
    p[bad] = np.random.default_rng(5).random(bad.sum())
    found = analyse_errors(data.frame, data.y, p, METRICS["log_loss"], Kind.BINARY, columns=["city", "sex"]).common
    assert tuple(found.columns) == COMMON_COLUMNS
    assert found["value"].tolist() == ["= b"]
    assert found.loc[0, "low"] > 1.2
    assert found.loc[0, "share_of_worst"] / found.loc[0, "share_of_all"] == pytest.approx(found.loc[0, "lift"])


def test_chance_is_not_common() -> None:
    """Of 60 samples with 40 meaningless values each, hardly one has a value that is surely more frequent."""
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(60):
        frame = pd.DataFrame({f"c{i}": rng.integers(0, 8, 400).astype(str) for i in range(5)})
        found = analyse_errors(frame, rng.normal(size=400), np.zeros(400), METRICS["rmse"], Kind.REGRESSION)
        alarms += bool(len(found.common))
    assert alarms <= 60 * 0.12


def test_confusions_are_counted() -> None:
    """The pair of classes that is mistaken most comes first, with its share of the class and of all mistakes."""
    y = np.array([0, 0, 0, 0, 1, 1, 2])
    p = np.eye(3)[[0, 2, 2, 0, 1, 0, 2]]
    found = analyse_errors(
        pd.DataFrame(index=range(7)), y, p, METRICS["accuracy"], Kind.MULTICLASS, classes=["a", "b", "c"]
    ).confusions
    assert tuple(found.columns) == CONFUSION_COLUMNS
    assert found.loc[0].tolist() == ["a", "c", 2, 0.5, pytest.approx(2 / 3)]
    assert found.loc[1, ["truth", "predicted", "rows"]].tolist() == ["b", "a", 1]


def test_a_ranking_shows_the_buried_row_of_each_bad_query() -> None:
    """One row per query: the best one that was ranked lowest."""
    grades, scores, query = queries(100, 5)
    found = analyse_errors(
        pd.DataFrame({"q": query}), grades, scores, METRICS["ndcg@3"], Kind.RANKING, query=query, count=4
    )
    assert found.worst["q"].nunique() == 4
    worst = int(found.worst["q"].iloc[0])
    assert found.worst["truth"].iloc[0] == grades[query == worst].max()
    assert (np.diff(found.worst["loss"]) <= 0).all()


def test_nothing_wrong_gives_empty_tables_with_types() -> None:
    """Without rows, or without a mistake, tables have their columns and types, so that they can be stored."""
    frame = pd.DataFrame({"c": ["a", "b"] * 30})
    found = analyse_errors(frame, np.ones(60), np.ones(60), METRICS["accuracy"], Kind.BINARY, count=0)
    assert found.worst.empty
    assert found.common.empty
    assert found.confusions.empty
    assert found.common["lift"].dtype == found.confusions["share_of_errors"].dtype == np.float64
    assert set(found.tables()) == {"worst_rows", "common_errors", "confusions"}

"""Fairness: gaps are found with confidence, noise and small groups are not blamed."""

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import FairnessLimits
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.fairness.assessment import FairnessReport, assess_fairness
from ml_lifecycle_tests.evaluation.problems import binary, queries

SEX = FairnessLimits(sensitive=("sex",), max_gap=0.2)


def test_equal_treatment_is_fair() -> None:
    """A model that ignores the sensitive column passes."""
    data = binary(800)
    report = assess_fairness(data.frame, data.y, data.p, Kind.BINARY, SEX)
    assert report.fair
    assert set(report.gaps["measure"]) == {"selection_rate", "true_positive_rate", "false_positive_rate"}
    assert set(report.groups["measure"]) - set(report.gaps["measure"]) == {
        "false_negative_rate",
        "precision",
        "accuracy",
    }
    assert len(report.groups) == 12


def test_a_favoured_group_is_found() -> None:
    """A model that prefers one group is unfair, and the report names both groups."""
    data = binary(800)
    p = np.where(data.frame["sex"] == "m", data.p**0.2, data.p**3)
    report = assess_fairness(data.frame, data.y, p, Kind.BINARY, SEX)
    assert not report.fair
    worst = report.gaps.iloc[0]
    assert (worst["higher"], worst["lower"]) == ("= m", "= f")
    assert 0.2 < worst["sure_gap"] < worst["gap"]


def test_a_gap_that_may_be_chance_does_not_fail() -> None:
    """Of 100 fair models on few rows, at most 5 are called unfair at a limit of nearly nothing."""
    limits = FairnessLimits(sensitive=("sex",), max_gap=0.001, min_rows=10)
    unfair = 0
    for seed in range(100):
        data = binary(120, seed=seed)
        unfair += not assess_fairness(data.frame, data.y, data.p, Kind.BINARY, limits).fair
    assert unfair <= 5


def test_small_groups_are_reported_but_not_judged() -> None:
    """A group of three rows has its rates in the table and takes part in no gap."""
    data = binary(300)
    data.frame.loc[:2, "sex"] = "x"
    report = assess_fairness(data.frame, data.y, data.p, Kind.BINARY, SEX)
    assert not report.groups.loc[report.groups["group"] == "= x", "judged"].any()
    assert "= x" not in set(report.gaps["higher"]) | set(report.gaps["lower"])


def test_numeric_sensitive_columns_are_cut_into_quartiles() -> None:
    """Age is compared by quartiles."""
    data = binary(800)
    frame = data.frame.assign(age=np.random.default_rng(0).integers(18, 80, 800))
    report = assess_fairness(frame, data.y, data.p, Kind.BINARY, FairnessLimits(sensitive=("age",)))
    assert report.groups["group"].nunique() == 4


def test_each_class_is_judged() -> None:
    """With three classes, each has its rates; the class that one group never gets is found."""
    rng = np.random.default_rng(0)
    y, sex = rng.integers(0, 3, 600), rng.choice(["f", "m"], 600)
    predicted = np.where((y == 2) & (sex == "f"), 0, y)
    report = assess_fairness(pd.DataFrame({"sex": sex}), y, np.eye(3)[predicted], Kind.MULTICLASS, SEX)
    assert set(report.gaps.loc[report.gaps["beyond"], "measure"]) >= {"true_positive_rate of class 2"}
    assert len(report.gaps) == 9


def test_mean_errors_of_a_regression_are_compared() -> None:
    """Underestimating one group by a standard deviation of the target is unfair."""
    rng = np.random.default_rng(0)
    y, sex = rng.normal(size=400), rng.choice(["f", "m"], 400)
    p = y + rng.normal(0, 0.3, 400) - (sex == "f")
    report = assess_fairness(pd.DataFrame({"sex": sex}), y, p, Kind.REGRESSION, SEX)
    assert report.gaps.iloc[0]["gap"] == pytest.approx(1, abs=0.2)
    assert not report.fair


def test_exposure_of_a_ranking_is_compared() -> None:
    """A ranking that puts one group last gives it less exposure."""
    grades, scores, query = queries(600, 6)
    sex = np.tile(["f", "m"], 300)
    report = assess_fairness(pd.DataFrame({"sex": sex}), grades, scores, Kind.RANKING, SEX, query=query)
    assert report.fair
    pushed = assess_fairness(
        pd.DataFrame({"sex": sex}), grades, scores + 10 * (sex == "m"), Kind.RANKING, SEX, query=query
    )
    assert not pushed.fair


def test_dependent_rows_are_no_evidence() -> None:
    """A gap between a few people with many rows each is not sure; by rows alone it would be."""
    person = np.repeat(np.arange(20), 40)
    chosen = np.isin(np.arange(20), [0, 1, 2, 3, 10, 11, 12, 13, 14, 15])  # 4 of the first ten, 6 of the others
    frame = pd.DataFrame({"sex": np.where(person < 10, "f", "m")})
    p = chosen[person].astype(float)
    limits = FairnessLimits(sensitive=("sex",), max_gap=0.05, min_rows=5)
    y = np.tile([0, 1], 400)
    rates = frame.assign(p=p).groupby("sex")["p"].mean()
    assert abs(rates["f"] - rates["m"]) > 0.1
    assert not assess_fairness(frame, y, p, Kind.BINARY, limits).fair
    assert assess_fairness(frame, y, p, Kind.BINARY, limits, groups=person).fair


def test_unknown_sensitive_column_is_an_error() -> None:
    """A sensitive column that is not there is not passed over."""
    data = binary(60)
    with pytest.raises(ConfigError, match="'age' is not in the rows"):
        assess_fairness(data.frame, data.y, data.p, Kind.BINARY, FairnessLimits(sensitive=("age",)))


def test_a_ratio_below_the_limit_is_found() -> None:
    """The four-fifths rule fails where the gap alone is allowed, and only where it is surely broken."""
    data = binary(3000)
    lenient = FairnessLimits(sensitive=("sex",), max_gap=0.9)
    strict = lenient.model_copy(update={"min_ratio": 0.8})

    def assess(rows: int, limits: FairnessLimits, *, least: float) -> FairnessReport:
        selected = np.where(data.frame["sex"] == "m", data.p > 0.8, data.p > least).astype(float)
        return assess_fairness(data.frame[:rows], data.y[:rows], selected[:rows], Kind.BINARY, limits)

    assert assess(3000, lenient, least=0.95).fair
    report = assess(3000, strict, least=0.95)
    worst = report.gaps.set_index("measure").loc["selection_rate"]
    assert not report.fair
    assert (worst["above"], worst["under"]) == ("= m", "= f")
    assert worst["ratio"] < worst["sure_ratio"] < 0.8
    unsure = assess(150, strict, least=0.85)
    assert unsure.fair
    assert unsure.gaps.set_index("measure").loc["selection_rate", "ratio"] < 0.8


def test_a_ratio_that_may_be_chance_does_not_fail() -> None:
    """Of 100 fair models, at most 5 have a ratio surely below nearly one."""
    limits = FairnessLimits(sensitive=("sex",), max_gap=0.9, min_ratio=0.999, min_rows=10)
    unfair = 0
    for seed in range(100):
        data = binary(200, seed=seed)
        unfair += not assess_fairness(data.frame, data.y, data.p, Kind.BINARY, limits).fair
    assert unfair <= 5


def test_two_sensitive_columns_are_crossed() -> None:
    """A group that only two columns together show is found; its small sisters are reported, not judged."""
    data = binary(3000)
    age = np.where(np.arange(3000) % 3 == 0, "old", "young")
    frame = data.frame.assign(age=np.where(np.arange(3000) < 20, "unknown", age))
    favoured = ((frame["sex"] == "f") == (frame["age"] == "old")).to_numpy()  # neither sex nor age alone shows much
    p = np.where(favoured, 0.9, 0.1)
    report = assess_fairness(
        frame, data.y, p, Kind.BINARY, FairnessLimits(sensitive=("sex", "age"), max_gap=0.6), threshold=0.5
    )
    assert set(report.gaps.loc[report.gaps["beyond"], "column"]) == {"sex & age"}
    unknown = report.groups[report.groups["group"] == "= f, = unknown"]
    assert len(unknown) == 6
    assert not unknown["judged"].any()


def test_thresholds_may_be_one_per_row() -> None:
    """A model that would be fair at one threshold is judged by the thresholds of its groups."""
    data = binary(800)
    thresholds = np.where(data.frame["sex"] == "m", 0.2, 0.9)
    assert not assess_fairness(data.frame, data.y, data.p, Kind.BINARY, SEX, threshold=thresholds).fair


def test_without_sensitive_columns_there_is_nothing_to_compare() -> None:
    """The tables are empty, with their types."""
    data = binary(60)
    report = assess_fairness(data.frame, data.y, data.p, Kind.BINARY, FairnessLimits())
    assert report.fair
    assert report.groups.empty
    assert report.gaps["beyond"].dtype == bool
    assert report.measures.empty

"""Tests of `ml_lifecycle.monitoring.drift.assessment`, `report` and `verdicts`."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.errors import PackageError
from ml_lifecycle.monitoring.drift import (
    DriftReport,
    ReferenceProfile,
    assess_drift,
    judge_drift,
    judge_everything,
    judge_prediction_drift,
    judge_target_drift,
)
from ml_lifecycle.monitoring.drift.report import flag_column, limit_column, value_column
from ml_lifecycle.monitoring.drift.statistics import STATISTICS
from ml_lifecycle.verdict import Severity

CONFIG = DriftConfig()


def _draw(rows: int, seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "income": generator.lognormal(10, 0.5, rows),
            "fee": np.where(generator.random(rows) < 0.8, 0.0, generator.exponential(5, rows)),
            "children": generator.poisson(1.2, rows),
            "region": generator.choice(["north", "south", "west"], rows, p=[0.5, 0.3, 0.2]),
            "owner": generator.random(rows) < 0.3,
            "score": np.where(generator.random(rows) < 0.1, np.nan, generator.normal(size=rows)),
            "same": 4.2,
            "nothing": np.nan,
        }
    )


@pytest.fixture(scope="module")
def profile() -> ReferenceProfile:
    """A reference of 4,000 rows with every sort of column, and its predictions; read back from its bytes."""
    frame = _draw(4000, 100)
    fitted = ReferenceProfile.fit(frame, np.random.default_rng(0).beta(2, 5, 4000), CONFIG)
    return ReferenceProfile.from_bytes(fitted.to_bytes())


def _drifted(profile: ReferenceProfile, frame: pd.DataFrame) -> tuple[str, ...]:
    return assess_drift(profile, frame, None, CONFIG).drifted_features


def test_the_reference_itself_has_no_distance(profile: ReferenceProfile) -> None:
    """Compared with its own rows every index is zero."""
    report = assess_drift(profile, _draw(4000, 100), np.random.default_rng(0).beta(2, 5, 4000), CONFIG)
    assert report.features["value"].max() == pytest.approx(0, abs=1e-3), "but for the rows expected beyond its range"
    assert not report.drifted
    assert not report.prediction_drifted


@pytest.mark.parametrize("rows", [100, 400, 3000])
def test_a_stable_window_is_not_called_drifted(profile: ReferenceProfile, rows: int) -> None:
    """Fresh rows from the same source raise hardly any alarm, however many they are (5 % of windows are allowed)."""
    alarms = [assess_drift(profile, _draw(rows, seed), None, CONFIG).table["drifted"].any() for seed in range(1, 13)]
    assert sum(alarms) <= 2


CHANGES: dict[str, Any] = {
    "income": lambda column: column * 2,
    "fee": lambda column: column - 1e-3 * (column == 0),
    "children": lambda column: column + 1,
    "region": lambda column: column.replace("south", "east"),
    "owner": lambda column: ~column,
    "score": lambda column: column.mask(np.arange(len(column)) % 3 == 0),
    "same": lambda column: column - 1e-3,
    "nothing": lambda column: column.fillna(1.0),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_sort_of_change_is_found_in_its_column_only(profile: ReferenceProfile, name: str) -> None:
    """Shifts, moved ties, new categories, missing values, a constant that changed, a column that woke up."""
    frame = _draw(400, 3)
    frame[name] = CHANGES[name](frame[name])
    assert _drifted(profile, frame) == (name,)


def test_a_column_that_vanished_counts_as_missing_throughout(profile: ReferenceProfile) -> None:
    """An absent column is drift, unless it was empty before."""
    report = assess_drift(profile, _draw(400, 3).drop(columns=["income", "nothing"]), None, CONFIG)
    assert report.drifted_features == ("income",)
    assert report.table.set_index("feature").loc["income", "missing_share"] == 1.0


def test_text_in_a_numeric_column_is_other_and_not_missing(profile: ReferenceProfile) -> None:
    """A code such as "n/a" in a column of numbers is a value never seen."""
    frame = _draw(400, 3).astype({"income": object})
    frame.loc[:199, "income"] = "n/a"
    row = assess_drift(profile, frame, None, CONFIG).features.iloc[0]
    assert (row["feature"], row["missing_share"]) == ("income", 0.0)
    assert row["other_share"] == pytest.approx(0.5, abs=0.01)


def test_one_sd_in_one_of_twenty_features_is_found_with_a_hundred_rows() -> None:
    """The power that the project asks: a sudden shift of one standard deviation, 100 rows, 20 features, 20 seeds."""
    names = [f"f{index}" for index in range(20)]
    generator = np.random.default_rng(0)
    reference = ReferenceProfile.fit(pd.DataFrame(generator.normal(size=(3000, 20)), columns=names), None, CONFIG)
    found = 0
    for _ in range(20):
        window = pd.DataFrame(generator.normal(size=(100, 20)), columns=names)
        window["f7"] += 1
        found += _drifted(reference, window) == ("f7",)
    assert found >= 19


def test_a_small_window_is_not_judged(profile: ReferenceProfile) -> None:
    """Below min_rows the figures are there, the verdict passes and says why."""
    report = assess_drift(profile, _draw(40, 1).assign(income=1.0), None, CONFIG)
    verdict = judge_drift(report)
    assert verdict.passed
    assert verdict.summary == "not judged: 40 rows, at least 100 are needed"
    assert report.features.iloc[0]["feature"] == "income"


def test_an_empty_window_is_no_crash(profile: ReferenceProfile) -> None:
    """No rows: no figures, no drift, a report that can be shown."""
    report = assess_drift(profile, _draw(0, 1), np.empty(0), CONFIG)
    assert report.table["value"].isna().all()
    assert "not judged" in report.markdown()
    assert report.facts()["values"] == {}


def test_moved_predictions_are_told_apart_from_moved_features(profile: ReferenceProfile) -> None:
    """The gate on the model's output fails alone when only the output moves."""
    report = assess_drift(profile, _draw(400, 2), np.random.default_rng(1).beta(5, 2, 400), CONFIG)
    assert judge_drift(report).passed
    verdict = judge_prediction_drift(report)
    assert (verdict.gate, verdict.passed, verdict.severity) == ("no_prediction_drift", False, Severity.WARN)
    assert verdict.summary.startswith("drift: prediction has chi-square")


def test_unrecorded_predictions_are_said_to_be_so(profile: ReferenceProfile) -> None:
    """Without predictions the gate passes and names the reason."""
    assert "not on record" in judge_prediction_drift(assess_drift(profile, _draw(200, 2), None, CONFIG)).summary


def test_many_classes_are_watched_by_class_and_by_confidence() -> None:
    """Multiclass: a model that names one class more often, or is less sure, has drifted; a log of names is enough."""
    generator = np.random.default_rng(0)
    frame, names = pd.DataFrame({"x": generator.normal(size=2000)}), ["a", "b", "c"]
    fitted = ReferenceProfile.fit(frame, generator.dirichlet([4, 2, 2], 2000), CONFIG, classes=names)
    window = frame.iloc[:500]
    moved = assess_drift(fitted, window, generator.dirichlet([2, 2, 6], 500), CONFIG, classes=names)
    assert set(moved.prediction["feature"]) == {"predicted_class", "confidence"}
    assert moved.prediction_drifted
    named = assess_drift(fitted, window, np.array(["c"] * 500, dtype=object), CONFIG)
    assert named.prediction["feature"].tolist() == ["predicted_class"]
    assert named.prediction_drifted


def test_classes_of_another_model_are_refused_and_nameless_ones_go_by_number() -> None:
    """Names in another order would be drift that is none: refused. A profile without names compares codes."""
    generator = np.random.default_rng(0)
    frame, p = pd.DataFrame({"x": generator.normal(size=500)}), generator.dirichlet([4, 2, 1], 500)
    named = ReferenceProfile.from_bytes(ReferenceProfile.fit(frame, p, CONFIG, classes=["a", "b", "c"]).to_bytes())
    assert not assess_drift(named, frame, p, CONFIG).prediction_drifted
    with pytest.raises(PackageError, match="not of this model"):
        assess_drift(named, frame, p, CONFIG, classes=["b", "a", "c"])
    nameless = ReferenceProfile.fit(frame, p, CONFIG)
    assert not assess_drift(nameless, frame, p, CONFIG, classes=["a", "b", "c"]).prediction_drifted


def test_the_gate_names_the_farthest_feature_and_warns_only(profile: ReferenceProfile) -> None:
    """The verdict's sentence has the figure that decided."""
    frame = _draw(400, 3).assign(income=1.0)
    verdict = judge_drift(assess_drift(profile, frame, None, CONFIG))
    assert (verdict.gate, verdict.passed, verdict.blocks) == ("no_drift", False, False)
    assert verdict.summary.startswith("1 of 8 features drifted over 400 rows: income has ")
    assert verdict.facts["drifted_features"] == ["income"]


def test_a_small_effect_is_no_drift_however_many_rows_prove_it() -> None:
    """With 200,000 rows noise is nothing, and min_effect keeps what does not matter from alarming."""
    generator = np.random.default_rng(0)
    fitted = ReferenceProfile.fit(pd.DataFrame({"x": generator.normal(size=20_000)}), None, CONFIG)
    report = assess_drift(fitted, pd.DataFrame({"x": generator.normal(0.07, 1, 200_000)}), None, CONFIG)
    row = report.features.iloc[0]
    assert row["p_value"] < 1e-9
    assert row["limit"] == CONFIG.min_effect
    assert not report.drifted


def test_a_report_survives_storage(profile: ReferenceProfile) -> None:
    """Taken apart and put together it is the same report."""
    report = assess_drift(profile, _draw(400, 3).assign(fee=3.0), np.random.default_rng(1).beta(2, 5, 400), CONFIG)
    again = DriftReport.from_parts(report.to_parts())
    assert again.facts() == report.facts()
    assert again.markdown() == report.markdown()
    assert "| fee | feature |" in again.markdown(most=1)
    assert "7 more features moved less." in again.markdown(most=1)


def test_every_statistic_has_a_value_a_limit_and_a_flag_that_agree(profile: ReferenceProfile) -> None:
    """A flag is a value beyond its limit; causes name the flags; severity is the farthest of them."""
    window = _draw(400, 3).assign(income=1e9)
    table = assess_drift(profile, window, None, CONFIG).table
    features = table[table["role"] == "feature"]
    for name in STATISTICS:
        beyond = features[value_column(name)] > features[limit_column(name)]
        assert features[flag_column(name)].tolist() == beyond.tolist(), name
    row = features.iloc[0]
    assert (row["drifted"], row["out_of_range_share"], row["out_of_range_drifted"]) == (True, 1.0, True)
    assert set(row["causes"].split(", ")) >= {"psi", "js", "chi2", "ks", "wasserstein", "other", "out_of_range"}
    assert row["severity"] > 10
    assert features.loc[features["causes"] == "", "severity"].max() <= 1


def test_known_outcomes_are_compared_with_those_of_training() -> None:
    """Another share of a class is target drift; outcomes yet unknown do not count; too few are not judged."""
    generator = np.random.default_rng(0)
    frame, target = (
        pd.DataFrame({"x": generator.normal(size=2000)}),
        generator.choice(["no", "yes"], 2000, p=[0.7, 0.3]),
    )
    fitted = ReferenceProfile.fit(frame, None, CONFIG, target=pd.Series(target))
    fitted = ReferenceProfile.from_bytes(fitted.to_bytes())
    outcomes = pd.Series([None] * 100 + ["yes"] * 160 + ["no"] * 140)
    report = assess_drift(fitted, frame.head(400), None, CONFIG, outcomes=outcomes)
    assert (report.target_drifted, report.labelled, report.drifted) == (True, 300, False)
    assert not judge_target_drift(report).passed
    assert "target has chi-square" in str(report.finding()["summary"])
    few = assess_drift(fitted, frame.head(400), None, CONFIG, outcomes=outcomes[:150])
    assert judge_target_drift(few).summary == "not judged: 50 rows, at least 100 are needed"
    assert "no outcomes are known" in judge_target_drift(assess_drift(fitted, frame, None, CONFIG)).summary


def test_the_finding_says_what_a_decision_needs(profile: ReferenceProfile) -> None:
    """Drifted or not, in words, how far beyond the limit, and of how many rows."""
    found = assess_drift(profile, _draw(400, 3).assign(income=1e9), None, CONFIG).finding()
    assert (found["drifted"], found["rows"]) == (True, 400)
    assert str(found["summary"]).startswith("1 of 8 features drifted")
    assert [verdict.gate for verdict in judge_everything(assess_drift(profile, _draw(99, 1), None, CONFIG))] == [
        "no_drift",
        "no_prediction_drift",
        "no_target_drift",
        "no_multivariate_drift",
    ]


def test_packages_of_format_1_are_still_compared() -> None:
    """An old profile has no edges beyond the bins and no target: what it lacks is not judged, the rest is."""
    generator = np.random.default_rng(0)
    fitted = ReferenceProfile.fit(pd.DataFrame({"x": generator.normal(size=2000)}), None, CONFIG)
    document = orjson.loads(fitted.to_bytes())
    counts = [200] * 10
    edges = np.quantile(fitted.sample["x"], np.arange(1, 10) / 10).tolist()
    old = {key: value for key, value in document["columns"][0].items() if key not in {"groups", "extremes"}}
    document |= {"format": 1, "columns": [{**old, "edges": edges, "counts": counts, "other": 0}]}
    document.pop("target")
    read = ReferenceProfile.from_bytes(orjson.dumps(document))
    report = assess_drift(read, pd.DataFrame({"x": generator.normal(1, 1, 300)}), None, CONFIG)
    assert report.drifted
    assert np.isnan(report.features.loc[0, "out_of_range_share"])

"""Tests of `ml_lifecycle.monitoring.drift`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.errors import PackageError
from ml_lifecycle.monitoring.drift import (
    DriftReport,
    ReferenceProfile,
    assess_drift,
    judge_drift,
    judge_prediction_drift,
)
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
    frame = _draw(4000, 0)
    fitted = ReferenceProfile.fit(frame, np.random.default_rng(0).beta(2, 5, 4000), CONFIG)
    return ReferenceProfile.from_bytes(fitted.to_bytes())


def _drifted(profile: ReferenceProfile, frame: pd.DataFrame) -> tuple[str, ...]:
    return assess_drift(profile, frame, None, CONFIG).drifted_features


def test_the_reference_itself_has_no_distance(profile: ReferenceProfile) -> None:
    """Compared with its own rows every index is zero."""
    report = assess_drift(profile, _draw(4000, 0), np.random.default_rng(0).beta(2, 5, 4000), CONFIG)
    assert report.table["value"].max() == pytest.approx(0, abs=1e-9)
    assert not report.drifted
    assert not report.prediction_drifted


@pytest.mark.parametrize("rows", [100, 400, 3000])
def test_a_stable_window_is_not_called_drifted(profile: ReferenceProfile, rows: int) -> None:
    """Fresh rows from the same source raise no alarm, however many they are."""
    for seed in range(1, 9):
        assert _drifted(profile, _draw(rows, seed)) == ()


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
    assert (row["feature"], row["other_share"], row["missing_share"]) == ("income", 0.5, 0.0)


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
    assert "prediction has PSI" in verdict.summary


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
    assert verdict.summary.startswith("1 of 8 features drifted over 400 rows: income has PSI")
    assert verdict.facts["drifted_features"] == ["income"]


def test_a_small_effect_is_no_drift_however_many_rows_prove_it() -> None:
    """With 200,000 rows noise is nothing, and min_effect keeps what does not matter from alarming."""
    generator = np.random.default_rng(0)
    fitted = ReferenceProfile.fit(pd.DataFrame({"x": generator.normal(size=20_000)}), None, CONFIG)
    report = assess_drift(fitted, pd.DataFrame({"x": generator.normal(0.1, 1, 200_000)}), None, CONFIG)
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

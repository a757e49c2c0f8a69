"""Tests of `ml_lifecycle.monitoring.drift.multivariate`, `dependence`, `encoding` and `classifier`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.monitoring.drift import DriftReport, ReferenceProfile, assess_drift, judge_multivariate_drift
from ml_lifecycle.monitoring.drift.classifier import tell_apart
from ml_lifecycle.monitoring.drift.dependence import dependence_of
from ml_lifecycle.monitoring.drift.encoding import Scores


def _draw(rows: int, seed: int, r: float) -> pd.DataFrame:
    """Six normal columns, of which two have a correlation; a label and a truth value beside them."""
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(generator.normal(size=(rows, 6)), columns=list("abcdef"))
    frame["b"] = r * frame["a"] + np.sqrt(1 - r * r) * frame["b"]
    return frame.assign(label=generator.choice(["x", "y", "z"], rows), truth=generator.random(rows) < 0.4)


def _assess(before: float, after: float, multivariate: str, rows: int = 800) -> DriftReport:
    config = DriftConfig.model_validate({"multivariate": multivariate})
    profile = ReferenceProfile.fit(_draw(2000, 0, before), None, config)
    return assess_drift(profile, _draw(rows, 5, after), None, config)


@pytest.mark.parametrize(("before", "after"), [(0.0, 0.6), (0.8, 0.0)])
def test_a_changed_correlation_is_found_though_no_column_moved(before: float, after: float) -> None:
    """Same marginals, another dependence: only the multivariate gate fails, and it names the pair."""
    report = _assess(before, after, "pca")
    assert (report.drifted, report.multivariate_drifted) == (False, True)
    assert "a x b has a change of correlation" in judge_multivariate_drift(report).summary
    assert set(report.multivariate["statistic"]) == {"pca_error", "correlation"}


def test_the_components_cannot_rebuild_rows_of_another_dependence() -> None:
    """Where a correlation breaks, the reconstruction error rises beyond its limit."""
    rows = _assess(0.95, 0.0, "pca").multivariate.set_index("statistic")
    assert rows.loc["pca_error", "drifted"]


def test_a_classifier_finds_it_too_and_nothing_where_there_is_nothing() -> None:
    """Area and limit are in the table; without drift the area is about one half."""
    moved, same = _assess(0.0, 0.9, "both"), _assess(0.0, 0.0, "both")
    row = moved.multivariate.set_index("statistic").loc["auc"]
    assert row["drifted"]
    assert row["value"] > row["limit"] > 0.5
    assert not same.multivariate_drifted
    assert "domain classifier (auc)" in same.markdown()


def test_it_can_be_switched_off_and_needs_rows_on_record() -> None:
    """Never: no rows in the table. A reference of few rows says nothing of dependence."""
    assert _assess(0.0, 0.9, "never").multivariate.empty
    config = DriftConfig()
    few = ReferenceProfile.fit(_draw(150, 0, 0.0), None, config)
    report = assess_drift(few, _draw(500, 1, 0.9), None, config)
    assert report.multivariate.empty
    assert "leave it out" in judge_multivariate_drift(report).summary


def test_scores_know_the_order_of_values_and_not_their_unit() -> None:
    """Scores of thousandfold values against their own reference are the same; missing values have the mean."""
    frame = _draw(500, 0, 0.0)
    fitted = [
        (ReferenceProfile.fit(one, None, DriftConfig()), one) for one in (frame, frame.assign(a=1000 * frame["a"]))
    ]
    found = [Scores.fit(profile.columns, profile.sample).transform(one) for profile, one in fitted]
    assert found[0] == pytest.approx(found[1], abs=1e-3)
    assert found[0].mean(axis=0) == pytest.approx(0, abs=1e-9)
    profile, _ = fitted[0]
    gaps = Scores.fit(profile.columns, profile.sample).transform(frame.assign(a=np.nan).drop(columns="label"))
    assert not gaps[:, 0].any()


def test_a_reference_is_looked_at_once_per_process() -> None:
    """The same bytes are the same profile, whose dependence is kept for the next window."""
    text = ReferenceProfile.fit(_draw(500, 0, 0.0), None, DriftConfig()).to_bytes()
    again = [dependence_of(ReferenceProfile.from_bytes(text), 0.7) for _ in range(2)]
    assert again[0] is again[1] is not None


def test_the_area_has_an_interval() -> None:
    """Rows of one source: one half is within it."""
    generator = np.random.default_rng(0)
    found = tell_apart(generator.normal(size=(300, 3)), generator.normal(size=(200, 3)))
    low, high = found.interval(2.6)
    assert low < 0.5 < high

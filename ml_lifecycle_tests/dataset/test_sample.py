"""The shipped sample is made by the package, the same on every day and every machine, and drifts when it says."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import lightgbm
import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from ml_lifecycle.config.loading import COMPONENT, build_project
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.sample import (
    DRIFT_DATE,
    FIRST_DAY,
    LAST_DAY,
    OUTCOME_COLUMNS,
    Drift,
    applications,
    deliver_day,
    generate,
    outcomes,
    write_sample,
)
from ml_lifecycle.dataset.sample_faults import FAULT_SHARE
from ml_lifecycle.dataset.schema import Schema, load_schema
from ml_lifecycle.dataset.sources import read_rows
from ml_lifecycle.errors import ConfigError

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "data" / "loans"
LOANS = ROOT / "ml_lifecycle" / "defs" / "loans"


@pytest.fixture(scope="module")
def project() -> ProjectConfig:
    """The shipped project."""
    text = yaml.safe_load((LOANS / "defs.yaml").read_text(encoding="utf-8"))
    assert text["type"] == COMPONENT
    return build_project(text["attributes"], name="loans", folder=LOANS, root=ROOT)


@pytest.fixture(scope="module")
def schema(project: ProjectConfig) -> Schema:
    """Its schema."""
    return load_schema(project.schema_path)


@pytest.fixture(scope="module")
def streams() -> dict[str, pd.DataFrame]:
    """The whole year for each way to drift."""
    return {drift: generate(FIRST_DAY, LAST_DAY, drift=drift) for drift in get_args(Drift)}


def matrix(rows: pd.DataFrame) -> pd.DataFrame:
    """Features as a model would see them, with the month, and numbers where they are."""
    features = applications(rows).drop(columns=["application_id", "customer_id", "applied_at", "gender"])
    features["salary"] = pd.to_numeric(features["salary"], errors="coerce")
    for name in features.select_dtypes(object).columns:
        kinds = sorted(generate(FIRST_DAY, FIRST_DAY + timedelta(days=30))[name].dropna().unique())
        features[name] = pd.Categorical(features[name], categories=kinds)
    return features.assign(month=rows["applied_at"].dt.month)


def fit(rows: pd.DataFrame) -> lightgbm.Booster:
    """An untuned model."""
    parameters = {"verbosity": -1, "num_leaves": 15, "learning_rate": 0.05, "num_threads": 1, "seed": 0}
    data = lightgbm.Dataset(matrix(rows), label=rows["defaulted"].eq("yes").astype(int))
    return lightgbm.train({"objective": "binary", **parameters}, data, num_boost_round=150)


def measure(model: lightgbm.Booster, rows: pd.DataFrame) -> float:
    """ROC AUC on rows."""
    return float(roc_auc_score(rows["defaulted"].eq("yes"), np.asarray(model.predict(matrix(rows)))))


def between(rows: pd.DataFrame, start: date, end: date = date(2026, 1, 1)) -> pd.DataFrame:
    """Rows applied for from start on and before end."""
    return rows.loc[(rows["applied_at"] >= pd.Timestamp(start)) & (rows["applied_at"] < pd.Timestamp(end))]


class TestFiles:
    """What lies in git."""

    def test_files_in_git_are_what_the_generator_gives(self, tmp_path: Path) -> None:
        """Twelve files, byte for byte."""
        written = write_sample(tmp_path)
        assert [path.name for path in written] == [f"loans_2025-{month:02}.csv" for month in range(1, 13)]
        assert [path.name for path in written] == sorted(path.name for path in SHIPPED.iterdir())
        for path in written:
            assert path.read_bytes() == (SHIPPED / path.name).read_bytes(), path.name

    def test_files_are_small(self) -> None:
        """A clone is quick."""
        assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 2_500_000


class TestStream:
    """Rows of a stream."""

    def test_size_and_shares(self, streams: dict[str, pd.DataFrame]) -> None:
        """About 20,000 rows, of which about a quarter default; ids are unique; customers come back."""
        rows = streams["default"]
        assert 19_000 < len(rows) < 21_500
        assert 0.20 < rows["defaulted"].eq("yes").mean() < 0.27
        assert rows["application_id"].is_unique
        assert 0.05 < rows["customer_id"].duplicated().mean() < 0.2
        assert rows["applied_at"].is_monotonic_increasing
        assert 0.3 < rows["commission"].notna().mean() < 0.6

    def test_outcome_comes_ten_to_twenty_days_later(self, streams: dict[str, pd.DataFrame]) -> None:
        """About two weeks."""
        rows = streams["default"]
        days = (rows["outcome_at"] - rows["applied_at"].dt.normalize()).dt.days
        assert (days.min(), days.max()) == (10, 20)
        assert 13 < days.mean() < 15

    @given(st.integers(0, 300), st.integers(0, 40), st.sampled_from(get_args(Drift)), st.integers(0, 2**32))
    @settings(max_examples=15, deadline=None)
    def test_a_day_is_the_same_in_any_range(self, start: int, length: int, drift: Drift, seed: int) -> None:
        """Any day can be made alone."""
        first = FIRST_DAY + timedelta(days=start)
        last = first + timedelta(days=length)
        day = first + timedelta(days=length // 2)
        whole = generate(first, last, seed=seed, drift=drift)
        alone = generate(day, day, seed=seed, drift=drift)
        part = between(whole, day, day + timedelta(days=1)).reset_index(drop=True)
        pd.testing.assert_frame_equal(part, alone, check_dtype=False)

    def test_another_seed_is_another_stream(self) -> None:
        """Nothing is shared but the form."""
        one, other = (generate(FIRST_DAY, FIRST_DAY, seed=seed) for seed in (1, 2))
        assert not one["salary"].head(20).equals(other["salary"].head(20))

    def test_before_the_drift_all_streams_are_one(self, streams: dict[str, pd.DataFrame]) -> None:
        """What drifts differs from the drift date on, and in nothing but what was asked for."""
        early = [between(rows, FIRST_DAY, DRIFT_DATE) for rows in streams.values()]
        assert all(rows.equals(early[0]) for rows in early)
        late = {drift: between(rows, DRIFT_DATE) for drift, rows in streams.items()}
        assert applications(late["concept"]).equals(applications(late["none"]))
        assert not late["concept"]["defaulted"].equals(late["none"]["defaulted"])
        assert applications(late["covariate"]).equals(applications(late["default"]))
        assert late["covariate"]["age"].mean() < late["none"]["age"].mean() - 4
        assert late["covariate"]["channel"].eq("partner").mean() > 0.3

    def test_drift_date_can_be_chosen(self) -> None:
        """Another date moves the change."""
        day = date(2025, 6, 2)
        moved = generate(day, day, drift_date=day)
        assert not moved["channel"].equals(generate(day, day)["channel"])

    def test_what_is_known_when(self) -> None:
        """Applications hold no outcome; outcomes hold nothing else, in the order in which they become known."""
        rows = generate(FIRST_DAY, FIRST_DAY + timedelta(days=5))
        assert not set(OUTCOME_COLUMNS) & set(applications(rows).columns)
        assert list(outcomes(rows).columns) == ["application_id", *OUTCOME_COLUMNS]
        assert outcomes(rows)["outcome_at"].is_monotonic_increasing

    def test_gender_decides_nothing(self, streams: dict[str, pd.DataFrame]) -> None:
        """Shares of default differ no more than the pay gap makes them."""
        rows = between(streams["default"], FIRST_DAY, DRIFT_DATE)
        shares = rows["defaulted"].eq("yes").groupby(rows["gender"]).mean()
        assert abs(shares["female"] - shares["male"]) < 0.04

    def test_wrong_wishes_are_told(self) -> None:
        """An unknown drift, and days the wrong way round."""
        unknown: Any = "sideways"
        with pytest.raises(ConfigError, match="sideways"):
            generate(FIRST_DAY, FIRST_DAY, drift=unknown)
        with pytest.raises(ConfigError, match="no days"):
            generate(LAST_DAY, FIRST_DAY)


class TestDrift:
    """What the drift does to a model, and what a retraining mends."""

    @pytest.fixture(scope="class")
    def model(self, streams: dict[str, pd.DataFrame]) -> lightgbm.Booster:
        """Learnt from the months before September."""
        return fit(between(streams["none"], FIRST_DAY, date(2025, 9, 1)))

    @pytest.mark.parametrize(("drift", "low", "high"), [("none", 0.85, 0.92), ("covariate", 0.85, 0.92)])
    def test_relation_holds(
        self, streams: dict[str, pd.DataFrame], model: lightgbm.Booster, drift: str, low: float, high: float
    ) -> None:
        """Where the relation stays, so does the model, whoever applies."""
        assert low < measure(model, between(streams[drift], DRIFT_DATE)) < high

    @pytest.mark.parametrize("drift", ["default", "concept"])
    def test_retraining_mends_what_drift_breaks(
        self, streams: dict[str, pd.DataFrame], model: lightgbm.Booster, drift: str
    ) -> None:
        """The old model loses far more than 0.08; with three weeks of new outcomes the loss is all but made good."""
        rows = streams[drift]
        assert measure(model, between(rows, date(2025, 9, 1), DRIFT_DATE)) > 0.86
        now = DRIFT_DATE + timedelta(days=35)
        known = rows.loc[(rows["applied_at"] < pd.Timestamp(DRIFT_DATE)) | (rows["outcome_at"] < pd.Timestamp(now))]
        later = between(rows, now)
        old, new = measure(model, later), measure(fit(known), later)
        assert old < 0.72
        assert new > 0.85


class TestDelivery:
    """Days that arrive in the inbox."""

    def test_a_day_arrives_with_the_outcomes_that_became_known(self, tmp_path: Path) -> None:
        """Applications of the day, and outcomes of earlier ones since the drift date."""
        day = DRIFT_DATE + timedelta(days=16)
        told = deliver_day(day, inbox=tmp_path)
        arrived = pd.read_csv(tmp_path / f"applications_{day}.csv", parse_dates=["applied_at"])
        known = pd.read_csv(tmp_path / f"outcomes_{day}.csv", parse_dates=["outcome_at"])
        assert (told.applications, told.outcomes) == (len(arrived), len(known))
        assert set(told.files) == set(tmp_path.iterdir())
        assert set(arrived["applied_at"].dt.date) == {day}
        assert set(known["outcome_at"].dt.date) == {day}
        assert known["application_id"].between(251_001_000, 251_007_999).all()

    def test_every_outcome_is_told_once(self, tmp_path: Path) -> None:
        """Over all days, the outcomes are those of the stream."""
        end = DRIFT_DATE + timedelta(days=25)
        for number in range(26):
            deliver_day(DRIFT_DATE + timedelta(days=number), inbox=tmp_path, drift="none")
        told = pd.concat(pd.read_csv(path) for path in sorted(tmp_path.glob("outcomes_*.csv")))
        rows = generate(DRIFT_DATE, end, drift="none")
        due = rows.loc[rows["outcome_at"] <= pd.Timestamp(end)]
        assert sorted(told["application_id"]) == sorted(due["application_id"])

    def test_first_days_bring_no_outcomes(self, tmp_path: Path) -> None:
        """No file rather than an empty one; earlier applications were told with the sample, unless asked for."""
        assert deliver_day(DRIFT_DATE, inbox=tmp_path).outcomes == 0
        assert [path.name for path in tmp_path.iterdir()] == [f"applications_{DRIFT_DATE}.csv"]
        assert deliver_day(DRIFT_DATE, inbox=tmp_path, since=FIRST_DAY).outcomes > 20

    def test_writing_a_day_twice_changes_nothing(self, tmp_path: Path) -> None:
        """The same bytes, and no unfinished file is left."""
        day = DRIFT_DATE + timedelta(days=20)
        once = {path.name: path.read_bytes() for path in deliver_day(day, inbox=tmp_path).files}
        twice = {path.name: path.read_bytes() for path in deliver_day(day, inbox=tmp_path).files}
        assert once == twice
        assert {path.name for path in tmp_path.iterdir()} == set(once)

    def test_unknown_drift_is_told(self, tmp_path: Path) -> None:
        """Before anything is written."""
        with pytest.raises(ConfigError, match="sideways"):
            deliver_day(DRIFT_DATE, inbox=tmp_path, drift="sideways")
        assert not list(tmp_path.iterdir())


class TestProject:
    """The shipped project and its schema."""

    def test_project_reads_the_rows_before_the_drift(self, project: ProjectConfig, tmp_path: Path) -> None:
        """All columns that the YAML names are there."""
        rows = read_rows(project.dataset, root=ROOT, home=tmp_path, target=project.brief.target)
        assert rows.frame["applied_at"].max() < pd.Timestamp(DRIFT_DATE)
        assert len(rows.frame) > 10_000

    def test_schema_catches_the_spoilt_rows_and_no_others(
        self, schema: Schema, streams: dict[str, pd.DataFrame]
    ) -> None:
        """As many as were spoilt, of every kind, drifted or not."""
        rows = streams["default"]
        failures = schema.validate(rows)
        assert failures["_row_id"].is_unique
        share = len(failures) / len(rows)
        assert 0.6 * FAULT_SHARE < share < 1.4 * FAULT_SHARE
        kinds = set(zip(failures["column"], failures["check"], strict=True))
        assert kinds == {
            ("age", "in_range"),
            ("education", "isin"),
            ("region", "isin"),
            ("salary", "dtype"),
            ("salary", "in_range"),
            ("home_years", "in_range"),
            ("loan_amount", "in_range"),
        }
        good = rows.drop(index=failures["_row_id"])
        assert schema.validate(good).empty

    def test_schema_takes_applications_without_outcomes(self, schema: Schema) -> None:
        """What is scored has no outcome yet."""
        rows = applications(generate(FIRST_DAY, FIRST_DAY))
        assert schema.validate(rows).empty
        assert schema.check_row(rows.iloc[0].to_dict()) == []

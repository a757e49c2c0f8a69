"""Tests of `ml_lifecycle.monitoring.housekeeping`: what is needed stays, whatever its age."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.config.operations import HousekeepingConfig
from ml_lifecycle.monitoring.housekeeping import (
    EndedRun,
    Result,
    StoredRun,
    mlflow_runs_to_go,
    results_kept,
    runs_needed,
    runs_to_go,
    versions_kept,
)
from ml_lifecycle.monitoring.housekeeping_report import HousekeepingReport, Removal
from ml_lifecycle.release.ledger import Entry, State

_NOW = datetime(2026, 5, 1)  # noqa: DTZ001 - naive UTC
_CONFIG = HousekeepingConfig(versions_days=10, runs_days=30, windows_days=60, runs_kept=1, mlflow_days=10)


def _made(asset: str, age: int, run: str, **more: object) -> Result:
    return Result(asset, _NOW - timedelta(days=age), run, **more)  # type: ignore[arg-type]


def _kept(results: list[Result], ledger: list[Entry] | None = None, config: HousekeepingConfig = _CONFIG) -> set[str]:
    kept = results_kept(results, ledger or [], config, days=config.lake_days, windowed=("drift",), now=_NOW)
    return {item.run_id for item in kept}


def _entry(version: str, state: State, data: str = "", by: str = "me") -> Entry:
    return Entry("p", version, state, by, _NOW, {"lineage": {"raw": data}} if data else {})


def test_the_latest_result_of_an_asset_stays_however_old() -> None:
    """The others stay while they are young."""
    assert _kept([_made("raw", 5, "a"), _made("raw", 20, "b"), _made("other", 99, "c")]) == {"a", "c"}


def test_the_data_of_registered_versions_stay() -> None:
    """By the data version that the ledger names; its newest materialisation is enough."""
    results = [
        _made("raw", 1, "a"),
        _made("raw", 80, "b", data_version="x"),
        _made("raw", 90, "c", data_version="x"),
        _made("raw", 95, "d", data_version="y"),
    ]
    assert _kept(results, [_entry("1", State.CANDIDATE, "x")]) == {"a", "b"}


def test_only_deployed_versions_keep_their_data_where_the_yaml_says_so() -> None:
    """Those in production at some time, and those that wait."""
    ledger = [
        _entry("1", State.CHAMPION),
        _entry("1", State.RETIRED),
        _entry("2", State.REJECTED),
        _entry("3", State.CANDIDATE),
        _entry("4", State.CANARY),
    ]
    assert versions_kept(ledger, _CONFIG) == {"1", "2", "3", "4"}
    assert versions_kept(ledger, HousekeepingConfig(lineage="deployed")) == {"1", "3", "4"}


def test_windows_stay_longer_than_runs_and_other_partitions_for_good() -> None:
    """An experiment is no window."""
    results = [
        _made("drift", 1, "a", partition="3"),
        _made("drift", 50, "b", partition="2"),
        _made("drift", 55, "earlier b", partition="2"),
        _made("drift", 70, "c", partition="1"),
        _made("experiment", 1, "d", partition="y"),
        _made("experiment", 99, "e", partition="x"),
    ]
    assert _kept(results) == {"a", "b", "d", "e"}


def _run(name: str, age: int, job: str = "p_retrain", partition: str | None = None) -> EndedRun:
    return EndedRun(name, job, _NOW - timedelta(days=age), partition)


def test_runs_go_when_they_are_old_and_nothing_names_them() -> None:
    """The newest of each job, those that made kept results or versions, and those of young windows stay."""
    runs = [
        _run("newest", 40),
        _run("young", 20),
        _run("named", 50),
        _run("registered", 60),
        _run("old", 70),
        _run("only one of its job", 99, "p_rollout"),
        _run("newest of window", 59, "p_monitor", "w"),
        _run("newest window", 40, "p_monitor", "v"),
        _run("earlier of window", 60, "p_monitor", "w"),
        _run("old window", 61, "p_monitor", "u"),
    ]
    ledger = [_entry("1", State.CANDIDATE, by="drift, run registered")]
    gone = runs_to_go(runs, [_made("raw", 50, "named")], ledger, _CONFIG, now=_NOW)
    assert gone == ["old", "earlier of window", "old window"]
    assert runs_to_go(runs, [], [], HousekeepingConfig(), now=_NOW) == []


def test_a_run_whose_result_is_given_once_more_stays() -> None:
    """The UI links to it."""
    kept = [_made("raw", 1, "new", source_run="old")]
    assert runs_needed(kept, [], _CONFIG) == {"new", "old"}


def test_runs_of_mlflow_stay_that_a_version_a_result_or_a_kept_run_names() -> None:
    """All others go when they are old."""
    old = _NOW - timedelta(days=20)
    runs = [
        StoredRun("version", old, None),
        StoredRun("of a kept run", old, "kept"),
        StoredRun("old", old, "gone"),
        StoredRun("young", _NOW, "gone"),
    ]
    assert mlflow_runs_to_go(runs, {"version"}, {"kept"}, _CONFIG, now=_NOW) == ["old"]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 200)), min_size=1, max_size=20),
    st.integers(1, 100),
    st.integers(1, 100),
)
def test_more_days_never_keep_less(items: list[tuple[str, int]], fewer: int, more: int) -> None:
    """And the latest of each asset always stays."""
    results = sorted((_made(asset, age, f"{asset}{age}") for asset, age in items), key=lambda item: item.at)[::-1]
    short, long = (_kept(results, config=HousekeepingConfig(versions_days=days)) for days in sorted((fewer, more)))
    assert short <= long
    latest = {item.asset: item.run_id for item in reversed(results)}
    assert set(latest.values()) <= short


def test_a_report_is_put_together_again() -> None:
    """Bytes are those of all kinds."""
    rows = [Removal("lake", "files", 2, 10, 3), Removal("Dagster", "runs", 1, 5, 0)]
    again = HousekeepingReport.from_parts(HousekeepingReport(_NOW, True, rows).to_parts())  # noqa: FBT003
    assert again.bytes == 15
    assert "| lake | files | 2 | 10 | 3 |" in again.markdown()
    assert again.dry_run


@pytest.mark.parametrize(
    "keys",
    [{"versions_days": 40, "runs_days": 30}, {"runs_days": 30, "windows_days": 20}, {"cron": "0 25 * * *"}],
)
def test_keys_that_would_delete_what_names_before_what_is_named_are_refused(keys: dict[str, object]) -> None:
    """At load, with what to do."""
    with pytest.raises(ValueError, match=r"runs_days|hour"):
        HousekeepingConfig.model_validate(keys)

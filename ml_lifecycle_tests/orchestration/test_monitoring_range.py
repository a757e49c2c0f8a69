"""Tests of `ml-lifecycle monitor --from --to`: all of monitoring over several windows of the small shop in one run.

The windows were judged one by one before; what they said then is what they must say now.
"""

from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from ml_lifecycle.orchestration.jobs import MONITORING
from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle_tests.site_folder import Finished
from ml_lifecycle_tests.small_shop import DRIFTED_DAYS, LOANS, Story, call, living_in

_WINDOWS = [str(day) for day in DRIFTED_DAYS]
#: Tables of each window that do not depend on when, or in which run, it was judged.
_SAME = {"prediction_window": "predictions", "drift_report": "drift", "performance_report": "performance"}


@pytest.fixture(scope="module")
def again(told: Story, tmp_path_factory: pytest.TempPathFactory) -> tuple[Story, Finished]:
    """A copy of the shop in which both windows are judged once more, by one run."""
    copied = told.copied_to(tmp_path_factory.mktemp("range"))
    with living_in(copied.shop):
        return copied, call("monitor", LOANS, "--from", _WINDOWS[0], "--to", _WINDOWS[1], "--json")


def _table(home: Path, asset: str, table: str) -> pd.DataFrame:
    found = Lake(home / "lake").history((LOANS, asset), table)
    assert found is not None
    return found


def _said(story: Story, again: Finished, asset: str) -> dict[str, dg.AssetMaterialization]:
    with living_in(story.shop), story.site.instance() as instance:
        query = dg.AssetRecordsFilter(asset_key=dg.AssetKey([LOANS, asset]), asset_partitions=_WINDOWS)
        found = instance.fetch_materializations(query, limit=100).records
        return {
            str(record.partition_key): record.asset_materialization
            for record in found
            if record.asset_materialization and record.run_id == again.json["run"]["run_id"]
        }


def test_one_run_makes_every_asset_of_both_windows(again: tuple[Story, Finished]) -> None:
    """Those that judge drift, and quality, operations, the decision and the improvement report."""
    _, done = again
    assert done.code == 0, done.said
    assert sorted(done.json["run"]["computed"]) == sorted([*MONITORING, *MONITORING])


@pytest.mark.parametrize("asset", MONITORING)
def test_each_window_has_its_own_record(again: tuple[Story, Finished], asset: str) -> None:
    """With the checks that it passed; the last alone is told at length."""
    found = _said(*again, asset)
    assert sorted(found) == _WINDOWS
    assert all("checks" in item.metadata for item in found.values())


@pytest.mark.parametrize("asset", ["drift_report", "performance_report"])
def test_an_older_window_says_what_it_found_in_brief(again: tuple[Story, Finished], asset: str) -> None:
    """Its finding is whole; the tables and pictures are made for the last window."""
    first, last = (_said(*again, asset)[window].metadata for window in _WINDOWS)
    assert first["finding"].value
    brief, whole = str(first["report"].value), str(last["report"].value)
    assert 20 < len(brief) < len(whole)
    assert "|---" in whole
    assert "|---" not in brief
    assert ("history" in last, "history" in first) == (True, False)


@pytest.mark.parametrize("asset", list(_SAME))
def test_a_run_over_many_windows_gives_what_single_runs_gave(
    story: Story, again: tuple[Story, Finished], asset: str
) -> None:
    """The same tables, cell by cell."""
    before, after = (_table(item.shop.home, asset, _SAME[asset]) for item in (story, again[0]))
    pd.testing.assert_frame_equal(after, before)


def test_the_last_window_alone_decides(again: tuple[Story, Finished]) -> None:
    """The decision of a window before it would be about the past."""
    decided = _said(*again, "retraining_decision")
    assert decided[_WINDOWS[0]].metadata["reason"].value == "later windows of the same run decide"
    assert decided[_WINDOWS[1]].metadata["reason"].value != "later windows of the same run decide"


def test_quality_and_operations_are_kept_by_window(again: tuple[Story, Finished]) -> None:
    """Quality and operations are judged for each window by itself."""
    home = again[0].shop.home
    assert _table(home, "data_quality", "quality")["window"].tolist() == _WINDOWS
    assert sorted(set(_table(home, "operations_report", "levels")["window"])) == _WINDOWS

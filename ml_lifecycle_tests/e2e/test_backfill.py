"""A backfill as the UI starts it: Dagster's real daemon takes it up, and makes all windows by one run."""

import time
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.utils import make_new_backfill_id

from ml_lifecycle.orchestration.jobs import MONITORING
from ml_lifecycle.orchestration.partitions import RANGE_END_TAG, RANGE_START_TAG
from ml_lifecycle_tests.e2e.daemon import daemon_of
from ml_lifecycle_tests.small_shop import DRIFTED_DAYS, LOANS, Story

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

_SECONDS = 240  # of patience on a busy machine
_ENDED = (BulkActionStatus.COMPLETED_SUCCESS, BulkActionStatus.COMPLETED_FAILED, BulkActionStatus.FAILED)
_WINDOWS = [str(day) for day in DRIFTED_DAYS]


@pytest.fixture
def instance(another_shop: Story) -> Iterator[dg.DagsterInstance]:
    """Dagster's instance in the copy."""
    with another_shop.site.instance() as opened:
        yield opened


def _ask(story: Story, instance: dg.DagsterInstance, assets: tuple[str, ...]) -> str:
    """Put a backfill of both windows on record, as the UI does."""
    backfill = PartitionBackfill.from_asset_partitions(
        backfill_id=make_new_backfill_id(),
        asset_graph=story.site.definitions.resolve_asset_graph(),
        partition_names=_WINDOWS,
        asset_selection=[dg.AssetKey([LOANS, name]) for name in assets],
        backfill_timestamp=time.time(),
        tags={},
        dynamic_partitions_store=instance,
        all_partitions=False,
        title=None,
        description=None,
        run_config=None,
    )
    instance.add_backfill(backfill)
    return backfill.backfill_id


def test_a_backfill_of_many_windows_is_one_run(another_shop: Story, instance: dg.DagsterInstance) -> None:
    """Every asset of every window is recorded, and each check is answered once."""
    assets = tuple(name for name in MONITORING if name != "batch_predictions")
    name = _ask(another_shop, instance, assets)

    def status() -> BulkActionStatus | None:
        found = instance.get_backfill(name)
        return found.status if found else None

    with daemon_of(another_shop.shop) as daemon:
        daemon.wait_until(lambda: status() in _ENDED, _SECONDS)
    assert status() is BulkActionStatus.COMPLETED_SUCCESS
    (run,) = instance.get_runs(filters=dg.RunsFilter(tags={"dagster/backfill": name}))
    assert (run.tags[RANGE_START_TAG], run.tags[RANGE_END_TAG]) == (_WINDOWS[0], _WINDOWS[-1])
    for asset in assets:
        query = dg.AssetRecordsFilter(asset_key=dg.AssetKey([LOANS, asset]))
        made = [item for item in instance.fetch_materializations(query, limit=10).records if item.run_id == run.run_id]
        assert sorted(str(item.partition_key) for item in made) == _WINDOWS, asset

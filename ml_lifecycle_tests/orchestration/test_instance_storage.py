"""Tests of `ml_lifecycle.orchestration.instance_storage`, on real SQLite files."""

import os
from pathlib import Path

import dagster as dg
import yaml

from ml_lifecycle.orchestration.instance_storage import SqliteStorage

_OURS = {"module": SqliteStorage.__module__, "class": SqliteStorage.__qualname__}


def _instance(folder: Path, *, ours: bool) -> dg.DagsterInstance:
    config = {"base_dir": str(folder / "state")}
    storage = {"custom": {**_OURS, "config": config}} if ours else {"sqlite": config}
    (folder / "dagster.yaml").write_text(
        yaml.safe_dump({"storage": storage, "telemetry": {"enabled": False}}), encoding="utf-8"
    )
    return dg.DagsterInstance.from_config(str(folder))


@dg.asset(check_specs=[dg.AssetCheckSpec("sound", asset="fruit")])
def fruit() -> dg.MaterializeResult:  # type: ignore[type-arg]
    """An asset with a check."""
    return dg.MaterializeResult(metadata={"apples": 3}, check_results=[dg.AssetCheckResult(passed=True)])


def _apples(instance: dg.DagsterInstance) -> list[object]:
    events = instance.fetch_materializations(fruit.key, limit=10).records
    return [event.asset_materialization.metadata["apples"].value for event in events if event.asset_materialization]


def test_dagsters_own_storage_reads_what_ours_wrote(tmp_path: Path) -> None:
    """So the line in dagster.yaml may be changed at any time, in both directions."""
    with _instance(tmp_path, ours=True) as instance:
        run = dg.materialize([fruit], instance=instance).run_id
    with _instance(tmp_path, ours=False) as instance:
        assert _apples(instance) == [3]
        assert len(instance.all_logs(run)) > 5
        dg.materialize([fruit], instance=instance)
    with _instance(tmp_path, ours=True) as instance:
        assert _apples(instance) == [3, 3]
        assert [found.status for found in instance.get_runs()] == [dg.DagsterRunStatus.SUCCESS] * 2


def test_another_instance_sees_a_run_at_once(tmp_path: Path) -> None:
    """The UI and the command hold an instance each on the same files."""
    with _instance(tmp_path, ours=True) as first, _instance(tmp_path, ours=True) as second:
        dg.materialize([fruit], instance=first)
        assert _apples(second) == [3]
        dg.materialize([fruit], instance=second)
        assert _apples(first) == [3, 3]


def test_events_that_come_together_are_read_as_if_each_had_come_alone(tmp_path: Path) -> None:
    """The windows of a run: by run, by partition, and the latest of the asset."""
    days = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-06")

    @dg.asset(partitions_def=days, backfill_policy=dg.BackfillPolicy.single_run())
    def judged(context: dg.AssetExecutionContext) -> None:
        """Says nothing but that it was."""
        for day in context.partition_keys:
            context.add_asset_metadata({"day": day}, partition_key=day)

    with _instance(tmp_path, ours=True) as instance:
        keys = days.get_partition_keys()
        tags = {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]}
        result = dg.materialize([judged], instance=instance, tags=tags)
        assert instance.get_materialized_partitions(judged.key) == set(keys)
        records = instance.fetch_materializations(judged.key, limit=10).records
        made = [record.asset_materialization for record in records if record.asset_materialization]
        assert [item.metadata["day"].value for item in made] == keys[::-1]
        latest = instance.get_latest_materialization_event(judged.key)
        assert latest is not None
        assert latest.asset_materialization == made[0]
        of_run = instance.get_records_for_run(result.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION).records
        assert len(of_run) == len(keys)


def test_databases_are_held_open_but_not_into_a_fork(tmp_path: Path) -> None:
    """The last connection that leaves a database waits for the disk twice; in a fork SQLite's locks would not hold."""
    with _instance(tmp_path, ours=True) as instance:
        dg.materialize([fruit], instance=instance)
        assert {path.name for path in tmp_path.rglob("*.db-wal")} >= {"index.db-wal", "runs.db-wal"}
        child = os.fork()
        if child == 0:
            os._exit(len(list(tmp_path.rglob("*.db-wal"))))
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        dg.materialize([fruit], instance=instance)
        assert _apples(instance) == [3, 3]
    assert not list(tmp_path.rglob("*.db-wal"))


def test_a_check_of_a_run_over_many_partitions_is_planned_and_answered_once(tmp_path: Path) -> None:
    """Dagster plans one for each partition, which the one answer for the run never meets."""
    days = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-06")

    @dg.asset(
        partitions_def=days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[dg.AssetCheckSpec("sound", asset="judged")],
    )
    def judged() -> dg.MaterializeResult:  # type: ignore[type-arg]
        """Has one answer for all."""
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])

    keys = days.get_partition_keys()
    tags = {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]}
    with _instance(tmp_path, ours=True) as instance:
        dg.materialize([judged], instance=instance, tags=tags)
        check = dg.AssetCheckKey(judged.key, "sound")
        found = instance.event_log_storage.get_asset_check_execution_history(check, limit=10)
        assert [(item.partition, item.status.value) for item in found] == [(None, "SUCCEEDED")]

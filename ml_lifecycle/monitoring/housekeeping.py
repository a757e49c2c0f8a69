"""Housekeeping: what of a project's records may be thrown away, and what must stay whatever its age.

One question decides: which materialisations are still needed? They are the latest of each asset, and of each window for
as long as the YAML says; those that the data of registered versions came from; and all that are young. They name the
runs, the versions in the lake and the runs in MLflow that stay. All else that is old enough may go. Who deletes it is
in `orchestration/housekeeping`, and in the rooms that own the stores.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from ml_lifecycle.config.operations import HousekeepingConfig
from ml_lifecycle.release.ledger import WAITING, Entry, State

#: Evidence of a version: the data versions it was made from, by asset.
LINEAGE: Final = "lineage"
_EVER: Final = datetime(1, 1, 1)  # noqa: DTZ001 - naive UTC, as everywhere in records


@dataclass(frozen=True, slots=True)
class Result:
    """A materialisation, and what it names.

    Args:
        asset: The asset's name.
        at: When it was made; naive UTC.
        run_id: The run that made it.
        partition: Its partition, if it has any.
        data_version: Its data version.
        tables: Versions in the lake, by table.
        files: The folder of its files in the lake.
        mlflow_run: Its run in MLflow.
        source_run: The run whose result it gives once more.
    """

    asset: str
    at: datetime
    run_id: str
    partition: str | None = None
    data_version: str = ""
    tables: Mapping[str, int] = field(default_factory=dict)
    files: str | None = None
    mlflow_run: str | None = None
    source_run: str | None = None


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run of Dagster that has ended.

    Args:
        run_id: Its id.
        job: Its job.
        ended: When; naive UTC.
        partition: Its partition, if it has any.
    """

    run_id: str
    job: str
    ended: datetime
    partition: str | None = None


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run of MLflow that has ended.

    Args:
        run_id: Its id.
        ended: When; naive UTC.
        dagster_run: The run of Dagster that began it.
    """

    run_id: str
    ended: datetime
    dagster_run: str | None


def versions_kept(ledger: Sequence[Entry], config: HousekeepingConfig) -> set[str]:
    """The versions of the model whose data and runs stay: all, or those in production at some time or still waiting.

    Args:
        ledger: All lines of the project's ledger, the oldest first.
        config: Which of them.
    """
    last = {entry.version: entry.state for entry in ledger}
    if config.lineage == "registered":
        return set(last)
    risen = {entry.version for entry in ledger if entry.state is State.CHAMPION}
    under_way = {*WAITING, State.SHADOW, State.CANARY}
    return risen | {version for version, state in last.items() if state in under_way}


def results_kept(
    results: Sequence[Result],
    ledger: Sequence[Entry],
    config: HousekeepingConfig,
    *,
    days: int | None,
    windowed: Collection[str],
    now: datetime,
) -> list[Result]:
    """The materialisations that are still needed.

    Args:
        results: All that are on record, the newest first.
        ledger: All lines of the project's ledger, the oldest first.
        config: For how long what is kept.
        days: Results that are no older stay in any case; all, where it is None.
        windowed: Assets whose partitions are windows, which may grow old; all other partitions stay.
        now: The present moment; naive UTC.
    """
    versions = versions_kept(ledger, config)
    wanted = {
        (asset, str(made)) for entry in ledger if entry.version in versions for asset, made in _lineage(entry).items()
    }
    young = _since(now, days)
    oldest_window = _since(now, config.windows_days if config.runs_days is not None else None)
    seen: set[tuple[str, str | None] | str] = set()
    kept = []
    for item in results:
        place = (item.asset, item.partition)
        stays = item.asset not in seen or item.at >= young
        if place not in seen and (item.asset not in windowed or item.at >= oldest_window):
            stays = True
        if (item.asset, item.data_version) in wanted:
            stays = True
            wanted.discard((item.asset, item.data_version))
        seen |= {place, item.asset}
        if stays:
            kept.append(item)
    return kept


def runs_to_go(
    runs: Sequence[EndedRun],
    kept: Iterable[Result],
    ledger: Sequence[Entry],
    config: HousekeepingConfig,
    *,
    now: datetime,
) -> list[str]:
    """The runs of Dagster that may go.

    Args:
        runs: All that have ended, the newest first.
        kept: The materialisations that are still needed.
        ledger: All lines of the project's ledger: the runs that made versions that are kept stay.
        config: For how long what is kept.
        now: The present moment; naive UTC.
    """
    if config.runs_days is None:
        return []
    needed = runs_needed(kept, ledger, config)
    old, oldest_window = _since(now, config.runs_days), _since(now, config.windows_days)
    newest: dict[str, int] = {}
    windows: set[tuple[str, str]] = set()
    gone = []
    for run in runs:
        newest[run.job] = newest.get(run.job, 0) + 1
        judges = run.partition is not None and (run.job, run.partition) not in windows and run.ended >= oldest_window
        if run.partition is not None:
            windows.add((run.job, run.partition))
        if run.ended < old and newest[run.job] > config.runs_kept and not judges and run.run_id not in needed:
            gone.append(run.run_id)
    return gone


def runs_needed(kept: Iterable[Result], ledger: Sequence[Entry], config: HousekeepingConfig) -> set[str]:
    """The runs of Dagster that results or versions name which are kept."""
    versions = versions_kept(ledger, config)
    made = {entry.by.rpartition("run ")[2] for entry in ledger if entry.version in versions and "run " in entry.by}
    return made | {item.run_id for item in kept} | {item.source_run for item in kept if item.source_run}


def mlflow_runs_to_go(
    runs: Iterable[StoredRun],
    needed: Collection[str],
    needed_dagster: Collection[str],
    config: HousekeepingConfig,
    *,
    now: datetime,
) -> list[str]:
    """The runs of MLflow that may go.

    Args:
        runs: All of the project that have ended.
        needed: Runs of MLflow that registered versions or kept results name.
        needed_dagster: Runs of Dagster that are named by those: what they have logged stays, too.
        config: For how long what is kept.
        now: The present moment; naive UTC.
    """
    old = _since(now, config.mlflow_days)
    return [
        run.run_id
        for run in runs
        if run.ended < old and run.run_id not in needed and (run.dagster_run or "") not in needed_dagster
    ]


def _lineage(entry: Entry) -> Mapping[str, Any]:
    found = entry.evidence.get(LINEAGE)
    return found if isinstance(found, Mapping) else {}


def _since(now: datetime, days: int | None) -> datetime:
    """What is older than this may go; nothing where no days are given."""
    return _EVER if days is None else now - timedelta(days=days)

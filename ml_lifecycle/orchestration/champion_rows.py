"""Which rows the model in production was made of: the splits that its package names, read back from the lake."""

from typing import Any

import dagster as dg

from ml_lifecycle.config.home import Home
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import StateError
from ml_lifecycle.orchestration.champion import Champion
from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.records import DATA_VERSION_TAG
from ml_lifecycle.orchestration.storage import record_of

_SPLITS = "data_splits"
#: Materialisations that are looked through.
_MOST = 1000


def splits_behind(instance: dg.DagsterInstance, project: ProjectConfig, champion: Champion) -> Any:
    """`_row_id` and `_split` of the rows that a version was made of; None where they are no longer on record."""
    wanted = champion.package.manifest.lineage.get(_SPLITS)
    key = dg.AssetKey([project.name, _SPLITS])
    for event in instance.fetch_materializations(key, limit=_MOST).records:
        if wanted is None or (event.event_log_entry.tags or {}).get(DATA_VERSION_TAG) != wanted:
            continue
        record = record_of(event.asset_materialization)
        if record is None:
            return None
        try:
            return Lake(Home.find(project.root).lake).read(key.path, record)
        except StateError:
            return None  # housekeeping has removed it
    return None

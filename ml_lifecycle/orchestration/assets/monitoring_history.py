"""What earlier windows have found: the tables of a monitoring asset over time."""

from typing import Any

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.resources import Workspace


def history_of(project: ProjectConfig, asset: str, table: str, partition: str, present: Any) -> Any:
    """All windows of a monitoring table up to this one, this one as it is now (it is not in the lake yet)."""
    import pandas as pd

    past = Lake(Workspace(project).home.lake).history((project.name, asset), table)
    now = present.assign(window=partition)
    return now if past is None else pd.concat([past[past["window"] < partition], now], ignore_index=True)

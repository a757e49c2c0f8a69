"""What earlier windows have found: the tables of a monitoring asset over time."""

from typing import Any

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.lake import Lake
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.window_runs import PAST, once, present_run


def history_of(
    project: ProjectConfig, asset: str, table: str, partition: str, present: Any, *, last: int | None = None
) -> Any:
    """All windows of a monitoring table up to this one, this one as it is now (it is not in the lake yet).

    Args:
        project: The project.
        asset: The asset that is being made.
        table: One of its tables.
        partition: The window that is judged.
        present: Its rows.
        last: Only so many of the windows before; all by default.
    """
    import pandas as pd

    past = once(
        f"{PAST}{asset}.{table}", lambda: Lake(Workspace(project).home.lake).history((project.name, asset), table)
    )
    run = present_run()
    unwritten = {} if run is None else run.unwritten(table)
    judged_again = {partition, *unwritten}
    earlier = [] if past is None else [past[(past["window"] < partition) & ~past["window"].isin(judged_again)]]
    earlier += [rows.assign(window=window) for window, rows in unwritten.items() if window < partition]
    both = pd.concat(earlier, ignore_index=True) if len(earlier) > 1 else earlier[0] if earlier else None
    if both is not None and last is not None:
        newest = sorted(both["window"].unique())[-last:] if last else []
        both = both[both["window"].isin(newest)]
    now = present.assign(window=partition)
    return now if both is None else pd.concat([both, now], ignore_index=True)

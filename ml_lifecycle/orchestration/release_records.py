"""Who a run acts for, and what the UI is told of a release that changed without a run.

What a rollback does lives in `release/rollback`.
"""

from typing import TYPE_CHECKING

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.naming import TRIGGER_TAG

if TYPE_CHECKING:
    from ml_lifecycle.release.rollback import Rollback


def author_of(context: dg.AssetExecutionContext) -> str:
    """By whom the ledger says that something was done: why the run was started, and which one it is."""
    return f"{context.run.tags.get(TRIGGER_TAG, 'person')}, run {context.run_id}"


def report_rollback(instance: dg.DagsterInstance, project: ProjectConfig, done: "Rollback") -> None:
    """Show a rollback among the events of `deployed_model`; no run has made it, so nothing else would tell the UI."""
    told = {"version": done.version, "rolled_back": done.left or "none", "by": done.by, "why": done.why or "not said"}
    key = dg.AssetKey([project.name, "deployed_model"])
    said = f"rolled back to version {done.version}"
    instance.report_runless_asset_event(dg.AssetObservation(asset_key=key, description=said, metadata=told))

"""What stands on record of a candidate: the verdicts of its gates, and the data versions it was made from."""

from collections.abc import Sequence

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.checks import specs_for
from ml_lifecycle.orchestration.jobs import STAGED, candidate_assets
from ml_lifecycle.orchestration.records import data_versions, latest_events, latest_verdicts
from ml_lifecycle.verdict import Verdict


def gate_verdicts(instance: dg.DagsterInstance, project: ProjectConfig) -> dict[str, Verdict | None]:
    """The verdict of every blocking gate up to the package on what stands, by `<asset>.<check>`; None where none is."""
    specs = [spec for spec in _specs(project, candidate_assets(project)) if spec.blocking]
    events = latest_events(instance, {spec.asset_key for spec in specs})
    package, rehearsal = (events.get(dg.AssetKey([project.name, name])) for name in ("model_package", STAGED))
    if _version_in(package) != _version_in(rehearsal):  # the rehearsal of another version says nothing of this one
        events.pop(dg.AssetKey([project.name, STAGED]), None)
    asked = {spec.key: events[spec.asset_key].run_id for spec in specs if spec.asset_key in events}
    found = latest_verdicts(instance, asked)
    return {f"{spec.asset_key.path[-1]}.{spec.name}": found.get(spec.key) for spec in specs}


def _version_in(event: dg.EventLogEntry | None) -> str:
    """The registered version that a materialisation is about."""
    made = event.asset_materialization if event else None
    found = made.metadata.get("version") if made else None
    return "" if found is None else str(found.value)


def all_verdicts(
    instance: dg.DagsterInstance, project: ProjectConfig, assets: Sequence[str] | None = None
) -> dict[str, Verdict | None]:
    """The latest verdict of every checkpoint of assets, those that only warn too, by `<asset>.<check>`."""
    specs = _specs(project, assets or candidate_assets(project))
    found = latest_verdicts(instance, dict.fromkeys(spec.key for spec in specs))
    return {f"{spec.asset_key.path[-1]}.{spec.name}": found.get(spec.key) for spec in specs}


def lineage_of(instance: dg.DagsterInstance, project: ProjectConfig, *, without: str = "") -> dict[str, str]:
    """The data versions of all gated assets but one as they stand, by asset: what a candidate was made from."""
    assets = [name for name in candidate_assets(project) if name not in (without, STAGED)]
    found = data_versions(instance, [dg.AssetKey([project.name, name]) for name in assets])
    return {key.path[-1]: version for key, version in found.items()}


def _specs(project: ProjectConfig, assets: Sequence[str]) -> list[dg.AssetCheckSpec]:
    return [spec for asset in assets for spec in specs_for(dg.AssetKey([project.name, asset]))]

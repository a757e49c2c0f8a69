"""What the data commands tell of the versions of the raw data: their list, what one holds, how two differ."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ml_lifecycle.cli.running import print_json

if TYPE_CHECKING:
    import dagster as dg

    from ml_lifecycle.config.project import ProjectConfig

_SHOWN = 20
_MOST = 1000


def list_versions(name: str, *, as_json: bool) -> None:
    """Print the versions, newest first, each with the shares of its latest split."""
    from ml_lifecycle.orchestration.console import print_rows
    from ml_lifecycle.orchestration.data_versions import versions_of
    from ml_lifecycle.orchestration.site import Site

    site = Site.find()
    project = site.project(name)
    with site.instance() as instance:
        ratios = _ratios(instance, project)
        rows = [{**asdict(item), "splits": ratios.get(item.version, {})} for item in versions_of(instance, project)]
    if as_json:
        return print_json(rows)
    shown = [
        {**row, "splits": ", ".join(f"{split} {share:.1%}" for split, share in row["splits"].items())} for row in rows
    ]
    return print_rows(f"{name}: versions of the raw data", shown)


def show_statistics(name: str, version: int, *, as_json: bool) -> None:
    """Print what each column holds in one version.

    Raises:
        ConfigError: There is no such version.
    """
    from ml_lifecycle.dataset.versions import describe
    from ml_lifecycle.orchestration.console import print_rows
    from ml_lifecycle.orchestration.data_versions import read_version
    from ml_lifecycle.orchestration.site import Site

    project = Site.find().project(name)
    (number,) = _known_versions(project, str(version))
    found = describe(read_version(project, number), table_version=number)
    if as_json:
        return print_json(found.to_dict())
    return print_rows(f"{name}: version {number}, {found.rows:,} rows", found.to_frame().to_dict("records"))


def compare(name: str, old: str, new: str, *, as_json: bool) -> None:
    """Print how two versions differ.

    Raises:
        ConfigError: There is no such version.
    """
    from ml_lifecycle.dataset.version_diff import compare_versions
    from ml_lifecycle.orchestration.console import print_rows
    from ml_lifecycle.orchestration.data_versions import read_version
    from ml_lifecycle.orchestration.site import Site

    project = Site.find().project(name)
    found = compare_versions(*(read_version(project, number) for number in _known_versions(project, old, new)))
    if as_json:
        return print_json(found.to_dict())
    return print_rows(f"{name}: version {old} and version {new}", found.to_frame().to_dict("records"))


def _known_versions(project: "ProjectConfig", *texts: str) -> list[int]:
    from ml_lifecycle.errors import ConfigError
    from ml_lifecycle.orchestration.data_versions import version_number, versions_of
    from ml_lifecycle.orchestration.site import Site

    with Site.find().instance() as instance:
        known = [item.version for item in versions_of(instance, project)]
    asked = [version_number(text) for text in texts]
    for number in asked:
        if number not in known:
            shown = ", ".join(map(str, known[:_SHOWN])) + (" ..." if len(known) > _SHOWN else "")
            raise ConfigError(
                f"there is no version {number} of the raw data",
                expected=f"one of {shown}" if known else "a version that a run has written",
                got=str(number),
                advice="list them with `ml-lifecycle data versions`" if known else "run `ml-lifecycle data collect`",
            )
    return asked


def _ratios(instance: "dg.DagsterInstance", project: "ProjectConfig") -> dict[int, dict[str, float]]:
    """Shares of the rows by split, by version of the raw data: a run names the version that it divided."""
    import dagster as dg

    from ml_lifecycle.orchestration.data_versions import RAW
    from ml_lifecycle.orchestration.storage import record_of

    def made(asset: str) -> dict[str, Any]:
        records = instance.fetch_materializations(dg.AssetKey([project.name, asset]), limit=_MOST).records
        return {event.run_id: event.asset_materialization for event in reversed(records)}

    splits = made("data_splits")
    found: dict[int, dict[str, float]] = {}
    for run_id, raw in made(RAW).items():
        record = record_of(raw)
        said = splits[run_id].metadata.get("dataset_version") if run_id in splits else None
        if record is not None and said is not None:
            found[record.tables["frame"]] = dict(said.value.get("ratios", {}))
    return found

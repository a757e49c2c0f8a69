"""The command that throws away what the YAML lets go: `ml-lifecycle housekeeping`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ml_lifecycle.cli.running import AsJson, print_json

if TYPE_CHECKING:
    import dagster as dg

    from ml_lifecycle.config.project import ProjectConfig
    from ml_lifecycle.monitoring.housekeeping_report import HousekeepingReport
    from ml_lifecycle.orchestration.site import Site


def housekeeping_command(
    project: Annotated[str | None, typer.Argument(help="The project's name; all projects by default.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and touch nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete old runs, versions of tables, files, MLflow runs and predictions, as monitoring.housekeeping says."""
    from ml_lifecycle.orchestration.site import Site

    site = Site.find()
    chosen = list(site.projects.values()) if project is None else [site.project(project)]
    with site.instance() as instance:
        found = {item.name: _clean(site, instance, item, dry_run=dry_run) for item in chosen}
    if as_json:
        print_json({name: _plain(report) for name, report in found.items()})
    else:
        for name, report in found.items():
            _print(name, report)


def _clean(
    site: "Site", instance: "dg.DagsterInstance", project: "ProjectConfig", *, dry_run: bool
) -> "HousekeepingReport":
    """By a run of the project's job, so that the UI shows what went; a dry run leaves no trace.

    Raises:
        StateError: The run failed.
        BusyError: A run of the project is under way.
    """
    from ml_lifecycle.errors import StateError
    from ml_lifecycle.orchestration.data_versions import read_latest
    from ml_lifecycle.orchestration.housekeeping import keep_house
    from ml_lifecycle.orchestration.jobs import HOUSEKEEPING
    from ml_lifecycle.orchestration.runs import execute

    if dry_run:
        return keep_house(instance, project, dry_run=True)
    outcome = execute(site, instance, project, "housekeeping")
    if not outcome.succeeded:
        raise StateError(f"the housekeeping of {project.name} failed", got=outcome.failure, advice="see its run")
    report: HousekeepingReport = read_latest(instance, project, HOUSEKEEPING[0])
    return report


def _plain(report: "HousekeepingReport") -> dict[str, Any]:
    removals = report.table().to_dict("records")
    return {"dry_run": report.dry_run, "bytes": report.bytes, "removals": removals}


def _print(name: str, report: "HousekeepingReport") -> None:
    from ml_lifecycle.orchestration.console import print_rows

    if not report.removals:
        typer.echo(f"{name}: nothing is ever deleted; name days under monitoring.housekeeping in its defs.yaml.")
        return
    verb = "would go" if report.dry_run else "went"
    print_rows(f"{name}: {report.bytes:,} bytes {verb}", report.table().to_dict("records"))

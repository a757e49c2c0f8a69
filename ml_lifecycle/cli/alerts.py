"""The command about alerts: what people were told, and whether they can be reached."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ml_lifecycle.cli.running import AsJson, Project, print_json

if TYPE_CHECKING:
    from ml_lifecycle.config.project import ProjectConfig


def alerts_command(
    project: Project,
    *,
    test: Annotated[
        bool, typer.Option("--test", help="Send a test alert to every channel; leaves with 1 if one does not take it.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the last alerts of a project: who was told of what, and whether it is over."""
    from ml_lifecycle.orchestration.console import print_rows
    from ml_lifecycle.orchestration.resources import Workspace
    from ml_lifecycle.orchestration.site import Site

    found = Site.find().project(project)
    if test:
        return _try_channels(found, as_json=as_json)
    rows = Workspace(found).alerts.history_table(project, limit).astype(object)
    rows = rows.where(rows.notna(), None)
    if as_json:
        return print_json(rows.to_dict("records"))
    if rows.empty:
        return typer.echo(f"{project}: nothing was told yet. The daemon looks for news: `ml-lifecycle up`.")
    return print_rows(f"{project}: the last alerts, times in UTC", [_shown(row) for row in rows.to_dict("records")])


def _try_channels(project: "ProjectConfig", *, as_json: bool) -> None:
    from ml_lifecycle.monitoring.alerts import deliver_to_each
    from ml_lifecycle.monitoring.alerts.message import trial_alert
    from ml_lifecycle.orchestration.console import print_rows

    alert = trial_alert(project.name, project.brief.owner)
    receipts = deliver_to_each(alert, project.monitoring.alerts, tries=1)
    rows = [{"channel": item.channel, "took": item.took, "problem": item.problem} for item in receipts]
    if as_json:
        print_json(rows)
    elif rows:
        print_rows(f"{project.name}: a test alert", rows)
    else:
        typer.echo("No channel is set: monitoring.alerts.channels names them. Alerts stand in the log and here only.")
    if not all(item.took for item in receipts):
        raise typer.Exit(1)


def _shown(row: dict[Any, Any]) -> dict[str, Any]:
    return {
        "at": f"{row['at']:%Y-%m-%d %H:%M}",
        "severity": row["severity"],
        "kind": row["kind"],
        "title": row["title"],
        "owner": row["owner"],
        "told": row["channels"] or ("not yet" if row["tries"] else "nobody"),
        "over": "" if row["resolved_at"] is None else f"{row['resolved_at']:%Y-%m-%d %H:%M}",
    }

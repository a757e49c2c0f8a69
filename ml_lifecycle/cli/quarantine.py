"""The commands about quarantined rows: list, export, release, withdraw. The next run acts upon what is decided here."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ml_lifecycle.cli.running import AsJson, Project, print_json, require_writable

if TYPE_CHECKING:
    import pandas as pd

    from ml_lifecycle.dataset.releases import Release, ReleaseLog

quarantine_app = typer.Typer(help="Rows that were set aside: list, correct, release.", no_args_is_help=True)

#: Half of all row ids begin with a minus, and are no options.
_ROW_IDS = {"ignore_unknown_options": True}

By = Annotated[str, typer.Option(help="Who decides; by default the user of the machine.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the decision.")]


@quarantine_app.command("list")
def list_command(
    project: Project,
    column: Annotated[str | None, typer.Option(help="Only failures of this column.")] = None,
    check: Annotated[str | None, typer.Option(help="Only failures of this check.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    *,
    as_json: AsJson = False,
) -> None:
    """List rows that were set aside, each with the column, the check and the value that failed."""
    from ml_lifecycle.dataset.quarantine import list_quarantined
    from ml_lifecycle.orchestration.console import print_rows

    found = _quarantined(project)[1]
    chosen = list_quarantined(found, limit=limit, column=column, check=check)
    rows = chosen.to_dict("records")
    if as_json:
        return print_json(rows)
    shown = [{name: value for name, value in row.items() if name != "row"} for row in rows]
    return print_rows(f"{project}: {len(found):,} failures, {len(shown)} shown", shown)


@quarantine_app.command("export")
def export_command(
    project: Project,
    path: Annotated[Path, typer.Argument(help="A CSV file to be corrected and given to `release --file`.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Write quarantined rows to a file that a person corrects."""
    from ml_lifecycle.dataset.correction_files import export_quarantine

    require_writable(path, "the file that is named")
    count = export_quarantine(_quarantined(project)[1], path)
    if as_json:
        return print_json({"written": str(path), "rows": count})
    return typer.echo(
        f"Written: {path}, {count} rows. Correct it, then: ml-lifecycle data quarantine release ... --file {path}"
    )


@quarantine_app.command("release", context_settings=_ROW_IDS)
def release_command(
    project: Project,
    rows: Annotated[list[str] | None, typer.Argument(help="Rows by their `_row_id`.")] = None,
    corrections: Annotated[
        list[str] | None, typer.Option("--set", help="A new cell: `column=value`; may be repeated.")
    ] = None,
    waive: Annotated[list[str] | None, typer.Option(help="A check that need not be passed; may be repeated.")] = None,
    file: Annotated[Path | None, typer.Option(help="A file that `export` wrote, corrected.")] = None,
    by: By = "",
    reason: Reason = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Let rows in: as corrected, or although they fail a check. The next run judges them again."""
    if bool(rows) == bool(file):
        raise typer.BadParameter("expected rows or --file, one of the two")
    log, quarantined = _quarantined(project)
    if file is not None:
        from ml_lifecycle.dataset.correction_files import read_corrections

        made = log.record(quarantined, read_corrections(file, quarantined), by=by, reason=reason)
    else:
        made = log.release(
            quarantined,
            [_number(row) for row in rows or ()],
            corrections=dict(_pair(text) for text in corrections or ()),
            waive=waive or (),
            by=by,
            reason=reason,
        )
    _tell(project, made, as_json=as_json)


@quarantine_app.command("withdraw", context_settings=_ROW_IDS)
def withdraw_command(
    project: Project,
    rows: Annotated[list[str], typer.Argument(help="Rows by their `_row_id`.")],
    by: By = "",
    reason: Reason = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Take back what was decided about rows: the next run sees them as they came."""
    made = _log(project).withdraw([_number(row) for row in rows], by=by, reason=reason)
    _tell(project, made, as_json=as_json)


def _log(name: str) -> "ReleaseLog":
    from ml_lifecycle.dataset.releases import ReleaseLog
    from ml_lifecycle.orchestration.resources import Workspace
    from ml_lifecycle.orchestration.site import Site

    project = Site.find().project(name)
    return ReleaseLog.of(Workspace(project).home.path, project.name)


def _quarantined(name: str) -> tuple["ReleaseLog", "pd.DataFrame"]:
    from ml_lifecycle.orchestration.data_versions import read_latest
    from ml_lifecycle.orchestration.site import Site

    site = Site.find()
    project = site.project(name)
    with site.instance() as instance:
        return _log(name), read_latest(instance, project, "quarantined_rows")


def _tell(project: str, made: "list[Release]", *, as_json: bool) -> None:
    if as_json:
        return print_json([asdict(item) for item in made])
    return typer.echo(f"{len(made)} decisions are on record; `ml-lifecycle data validate {project}` acts upon them")


def _number(text: str) -> int:
    if not text.removeprefix("-").isdigit():
        raise typer.BadParameter(f"expected a row id as `data quarantine list` shows it, got {text!r}")
    return int(text)


def _pair(text: str) -> tuple[str, Any]:
    """A column and its cell: a number, true, false or null where it reads as one, else text."""
    column, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"expected `column=value`, got {text!r}")
    try:
        return column, json.loads(value)
    except json.JSONDecodeError:
        return column, value

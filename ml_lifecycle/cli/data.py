"""The commands about data: collect, validate, audit, risks, label, split, augment, versions, diff, schema.

Each materialises the assets that it names, so that the UI shows it. What works on a bare file without a project is in
`bare`, the quarantine in `quarantine`, what versions hold in `versions`.
"""

from pathlib import Path
from typing import Annotated

import typer

from ml_lifecycle.cli.bare import SplitOptions, audit_file, split_file, validate_file
from ml_lifecycle.cli.quarantine import quarantine_app
from ml_lifecycle.cli.running import AsJson, Project, make_assets, print_json, require_writable
from ml_lifecycle.cli.versions import compare, list_versions, show_statistics

data_app = typer.Typer(help="Data: collection, validation, audit, labels, splits, versions.", no_args_is_help=True)
data_app.add_typer(quarantine_app, name="quarantine")

MaybeProject = Annotated[str | None, typer.Argument(help="A project; or none, and a bare file with --data.")]
DataFile = Annotated[Path | None, typer.Option("--data", help="A bare file instead of a project.")]


@data_app.command("collect")
def collect_command(project: Project, *, as_json: AsJson = False) -> None:
    """Read the sources; say what is new."""
    make_assets(project, ["raw_data"], as_json=as_json)


@data_app.command("validate")
def validate_command(
    project: MaybeProject = None,
    data: DataFile = None,
    schema: Annotated[Path | None, typer.Option(help="With --data: the pandera schema.")] = None,
    quarantine: Annotated[Path | None, typer.Option(help="With --data: where bad rows go, as CSV.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Hold rows against the schema; bad ones go to quarantine with their reasons."""
    if _one_of(project, data) is not None:
        return make_assets(str(project), ["validated_data", "quarantined_rows"], as_json=as_json)
    if schema is None:
        raise typer.BadParameter("expected --schema beside --data")
    return validate_file(_given(data), schema, quarantine, as_json=as_json)


@data_app.command("audit")
def audit_command(
    project: MaybeProject = None,
    data: DataFile = None,
    target: Annotated[str | None, typer.Option(help="With --data: the column to predict.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report here, as HTML.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Look for what a person should know before anything is learnt from the data."""
    if _one_of(project, data) is None:
        return audit_file(_given(data), target, report, as_json=as_json)
    from ml_lifecycle.cli.reports import write_audit_report

    require_writable(report, "--report")
    make_assets(str(project), ["data_audit"], as_json=as_json)
    return write_audit_report(str(project), report) if report else None


@data_app.command("risks")
def risks_command(project: Project, *, as_json: AsJson = False) -> None:
    """Look for leaks of the target and other risks."""
    make_assets(project, ["risk_assessment"], as_json=as_json)


@data_app.command("label")
def label_command(project: Project, *, as_json: AsJson = False) -> None:
    """Guess labels by the rules of the YAML."""
    make_assets(project, ["labeled_data"], as_json=as_json)


@data_app.command("split")
def split_command(
    project: MaybeProject = None,
    data: DataFile = None,
    target: Annotated[str | None, typer.Option(help="With --data: the column to predict.")] = None,
    event_time: Annotated[str | None, typer.Option(help="With --data: when a row happened.")] = None,
    group: Annotated[str | None, typer.Option(help="With --data: rows that stay together.")] = None,
    *,
    method: Annotated[str | None, typer.Option(help="With --data: as dataset.split.method.")] = None,
    fractions: Annotated[str | None, typer.Option(help="With --data: three shares, such as 0.7,0.15,0.15.")] = None,
    gap_days: Annotated[float | None, typer.Option(help="With --data: as dataset.split.gap_days.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="With --data: a CSV with the split of each row, by its number from 1.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Divide rows into train, validation and test; prove that nothing leaks."""
    if _one_of(project, data) is not None:
        return make_assets(str(project), ["data_splits"], as_json=as_json)
    options = SplitOptions(target, event_time, group, method, fractions, gap_days)
    return split_file(_given(data), options, out=out, as_json=as_json)


@data_app.command("augment")
def augment_command(project: Project, *, as_json: AsJson = False) -> None:
    """Show what is done about rare classes in the training rows: class counts before and after."""
    make_assets(project, ["selected_features"], as_json=as_json)


@data_app.command("versions")
def versions_command(
    project: Project,
    statistics: Annotated[int | None, typer.Option(min=0, help="What each column holds in this version.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the versions of the raw data with their splits; `run --data-version V` works on an old one."""
    if statistics is not None:
        return show_statistics(project, statistics, as_json=as_json)
    return list_versions(project, as_json=as_json)


@data_app.command("diff")
def diff_command(
    project: Project,
    old: Annotated[str, typer.Argument(help="A version, as `data versions` lists it.")],
    new: Annotated[str, typer.Argument(help="A later one.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say how two versions of the raw data differ: columns, rows, statistics."""
    compare(project, old, new, as_json=as_json)


@data_app.command("schema")
def schema_command(
    project: Project,
    out: Annotated[Path, typer.Argument(help="A file that does not exist yet; compare it with the project's schema.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Write the schema that would accept the newest raw data as they have become, for a person to take over."""
    from ml_lifecycle.dataset.cleaning import Cleaner
    from ml_lifecycle.dataset.schema import load_schema
    from ml_lifecycle.dataset.schema_proposal import propose_schema
    from ml_lifecycle.orchestration.data_versions import RAW, read_latest
    from ml_lifecycle.orchestration.site import Site

    if out.exists():
        raise typer.BadParameter(f"expected a file that does not exist yet, got {out}")
    require_writable(out, "the file that is named")
    site = Site.find()
    config = site.project(project)
    with site.instance() as instance:
        raw = read_latest(instance, config, RAW)
    clean = Cleaner.of(config.dataset).clean(raw, duplicates=False).frame
    proposed = propose_schema(load_schema(config.schema_path), clean, without=config.dataset.drop)
    out.write_text(proposed.to_yaml(), encoding="utf-8")
    if as_json:
        return print_json({"written": str(out), "columns": len(clean.columns) - 1, "rows_looked_at": len(clean)})
    return typer.echo(f"Written: {out}. It accepts bad rows too: take over only what is meant.")


def _one_of(project: str | None, data: Path | None) -> str | None:
    if (project is None) == (data is None):
        raise typer.BadParameter("expected a project or --data with a file, one of the two")
    return project


def _given(data: Path | None) -> Path:
    if data is None:
        raise typer.BadParameter("expected --data with a file")
    return data

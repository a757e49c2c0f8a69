"""The commands about features: extract, select, store, get, join. The first three materialise the assets they name."""

from pathlib import Path
from typing import Annotated

import typer

from ml_lifecycle.cli.running import AsJson, Project, make_assets, print_json, require_writable

features_app = typer.Typer(help="Features: extraction, selection, the feature store.", no_args_is_help=True)


@features_app.command("extract")
def extract_command(project: Project, *, as_json: AsJson = False) -> None:
    """Make numbers of the columns, fitted on the training rows."""
    make_assets(project, ["features"], as_json=as_json)


@features_app.command("select")
def select_command(
    project: Project,
    method: Annotated[str | None, typer.Option(help="For this run, instead of features.selection.method.")] = None,
    k: Annotated[int | None, typer.Option(min=1, help="For this run, instead of features.selection.k.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Choose the features that the model sees, and say what was dropped and why."""
    from ml_lifecycle.orchestration.settings import setting_tags

    tags = setting_tags({"features.selection.method": method, "features.selection.k": k})
    make_assets(project, ["selected_features"], as_json=as_json, tags=tags)


@features_app.command("store")
def store_command(
    project: Project,
    name: Annotated[str | None, typer.Option(help="Name of the feature view; by default that of the YAML.")] = None,
    version: Annotated[int | None, typer.Option(min=1, help="Its version; by default the next one.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Put the features of each entity into the feature store."""
    from ml_lifecycle.orchestration.settings import setting_tags

    tags = setting_tags({"features.store.name": name, "features.store.version": version})
    make_assets(project, ["feature_view"], as_json=as_json, tags=tags)


@features_app.command("get")
def get_command(
    project: Project,
    entity: Annotated[list[str], typer.Argument(help="Entities, such as a customer's id.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Look up the newest features of entities in the online store, as serving does."""
    from ml_lifecycle.features.project_store import look_up
    from ml_lifecycle.orchestration.console import print_rows
    from ml_lifecycle.orchestration.site import Site

    rows = look_up(Site.find().project(project), entity)
    if as_json:
        return print_json(rows)
    return print_rows(f"{project}: newest features", rows)


@features_app.command("join")
def join_command(
    project: Project,
    data: Annotated[Path, typer.Option(help="A table with the entity and the event time of each row.")],
    out: Annotated[Path, typer.Option(help="Where rows and features are written: CSV or Parquet.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Make a training set: beside each row what the store knew of its entity at its time, and nothing later."""
    from ml_lifecycle.discovery.reading import read_table
    from ml_lifecycle.features.project_store import join_features
    from ml_lifecycle.orchestration.site import Site

    require_writable(out, "--out")
    site = Site.find()
    _, rows, _ = read_table(data, site.root)
    joined = join_features(site.project(project), rows)
    if out.suffix == ".parquet":
        joined.to_parquet(out, index=False)
    else:
        joined.to_csv(out, index=False)
    if as_json:
        return print_json({"rows": len(joined), "columns": list(map(str, joined.columns)), "file": str(out)})
    return typer.echo(f"Written: {out}, {len(joined):,} rows with {joined.shape[1] - rows.shape[1]} features")

"""The command that looks for known mistakes: `ml-lifecycle review`. What is a mistake lives in `discovery.review`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ml_lifecycle.cli.running import AsJson, Project, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ml_lifecycle.config.project import ProjectConfig
    from ml_lifecycle.discovery.review.finding import Finding
    from ml_lifecycle.orchestration.site import Site


def review_command(
    project: Project,
    code: Annotated[
        list[Path] | None,
        typer.Option(help="Further Python, requirements*.txt or pyproject.toml, or a folder of such; may be repeated."),
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Show findings that are less sure than 80, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look for known mistakes of machine learning in a project's YAML and Python; leave with 1 if there are any."""
    from ml_lifecycle.discovery.review.review import review_project
    from ml_lifecycle.orchestration.site import Site

    site = Site.find()
    config = site.project(project)
    review = review_project(config, code=code or (), class_shares=_class_shares(site, config))
    told = review.findings if everything else review.shown
    if as_json:
        print_json({"files": [str(path) for path in review.files], "findings": [item.to_dict() for item in told]})
    else:
        _print(told, hidden=len(review.findings) - len(told), files=len(review.files))
    if review.shown:
        raise typer.Exit(1)


def _class_shares(site: "Site", config: "ProjectConfig") -> dict[str, float] | None:
    """The share of each class in the newest raw data; None before the first run, or where there are no classes."""
    from ml_lifecycle.config.brief import Task
    from ml_lifecycle.errors import StateError
    from ml_lifecycle.orchestration.data_versions import RAW, read_latest

    if config.brief.task is not Task.CLASSIFICATION or not site.home.lake.is_dir():
        return None
    try:
        with site.instance() as instance:
            rows = read_latest(instance, config, RAW)
    except StateError:  # nothing was collected yet: the rules then say that shares are not known
        return None
    if config.brief.target not in rows:
        return None
    shares = rows[config.brief.target].dropna().astype(str).value_counts(normalize=True)
    return {str(name): float(share) for name, share in shares.items()}


def _print(findings: "Sequence[Finding]", *, hidden: int, files: int) -> None:
    for item in findings:
        shown = _relative(item.path)
        state = f", accepted: {item.accepted}" if item.accepted else ""
        typer.echo(f"{shown}:{item.line}: {item.rule} ({item.confidence}{state}): {item.what}.")
        typer.echo(f"    {item.why}")
        typer.echo(f"    What to do: {item.advice}.")
    less = f"; {hidden} less sure or accepted, shown by --all" if hidden else ""
    typer.echo(f"{len(findings)} findings in {files} files{less}.")


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path

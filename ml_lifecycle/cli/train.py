"""The commands about models: train baselines, tune, run an experiment, compare experiments; experiments list and show.

Each materialises the assets that it names, so that the UI shows it.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ml_lifecycle.cli.running import AsJson, Project, make_assets, make_partition, print_json, require_writable

if TYPE_CHECKING:
    from ml_lifecycle.config.project import ProjectConfig
    from ml_lifecycle.evaluation.experiments.comparison import ExperimentComparison
    from ml_lifecycle.orchestration.site import Site

#: What a comparison is written as, by the file's ending.
_FORMS = (".json", ".md")

train_app = typer.Typer(help="Models: baselines, search, experiments and their comparison.", no_args_is_help=True)
experiments_app = typer.Typer(help="Experiments that were trained beside the project's model.", no_args_is_help=True)


@train_app.command("baselines")
def baselines_command(project: Project, *, as_json: AsJson = False) -> None:
    """Fit what one would do without a model, or with a simple one."""
    make_assets(project, ["baselines"], as_json=as_json)


@train_app.command("tune")
def tune_command(
    project: Project,
    model: Annotated[str | None, typer.Option(help="For this run, instead of modeling.family.")] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Instead of modeling.search.trials.")] = None,
    method: Annotated[str | None, typer.Option(help="Instead of modeling.search.method.")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds, instead of modeling.search.seconds.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Instead of modeling.search.workers.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Search for hyperparameters and fit the best; a search that was killed goes on."""
    from ml_lifecycle.orchestration.settings import setting_tags

    search = {"trials": trials, "method": method, "seconds": timeout, "workers": workers}
    settings = {f"modeling.search.{key}": value for key, value in search.items()}
    tags = setting_tags({"modeling.family": model, **settings})
    make_assets(project, ["tuned_model"], as_json=as_json, tags=tags)


@train_app.command("run")
def run_command(
    config: Annotated[Path, typer.Option(help="The experiment's YAML: project, name, hypothesis, changes.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Train an experiment beside the project's model, and say whether its hypothesis holds."""
    from ml_lifecycle.evaluation.experiments.task import apply_changes
    from ml_lifecycle.orchestration.experiments import ExperimentFolder, add_partition, read_experiment
    from ml_lifecycle.orchestration.site import Site

    experiment = read_experiment(config)
    site = Site.find()
    project = site.project(experiment.project)
    apply_changes(project, experiment)  # what is wrong is said before anything is kept or computed
    ExperimentFolder(project).keep(experiment)
    with site.instance() as instance:
        add_partition(instance, project, experiment.name)
    make_partition(project.name, "experiment", experiment.name, as_json=as_json)


@train_app.command("compare")
def compare_command(
    project: Project,
    experiments: Annotated[str, typer.Option(help="Names of experiments, separated by commas.")],
    against: Annotated[
        str,
        typer.Option("--against", "--reference", help="tuned_model, champion (in production), or an experiment."),
    ] = "tuned_model",
    out: Annotated[Path | None, typer.Option(help="Write it to this file too: .json or .md.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Compare experiments on the same rows, say of each whether to promote, iterate or abandon, and write it down."""
    from ml_lifecycle.orchestration.site import Site

    _require_form(out)
    require_writable(out, "--out")
    site = Site.find()
    names = [name.strip() for name in experiments.split(",") if name.strip()]
    found = _compare(site, site.project(project), names, against, silent=as_json)
    if out is not None:
        text = json.dumps(found.to_dict(), indent=1) if out.suffix == ".json" else found.markdown()
        out.write_text(f"{text}\n", encoding="utf-8")
    if as_json:
        return print_json(found.to_dict())
    return _print_comparison(f"{project}: compared with {against}", found)


def _require_form(out: Path | None) -> None:
    from ml_lifecycle.errors import ConfigError

    if out is not None and out.suffix not in _FORMS:
        raise ConfigError(
            f"a comparison cannot be written as {out.name}",
            expected=f"a name that ends in {' or '.join(_FORMS)}",
            got=out.suffix or "no ending",
            advice="correct --out",
        )


def _compare(
    site: "Site", project: "ProjectConfig", names: list[str], against: str, *, silent: bool
) -> "ExperimentComparison":
    """Materialise the comparison, so that the UI shows it, and give it; leave with 1 if that fails."""
    from ml_lifecycle.orchestration.console import StepProgress, print_assets
    from ml_lifecycle.orchestration.data_versions import read_latest
    from ml_lifecycle.orchestration.experiment_results import check_named
    from ml_lifecycle.orchestration.experiments import AGAINST_TAG, COMPARE_TAG, COMPARISON
    from ml_lifecycle.orchestration.runs import execute

    with site.instance() as instance:
        check_named(instance, project, names, against)
        tags = {COMPARE_TAG: ",".join(names), AGAINST_TAG: against}
        with StepProgress(f"{project.name} compare", 1, silent=silent) as progress:
            outcome = execute(site, instance, project, "compare", tags=tags, watch=progress)
        if not outcome.succeeded:
            print_assets(outcome, [])
            raise typer.Exit(1)
        found: ExperimentComparison = read_latest(instance, project, COMPARISON)
        return found


def _print_comparison(title: str, found: "ExperimentComparison") -> None:
    from ml_lifecycle.orchestration.console import print_rows

    shown = ("name", "value", "difference", "low", "high", "p_value", "p_corrected", "latency_p95_ms", "size_bytes")
    rows = []
    for row in found.to_dict()["candidates"]:
        decided = found.decision_of(row["name"])
        said = {"decision": "reference" if decided is None else decided.action}
        rows.append({**{key: _short(row[key]) for key in shown}, **said})
    print_rows(title, rows)
    for one in found.decisions:
        typer.echo(f"{one.experiment}: {one.action}. {one.summary}")
    for note in found.notes:
        typer.echo(note)


@experiments_app.command("list")
def list_command(project: Project, *, as_json: AsJson = False) -> None:
    """List a project's experiments with what they were to show and what they found."""
    from ml_lifecycle.errors import StateError
    from ml_lifecycle.orchestration.console import print_rows
    from ml_lifecycle.orchestration.experiment_results import read_result
    from ml_lifecycle.orchestration.experiments import ExperimentFolder
    from ml_lifecycle.orchestration.site import Site

    site = Site.find()
    config = site.project(project)
    folder = ExperimentFolder(config)
    rows = []
    with site.instance() as instance:
        for name in folder.names():
            asked = folder.get(name)
            try:
                result = read_result(instance, config, name)
                found = {"metric": result.metric, "value": result.value, "made": result.created_at}
            except StateError:
                found = {"metric": None, "value": None, "made": None}
            rows.append({"experiment": name, "hypothesis": asked.hypothesis.statement, **found})
    return print_json(rows) if as_json else print_rows(f"{project}: experiments", rows)


@experiments_app.command("show")
def show_command(
    project: Project, name: Annotated[str, typer.Argument(help="The experiment's name.")], *, as_json: AsJson = False
) -> None:
    """Show one experiment: its hypothesis, its changes, its figures, and whether it held."""
    from ml_lifecycle.orchestration.experiment_results import compare_named, read_result
    from ml_lifecycle.orchestration.experiments import ExperimentFolder
    from ml_lifecycle.orchestration.site import Site

    site = Site.find()
    config = site.project(project)
    reference = ExperimentFolder(config).get(name).reference
    with site.instance() as instance:
        result = read_result(instance, config, name)
        (verdict,) = compare_named(instance, config, [name], reference).hypotheses[:1]
    if as_json:
        return print_json({**result.to_dict(), "verdict": verdict.to_dict()})
    typer.echo(result.markdown())
    return typer.echo(verdict.summary)


def _short(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else value

"""The commands about models: train baselines, tune, run an experiment, compare experiments; experiments list and show.

Each materialises the assets that it names, so that the UI shows it.
"""

from pathlib import Path
from typing import Annotated

import typer

from ml_lifecycle.cli.running import AsJson, Project, make_assets, make_partition, print_json

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
    from ml_lifecycle.evaluation.experiment_task import apply_changes
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
    reference: Annotated[str, typer.Option(help="What they are compared with.")] = "tuned_model",
    *,
    as_json: AsJson = False,
) -> None:
    """Compare experiments with each other on the same rows, with corrected p-values."""
    from ml_lifecycle.orchestration.console import print_rows
    from ml_lifecycle.orchestration.experiment_results import compare_named
    from ml_lifecycle.orchestration.site import Site

    site = Site.find()
    config = site.project(project)
    names = [name.strip() for name in experiments.split(",") if name.strip()]
    with site.instance() as instance:
        found = compare_named(instance, config, names, reference)
    if as_json:
        return print_json(found.to_dict())
    shown = ("name", "value", "gain", "low", "high", "p_value", "p_corrected", "better")
    rows = [{key: _short(row[key]) for key in shown if key in row} for row in found.to_dict()["candidates"]]
    return print_rows(f"{project}: compared with {reference}", rows)


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

"""The command about the question before the model: can the problem be solved with the data at hand, and how."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from ml_lifecycle.cli.running import AsJson, Project, print_json

if TYPE_CHECKING:
    from ml_lifecycle.orchestration.runs import RunOutcome

#: Findings of this asset are what the study judges; its gates do not keep it from being made.
_JUDGED = "risk_assessment"


def study_command(project: Project, *, as_json: AsJson = False) -> None:
    """Study whether the problem can be solved with the data at hand; nothing is trained for production."""
    from ml_lifecycle.orchestration.console import print_assets
    from ml_lifecycle.orchestration.site import Site
    from ml_lifecycle.orchestration.status import assets_status

    site = Site.find()
    config = site.project(project)
    with site.instance() as instance:
        outcome = _run(site, instance, config, silent=as_json)
        made = [item for item in assets_status(instance, config, _assets()) if outcome.succeeded]
    if as_json:
        print_json({"run": asdict(outcome), "assets": {item.asset: asdict(item) for item in made}})
    else:
        print_assets(outcome, made)
    if not outcome.succeeded:
        raise typer.Exit(1)


def _assets() -> tuple[str, ...]:
    from ml_lifecycle.orchestration.jobs import DISCOVERY

    return DISCOVERY


def _run(site: Any, instance: Any, config: Any, *, silent: bool) -> "RunOutcome":  # noqa: ANN401 - Dagster's own
    """Make what the study reads, where anything has changed, and then the study."""
    from ml_lifecycle.orchestration.console import StepProgress
    from ml_lifecycle.orchestration.runs import execute, steps_of, with_upstream

    wanted = _assets()
    needed = tuple(item for item in with_upstream(site, config, wanted) if item not in wanted)
    steps = steps_of(site, config, "lifecycle", needed) + len(wanted)
    with StepProgress(f"{config.name} study", steps, silent=silent) as progress:
        outcome = execute(site, instance, config, "lifecycle", assets=needed, watch=progress)
        if outcome.succeeded or (outcome.gates and all(gate.asset == _JUDGED for gate in outcome.gates)):
            outcome = execute(site, instance, config, "discovery", watch=progress)
    return outcome

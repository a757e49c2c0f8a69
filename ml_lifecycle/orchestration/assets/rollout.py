"""The asset that judges a rollout and acts on it, of projects that do not deploy all at once."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import LifecycleError
from ml_lifecycle.orchestration.jobs import ROLLOUT_STATUS, rolls_out
from ml_lifecycle.orchestration.release_records import author_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.show import as_table
from ml_lifecycle.orchestration.step import Made, StepSpec, step


def rollout_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """The status of the rollout; nothing where versions go into production all at once."""
    return [_rollout_status(project)] if rolls_out(project) else []


def _rollout_status(project: ProjectConfig) -> dg.AssetsDefinition:
    spec = StepSpec(ROLLOUT_STATUS, "release", kinds=("table",), after=("deployed_model",), reusable=False)

    @step(project, spec)
    def rollout_status(context: dg.AssetExecutionContext) -> Made:
        """The step that is under way, judged on the prediction log; then it goes on, waits, ends or is rolled back."""
        from ml_lifecycle.monitoring.rollout import Action, RolloutStatus, nothing_to_judge
        from ml_lifecycle.serving.outcomes import collect_outcomes

        workspace = Workspace(project)
        collected = collect_outcomes(project, workspace.home.path, workspace.log)
        began = datetime.now(UTC).replace(tzinfo=None)
        decision, said = _look_and_act(context, workspace)
        status = RolloutStatus.of(workspace.rollouts.history_table(project.name), decision, said)
        context.log.info(said)
        if decision is not None and decision.action is Action.ROLL_BACK:
            _tell(context, workspace, began)
        return Made(
            status,
            verdicts=[nothing_to_judge(said) if decision is None else decision.verdict],
            metadata={
                "said": said,
                "new_outcomes": collected,
                "findings": as_table(status.findings),
                "events": as_table(status.events.iloc[::-1], rows=30),
            },
        )

    return rollout_status


def _tell(context: dg.AssetExecutionContext, workspace: Workspace, began: datetime) -> None:
    """People hear of a rollback; that they could not be reached does not undo it."""
    from ml_lifecycle.orchestration.alert_look import tell_rollbacks

    try:
        tell_rollbacks(workspace, since=began)
    except LifecycleError as error:
        context.log.warning(str(error))


def _look_and_act(context: dg.AssetExecutionContext, workspace: Workspace) -> tuple[Any, str]:
    """What was decided, and what became of it; what a process that died has left undone is done first."""
    from ml_lifecycle.monitoring.rollout_look import act_on, look_at_rollout
    from ml_lifecycle.release.rollout_steps import mend_ledger

    name, ledger, rollouts = workspace.project.name, workspace.ledger, workspace.rollouts
    mend_ledger(name, ledger=ledger, rollouts=rollouts, by=author_of(context))
    look = look_at_rollout(
        workspace.project, registry=workspace.registry, ledger=ledger, rollouts=rollouts, log=workspace.log
    )
    if look is None:
        return None, "no rollout is under way"
    state = act_on(look, registry=workspace.registry, ledger=ledger, rollouts=rollouts, by=author_of(context))
    return look.decision, f"version {state.version}: {state.event.value}, {look.decision.reason}"

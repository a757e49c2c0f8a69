"""A rollout as Dagster sees it, on the small shop: begun by the deployment, judged by the sensor's runs."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import numpy as np

from ml_lifecycle.orchestration.naming import TRIGGER_TAG
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.runs import execute
from ml_lifecycle.release.rollout import Event
from ml_lifecycle.release.rollout_steps import start_rollout
from ml_lifecycle.serving.prediction_log import LoggedPrediction
from ml_lifecycle_tests.small_shop import LOANS, Story, call

_OLD = "0"


def _ask(story: Story, instance: dg.DagsterInstance) -> dg.RunRequest | str:
    """What the sensor says."""
    repository = story.site.definitions.get_repository_def()
    context = dg.build_sensor_context(instance=instance, repository_def=repository)
    tick = repository.get_sensor_def(f"{LOANS}_rollout_step").evaluate_tick(context)
    return tick.run_requests[0] if tick.run_requests else str(tick.skip_message)


def _answer(workspace: Workspace, version: str, role: str, *, worse: bool = False) -> None:
    """Have a hundred rows answered now, or a little later."""
    random, now = np.random.default_rng(int(version)), datetime.now(UTC).replace(tzinfo=None)
    scores = random.beta(8, 2, 400) if worse else random.beta(2, 8, 400)
    workspace.log.append(
        [
            LoggedPrediction(
                *(LOANS, version, f"{version}-{number}", now, {}, "no", float(score)),
                role=role,
                latency_ms=2 + float(random.random()),
                logged_at=now + timedelta(microseconds=number),
            )
            for number, score in enumerate(scores)
        ]
    )


def test_a_version_is_deployed_as_a_canary_and_judged_by_runs(another_shop: Story) -> None:
    """The deployment begins it; the sensor asks for a run when there is something to do; the last step finishes it."""
    rollout = {"strategy": "canary", "steps": [0.5], "min_rows": 50}
    another_shop.shop.edit(LOANS, release={"rollout": rollout})
    workspace = Workspace(another_shop.project)
    workspace.ledger.append(LOANS, "1", "candidate", by="test")
    workspace.ledger.append(LOANS, _OLD, "champion", by="test")
    site, project = another_shop.site, another_shop.project
    with site.instance() as instance:
        assert _ask(another_shop, instance) == "no rollout is under way"
        assert execute(site, instance, project, "rollout").succeeded
        running = workspace.rollouts.running(LOANS)
        assert running is not None
        assert (running.version, running.share, workspace.ledger.champion(LOANS)) == ("1", 0.5, _OLD)
        assert workspace.ledger.state_of(LOANS, "1") == "canary"

        assert isinstance(_ask(another_shop, instance), dg.RunRequest)  # that it waits is not on record yet
        assert execute(site, instance, project, "rollout_step").succeeded
        assert "waits for 50 rows" in str(_ask(another_shop, instance))

        _answer(workspace, _OLD, "champion")
        _answer(workspace, "1", "canary")
        shown = call("rollout", LOANS, "--json").json
        assert (shown["running"]["version"], shown["decision"]["action"]) == ("1", "finish")
        request = _ask(another_shop, instance)
        assert isinstance(request, dg.RunRequest)
        assert request.tags[TRIGGER_TAG] == "rollout_step"
    judged = call("rollout", LOANS, "--judge")
    assert judged.code == 0, judged
    assert workspace.ledger.champion(LOANS) == "1"
    assert "finished" in call("rollout", LOANS).out


def test_a_version_that_answers_otherwise_is_rolled_back(another_shop: Story) -> None:
    """The check warns, the ledger says so, and the champion stays."""
    another_shop.shop.edit(LOANS, release={"rollout": {"strategy": "shadow", "min_rows": 50}})
    workspace = Workspace(another_shop.project)
    workspace.ledger.append(LOANS, _OLD, "champion", by="test")
    rollout = another_shop.project.release.rollout
    start_rollout(LOANS, "1", rollout, ledger=workspace.ledger, rollouts=workspace.rollouts, by="test")
    with another_shop.site.instance() as instance:
        _answer(workspace, _OLD, "champion")
        _answer(workspace, "1", "shadow", worse=True)
        outcome = execute(another_shop.site, instance, another_shop.project, "rollout_step")
    assert outcome.succeeded, outcome
    latest = workspace.rollouts.latest(LOANS)
    assert latest is not None
    assert latest.event is Event.ROLLED_BACK
    assert workspace.ledger.champion(LOANS) == _OLD
    assert workspace.ledger.state_of(LOANS, "1") == "rolled_back"

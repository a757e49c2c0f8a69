"""Tests of the release assets, their jobs and commands, on the small shop: from a candidate that waits and back."""

import dagster as dg
import pytest

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.jobs import RELEASE, candidate_assets, jobs_of
from ml_lifecycle.orchestration.naming import PROJECT_TAG
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.runs import execute
from ml_lifecycle.orchestration.waiting import waiting_candidate
from ml_lifecycle_tests.small_shop import LOANS, Story, call

_APPROVAL = {"required": {"production": ["risk"]}, "roles": {"risk": ["ann"], "audit": ["dan"]}}


@pytest.mark.parametrize("release", [{"promotion": "manual"}, {"approval": _APPROVAL}, {}])
def test_where_a_person_is_asked_the_lifecycle_ends_at_the_candidate(
    project: ProjectConfig, release: dict[str, object]
) -> None:
    """To promote, or to approve; the rollout job does the rest."""
    asked = project.model_copy(update={"release": project.release.model_validate(release)})
    jobs = {verb: _assets(job) for verb, job in jobs_of(asked).items()}
    assert jobs["rollout"] == set(RELEASE)
    wanted = set(candidate_assets(asked)) | (set() if release else set(RELEASE))
    assert wanted <= jobs["lifecycle"]
    assert jobs["retrain"] == wanted


def _assets(job: object) -> set[str]:
    return {key.path[-1] for key in job.selection.selected_keys}


def test_a_candidate_waits_for_its_approval_and_comes_back_by_a_rollback(another_shop: Story) -> None:
    """Rejected in the UI, approved by command, deployed by the sensor's run, rolled back by command.

    Without the rows of production the raw data are read again and are as before, so that nothing made of them is made
    again but the package, whose settings have changed, and its rehearsal.
    """
    changed = {"dataset": {"include_production": False}, "monitoring": {"drift": {"bins": 12}}}
    another_shop.shop.edit(LOANS, release={"approval": _APPROVAL}, **changed)
    Workspace(another_shop.project).ledger.append(LOANS, "1", "retired", by="test")
    done = call("run", LOANS, "--json")
    assert done.code == 0, done.json["run"]
    assert done.json["run"]["computed"] == ["raw_data", "data_audit", "model_package", "staged_model"]
    assert (done.json["status"]["champion"], done.json["status"]["candidate"]) == (None, "2")
    _reject_in_the_ui(another_shop)
    assert "not the candidate" in call("approve", LOANS, "--who", "ann", "--why", "fine", "--version", "1").said
    assert "may not speak" in call("approve", LOANS, "--who", "eve", "--why", "fine").said
    approved = call("approve", LOANS, "--who", "ann", "--why", "fine", "--version", "2", "--json")
    assert (approved.code, approved.json["approved"]) == (0, True)
    _roll_out(another_shop)
    _roll_back(another_shop)


def _reject_in_the_ui(shop: Story) -> None:
    """Materialised with who and why; the run has done what it was asked, and nothing is deployed."""
    job = shop.site.definitions.resolve_implicit_global_asset_job_def()
    said = {"who": "dan", "decision": "reject", "why": "a gap"}
    with shop.site.instance() as instance:
        assert "has not approved it" in waiting_candidate(instance, shop.project).reason
        made = job.execute_in_process(
            instance=instance,
            asset_selection=[dg.AssetKey([LOANS, "production_approval"])],
            run_config={"ops": {f"{LOANS}__production_approval": {"config": said}}},
            tags={PROJECT_TAG: LOANS},
        )
        assert made.success
        (judged,) = made.get_asset_check_evaluations()
        assert (judged.passed, judged.severity) == (False, dg.AssetCheckSeverity.WARN)
        assert "dan (audit) rejected it: a gap" in str(judged.description)
        assert waiting_candidate(instance, shop.project).reason == "no candidate waits"
        # Without a word, the same run is stopped by the gate, as the rollout job is.
        refused = execute(shop.site, instance, shop.project, "rollout")
        assert [item.verdict.gate for item in refused.gates] == ["approved"]


def _roll_out(shop: Story) -> None:
    """The sensor asks for the run as soon as the approval is there; the record names who gave it."""
    repository = shop.site.definitions.get_repository_def()
    with shop.site.instance() as instance:
        context = dg.build_sensor_context(instance=instance, repository_def=repository)
        (request,) = repository.get_sensor_def(f"{LOANS}_rollout").evaluate_tick(context).run_requests
        assert str(request.run_key).startswith(f"{LOANS}:rollout:2:")
        outcome = execute(shop.site, instance, shop.project, "rollout")
        assert outcome.succeeded, outcome
        assert set(outcome.computed) == set(RELEASE)
        assert waiting_candidate(instance, shop.project).version is None
        event = instance.get_latest_materialization_event(dg.AssetKey([LOANS, "deployed_model"]))
    workspace = Workspace(shop.project)
    assert workspace.ledger.champion(LOANS) == "2"
    states = [item.state.value for item in workspace.ledger.history(LOANS) if item.version == "2"]
    assert states == ["candidate", "staged", "rejected", "challenger", "approved", "champion"]
    told = event.asset_materialization.metadata
    assert [item["who"] for item in told["approvals"].value] == ["ann"]
    assert workspace.ledger.verify(until=told["ledger_head"].value).intact


def _roll_back(shop: Story) -> None:
    """The version of before is in production; the one that was taken back does not return by itself."""
    done = call("rollback", LOANS, "--why", "refusals", "--who", "ann", "--json")
    assert (done.code, done.json["version"], done.json["left"]) == (0, "1", "2"), done.said
    with shop.site.instance() as instance:
        seen = instance.fetch_observations(dg.AssetKey([LOANS, "deployed_model"]), limit=1).records
        assert seen[0].asset_observation.metadata["rolled_back"].value == "2"
        refused = execute(shop.site, instance, shop.project, "rollout")
        assert "rolled_back" in refused.failure
    assert call("rollback", LOANS).code == 2
    listed = call("releases", LOANS, "--verify", "--json")
    assert (listed.code, listed.json["champion"]) == (0, "1")
    assert [item["said"] for item in listed.json["approvals"]] == ["reject", "approve"]
    assert listed.json["verified"]["ledger"]["intact"]
    assert "refusals" in call("releases", LOANS).out

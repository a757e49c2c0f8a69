"""Tests of `ml_lifecycle.orchestration.assets.release` and of the jobs where a person promotes, on the small shop."""

from ml_lifecycle.orchestration.findings import waiting_candidate
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.runs import execute
from ml_lifecycle_tests.small_shop import LOANS, Story, call


def test_where_a_person_promotes_the_lifecycle_ends_at_the_candidate(another_shop: Story) -> None:
    """The rollout job deploys it then, on the verdicts on record.

    Without the rows of production the raw data are read again and are as before, so that nothing made of them is made
    again but the package, whose settings have changed.
    """
    changed = {"dataset": {"include_production": False}, "monitoring": {"drift": {"bins": 12}}}
    another_shop.shop.edit(LOANS, release={"promotion": "manual"}, **changed)
    Workspace(another_shop.project).ledger.append(LOANS, "1", "retired", by="test")
    done = call("run", LOANS, "--json")
    assert done.code == 0, done.json["run"]
    assert done.json["run"]["computed"] == ["raw_data", "data_audit", "model_package"]
    assert (done.json["status"]["champion"], done.json["status"]["candidate"]) == (None, "2")
    site, project = another_shop.site, another_shop.project
    with site.instance() as instance:
        assert waiting_candidate(instance, project).version == "2"
        outcome = execute(site, instance, project, "rollout")
        assert outcome.succeeded, outcome
        assert set(outcome.computed) == {"deployed_model", "model_card"}
        assert waiting_candidate(instance, project).version is None
    assert Workspace(project).ledger.champion(LOANS) == "2"

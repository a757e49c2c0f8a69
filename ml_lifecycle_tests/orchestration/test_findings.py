"""Tests of `ml_lifecycle.orchestration.findings`, on the story of the small shop."""

from datetime import UTC, datetime

import dagster as dg

from ml_lifecycle.orchestration.alert_findings import alerts_since
from ml_lifecycle.orchestration.checks import CHECKPOINTS
from ml_lifecycle.orchestration.findings import decide_retraining, findings_of, new_labels
from ml_lifecycle.orchestration.gate_records import all_verdicts, gate_verdicts, lineage_of
from ml_lifecycle.orchestration.jobs import candidate_assets
from ml_lifecycle.orchestration.naming import FINDING_TAG
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.waiting import waiting_candidate
from ml_lifecycle_tests.small_shop import BROKEN, DRIFTED_DAYS, RecordRun, Story, add_run

_LONG_AGO = "2000-01-01T00:00:00+00:00"


def test_findings_of_drift_and_performance_are_put_together(story: Story, instance: dg.DagsterInstance) -> None:
    """One finding per window, oldest first."""
    found = findings_of(instance, story.project)
    assert [item.window for item in found] == [str(day) for day in DRIFTED_DAYS]
    assert all(item.drifted and item.performance_lost and item.model_version == "1" for item in found)


def test_two_findings_and_enough_outcomes_are_reason_to_retrain(story: Story, instance: dg.DagsterInstance) -> None:
    """The run key names version, window and attempt."""
    assert new_labels(Workspace(story.project), story.project) >= story.project.monitoring.retrain.min_new_labels
    decision = decide_retraining(instance, story.project)
    assert decision.retrain, decision.reason
    assert decision.trigger == "drift+performance"
    assert decision.run_key == f"loans:1:{DRIFTED_DAYS[1]}:1"


def test_nothing_is_started_while_a_run_is_queued(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun
) -> None:
    """Nor is a candidate deployed into it."""
    record_run("lifecycle", dg.DagsterRunStatus.QUEUED)
    decision = decide_retraining(instance, story.project)
    assert not decision.retrain
    assert "queued or under way" in decision.reason


def test_a_handled_finding_starts_nothing_more(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun
) -> None:
    """Whatever became of the retraining, as long as it did not crash."""
    record_run("retrain", dg.DagsterRunStatus.SUCCESS, {FINDING_TAG: f"1:{DRIFTED_DAYS[1]}"})
    assert not decide_retraining(instance, story.project).retrain


def test_a_crashed_retraining_is_tried_again_and_then_left_to_people(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun
) -> None:
    """As often as max_attempts says."""
    finding = {FINDING_TAG: f"1:{DRIFTED_DAYS[1]}"}
    record_run("retrain", dg.DagsterRunStatus.FAILURE, finding)
    again = decide_retraining(instance, story.project)
    assert again.run_key == f"loans:1:{DRIFTED_DAYS[1]}:2"
    record_run("retrain", dg.DagsterRunStatus.FAILURE, finding)
    assert "left to people" in decide_retraining(instance, story.project).reason


def test_a_project_that_never_ran_has_nothing_to_decide(story: Story, instance: dg.DagsterInstance) -> None:
    """No champion, no findings, no candidate."""
    broken = story.site.project(BROKEN)
    assert findings_of(instance, broken) == []
    assert decide_retraining(instance, broken).reason == "no version is in production"
    assert waiting_candidate(instance, broken).reason == "no candidate waits"


def test_a_candidate_waits_while_a_run_is_under_way(another_shop: Story) -> None:
    """That run will deploy it, or not."""
    project = another_shop.project
    Workspace(project).ledger.append(project.name, "2", "candidate", by="test")
    with another_shop.site.instance() as instance:
        assert waiting_candidate(instance, project).version == "2"
        add_run(instance, "lifecycle", dg.DagsterRunStatus.STARTED)
        assert "under way" in waiting_candidate(instance, project).reason


def test_verdicts_and_lineage_are_those_of_the_candidate(story: Story, instance: dg.DagsterInstance) -> None:
    """Every blocking gate has an answer; so has every one that warns."""
    gates = gate_verdicts(instance, story.project)
    blocking = {(asset, item.name) for asset, items in CHECKPOINTS.items() for item in items if item.blocking}
    assert set(gates) == {f"{asset}.{name}" for asset, name in blocking if asset in candidate_assets(story.project)}
    assert all(verdict is not None and verdict.passed for verdict in gates.values())
    assert set(all_verdicts(instance, story.project)) > set(gates)
    assert set(lineage_of(instance, story.project, without="model_package")) == set(candidate_assets(story.project)) - {
        "model_package",
        "staged_model",
    }


def test_an_alert_tells_which_gate_stopped_what(story: Story, instance: dg.DagsterInstance) -> None:
    """With the gate's facts and advice, once: the cursor moves on."""
    broken = story.site.project(BROKEN)
    alerts, cursor = alerts_since(instance, broken, _LONG_AGO)
    gates = [alert for alert in alerts if "a gate stopped broken_lifecycle" in alert.title]
    assert len(gates) == 1
    assert "raw_data.not_empty: 0 rows" in gates[0].body
    assert "dataset.sources" in gates[0].what_to_do
    assert alerts_since(instance, broken, cursor) == ([], cursor)


def test_an_alert_tells_of_a_run_that_crashed(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun
) -> None:
    """Another project's failures are not its own, and an old one is not told at the first look."""
    run = record_run("retrain", dg.DagsterRunStatus.STARTED)
    began = datetime.now(UTC).isoformat()
    instance.report_run_failed(run, message="the machine was switched off")
    (alert,), _ = alerts_since(instance, story.project, began)
    assert alert.title == "loans: loans_retrain failed"
    assert alert.run_id == run.run_id
    assert "switched off" in alert.body
    assert alerts_since(instance, story.project, None)[0] == []
    assert alerts_since(instance, story.site.project(BROKEN), began)[0] == []

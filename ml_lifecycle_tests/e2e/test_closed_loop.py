"""The circle closes by itself: drift, sensor, retraining, promotion, with Dagster's real daemon, which is killed twice.

A copy of the small shop, whose model has just met two days on which everything was repaid against the rule.
"""

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterRunStatus

import ml_lifecycle
from ml_lifecycle.orchestration.data_versions import read_latest
from ml_lifecycle.orchestration.failed_runs import failed_gates
from ml_lifecycle.orchestration.naming import FINDING_TAG, TRIGGER_TAG
from ml_lifecycle.orchestration.project_runs import IN_PROGRESS, runs_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle_tests.e2e.daemon import Daemon, daemon_of, let_ticks_follow
from ml_lifecycle_tests.small_shop import DRIFTED_DAYS, LOANS, Story, call, deliver_changed

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

_SECONDS = 240  # of patience on a busy machine; alone it takes a tenth
_CHANGED_DAYS = (date(2025, 10, 3), date(2025, 10, 4))
_ROWS = 750
_TRIALS = 12
_COMPLETE = 1
_SHIPPED_SETTINGS = Path(ml_lifecycle.__file__).parents[1] / "dagster.yaml"


@pytest.fixture
def shop(another_shop: Story) -> Story:
    """The shop with a search that is long enough to be interrupted, and no pause between retrainings.

    Dagster is set up as the shipped dagster.yaml says. The model is not made smaller, which is tried elsewhere.
    """
    shutil.copy(_SHIPPED_SETTINGS, another_shop.shop.root)
    let_ticks_follow(another_shop.shop)
    another_shop.shop.edit(
        LOANS,
        modeling={"search": {"trials": _TRIALS, "seconds": 60}, "optimize": {"variants": []}},
        monitoring={"retrain": {"cooldown_windows": 0, "windows_considered": 2}},
    )
    return another_shop


@pytest.fixture
def instance(shop: Story) -> Iterator[dg.DagsterInstance]:
    """Dagster's instance in that shop."""
    with shop.site.instance() as opened:
        yield opened


def _retrainings(shop: Story, instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Oldest first."""
    return runs_of(instance, shop.project, "retrain")[::-1]


def _ended(shop: Story, instance: dg.DagsterInstance, count: int) -> bool:
    runs = _retrainings(shop, instance)
    return len(runs) >= count and all(run.status not in IN_PROGRESS for run in runs)


def _trials_done(shop: Story, since: int) -> int:
    """Trials that the study has finished since it was so long."""
    journal: Path = shop.shop.home / "studies" / f"{LOANS}.journal"
    lines = journal.read_text(encoding="utf-8").splitlines()[since:] if journal.exists() else []
    return sum(json.loads(line).get("state") == _COMPLETE for line in lines if line.endswith("}") and "state" in line)


def _lines(shop: Story) -> int:
    return len((shop.shop.home / "studies" / f"{LOANS}.journal").read_text(encoding="utf-8").splitlines())


def _resumed(instance: dg.DagsterInstance) -> int:
    event = instance.get_latest_materialization_event(dg.AssetKey([LOANS, "tuned_model"]))
    assert event is not None
    assert event.asset_materialization is not None
    return int(str(event.asset_materialization.metadata["resumed_trials"].value))


def test_the_loop_closes_by_itself_through_crashes(shop: Story, instance: dg.DagsterInstance) -> None:
    """Nothing is missed, nothing repeated, what was poisoned is kept out, and what is better goes in."""
    before = _lines(shop)
    with daemon_of(shop.shop) as daemon:
        daemon.wait_until(lambda: _trials_done(shop, before) >= 2, _SECONDS)
        daemon.kill()
        _crashed_once(shop, instance)
        daemon.start()
        daemon.wait_until(lambda: _ended(shop, instance, 2), _SECONDS)
        _poison_was_kept_out(shop, instance)
        _change_the_world(shop)
        daemon.wait_until(lambda: _ended(shop, instance, 3), _SECONDS)
        _better_model_went_in(shop, instance)
        daemon.kill()
        daemon.start()
        _another_tick(daemon, instance)
    assert len(_retrainings(shop, instance)) == 3


def _crashed_once(shop: Story, instance: dg.DagsterInstance) -> None:
    """Several ticks have started one run, for the finding that was there before the daemon."""
    (run,) = _retrainings(shop, instance)
    assert run.status is DagsterRunStatus.STARTED
    assert run.tags[FINDING_TAG] == f"1:{DRIFTED_DAYS[1]}"
    assert run.tags[TRIGGER_TAG] == "drift+performance"
    assert run.tags["dagster/priority"] == "10"


def _poison_was_kept_out(shop: Story, instance: dg.DagsterInstance) -> None:
    """The crashed run is closed, a second attempt went on with its search, and a gate has stopped it."""
    first, second = _retrainings(shop, instance)
    assert first.status is DagsterRunStatus.FAILURE
    assert second.tags["dagster/run_key"] == f"{LOANS}:1:{DRIFTED_DAYS[1]}:2"
    assert _resumed(instance) >= 2
    assert failed_gates(instance, second.run_id)
    assert Workspace(shop.project).ledger.champion(LOANS) == "1"


def _change_the_world(shop: Story) -> None:
    for day in _CHANGED_DAYS:
        deliver_changed(shop.shop, day, _ROWS)
        done = call("monitor", LOANS, "--window", str(day))
        assert done.code == 0, done.said[-3000:]


def _better_model_went_in(shop: Story, instance: dg.DagsterInstance) -> None:
    run = _retrainings(shop, instance)[-1]
    gates = [verdict.summary for _, verdict in failed_gates(instance, run.run_id)]
    assert run.status is DagsterRunStatus.SUCCESS, gates
    assert Workspace(shop.project).ledger.champion(LOANS) != "1"
    comparison = read_latest(instance, shop.project, "model_comparison")
    decided = {item.part: item for item in comparison.standings}["newest"]
    assert decided.decides
    assert decided.low is not None
    assert decided.low > 0
    assert {item.part for item in comparison.standings} >= {"newest", "unseen", "tested"}
    assert any("old test rows are left out" in note for note in comparison.notes)


def _another_tick(daemon: Daemon, instance: dg.DagsterInstance) -> None:
    """The sensor looks again after the daemon has come back."""
    began = time.time()

    def looked() -> bool:
        states = [state for state in instance.all_instigator_state() if state.instigator_name.endswith("on_drift")]
        found = [state.instigator_data for state in states]
        return any(getattr(data, "last_tick_timestamp", None) and data.last_tick_timestamp > began for data in found)

    daemon.wait_until(looked, _SECONDS)


def test_a_killed_retraining_goes_on_where_it_was(shop: Story, instance: dg.DagsterInstance) -> None:
    """Also where the command runs it: the trials that were done are not done again."""
    before, site = _lines(shop), shop.shop
    command = site.command("retrain", LOANS, "--trigger", "drift", "--priority", "high")
    process = subprocess.Popen(command, cwd=site.root, env=site.environment(), stdout=subprocess.DEVNULL)
    until = time.monotonic() + _SECONDS
    while _trials_done(shop, before) < 2 and time.monotonic() < until:
        assert process.poll() is None, "the retraining ended before it could be killed"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = call("retrain", LOANS, "--trigger", "drift", "--priority", "high", "--json")
    first, second = _retrainings(shop, instance)
    assert first.status is DagsterRunStatus.FAILURE
    assert _resumed(instance) >= 2
    assert done.json["run"]["gates"], "labels that are turned round teach nothing that is let through"
    assert second.tags[FINDING_TAG] == f"1:{DRIFTED_DAYS[1]}"
    assert second.tags["dagster/priority"] == "10"

"""What a user does wrong, or the machine: a clear message, the right exit code, and nothing lost."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from ml_lifecycle.orchestration.lake import Lake, LakeRecord
from ml_lifecycle.orchestration.site import Site
from ml_lifecycle_tests.e2e.conftest import table
from ml_lifecycle_tests.site_folder import Finished, SiteFolder
from ml_lifecycle_tests.small_shop import call, living_in

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Tried:
    """A project whose first run found no table, which is enough to make its state folder."""

    site: SiteFolder
    said: Finished


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> SiteFolder:
    """A project that was drafted and not run."""
    made = SiteFolder.make(tmp_path_factory.mktemp("drafted"))
    data = made.root / "table.csv"
    table().to_csv(data, index=False)
    with living_in(made):
        done = call("init", "tiny", "--data", str(data), "--target", "bought")
    assert done.code == 0, done.said
    made.edit("tiny", modeling={"search": {"trials": 2, "seconds": 5}, "max_trees": 60}, evaluation={"bootstrap": 50})
    return made


@pytest.fixture(scope="module")
def tried(drafted: SiteFolder, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """Copies of it are quick to make, where a database for each test is not."""
    site = _copy(drafted, tmp_path_factory.mktemp("tried"))
    (site.root / "table.csv").unlink()
    with living_in(site):
        return Tried(site, call("run", "tiny"))


@pytest.fixture
def site(tried: Tried, tmp_path: Path) -> Iterator[SiteFolder]:
    """A project of the test's own, whose table is still missing, and this process in its folder."""
    copied = _copy(tried.site, tmp_path)
    with living_in(copied):
        yield copied


@pytest.fixture
def untouched(drafted: SiteFolder, tmp_path: Path) -> Iterator[SiteFolder]:
    """A project of the test's own without a state folder, and this process in its folder."""
    copied = _copy(drafted, tmp_path)
    with living_in(copied):
        yield copied


def _copy(site: SiteFolder, target: Path) -> SiteFolder:
    shutil.copytree(site.root, target, dirs_exist_ok=True)
    return SiteFolder(target)


def _stopped() -> str:
    """Run, expect it to stop with exit code 1, give what was said."""
    done = call("run", "tiny")
    assert done.code == 1, done.said[-3000:]
    return done.said


def test_a_missing_file_is_named(tried: Tried) -> None:
    """With the whole path that was looked for and what to do."""
    assert tried.said.code == 1
    assert str(tried.site.root / "table.csv") in tried.said.said
    assert "correct dataset.sources" in tried.said.said


def test_an_empty_file_is_named(site: SiteFolder) -> None:
    """No row and no header."""
    (site.root / "table.csv").write_text("")
    said = _stopped()
    assert "table.csv is empty" in said
    assert "What to do" in said


def test_a_table_without_rows_stops_at_its_gate(site: SiteFolder) -> None:
    """A header alone is a table, but nothing to learn from."""
    (site.root / "table.csv").write_text(",".join(table().columns) + "\n")
    assert "raw_data.not_empty stopped the run" in _stopped()


def test_init_refuses_an_unknown_target(untouched: SiteFolder) -> None:
    """The nearest column is suggested, the exit code is that of wrong use, and nothing is written."""
    done = call("init", "other", "--data", "table.csv", "--target", "bougth")
    assert done.code == 2
    assert done.said.endswith("What to do: did you mean 'bought'?")
    assert not untouched.yaml_path("other").parent.exists()


def test_run_names_an_unknown_target(site: SiteFolder) -> None:
    """A typo in the YAML that pydantic cannot see."""
    table().to_csv(site.root / "table.csv", index=False)
    site.edit("tiny", brief={"target": "bougth"})
    said = _stopped()
    assert "bougth" in said
    assert "What to do" in said


def test_a_target_with_one_class_cannot_be_learnt(site: SiteFolder) -> None:
    """Said before anything is trained."""
    table().assign(bought="yes").to_csv(site.root / "table.csv", index=False)
    assert "train holds 1 class, at least 2 are needed" in _stopped()


def test_a_column_that_vanished_stops_at_the_schema(site: SiteFolder) -> None:
    """The gate names the column and what was expected of it."""
    table().drop(columns="price").to_csv(site.root / "table.csv", index=False)
    said = _stopped()
    assert "validated_data.schema_valid stopped the run" in said
    assert "price: expected a column of type float64, got no such column" in said


def test_a_column_that_changed_its_type_stops_at_the_schema(site: SiteFolder) -> None:
    """Numbers became words."""
    table().assign(price="cheap").to_csv(site.root / "table.csv", index=False)
    said = _stopped()
    assert "validated_data.schema_valid stopped the run" in said
    assert "price: expected float64" in said


def test_when_every_row_is_quarantined_the_gate_says_so_and_the_rows_are_kept(site: SiteFolder) -> None:
    """Each row is found in the quarantine with its reason."""
    table().assign(colour="infrared").to_csv(site.root / "table.csv", index=False)
    assert "validated_data.quarantine_share stopped the run: 800 of 800 rows" in _stopped()
    rows = Lake(site.home / "lake").read(("tiny", "quarantined_rows"), LakeRecord("frame", {"frame": 0}, None))
    assert rows["_row_id"].nunique() == len(table())
    assert set(rows["column"]) == {"colour"}


def test_a_typo_in_the_yaml_is_shown_with_file_and_key(untouched: SiteFolder) -> None:
    """Exit code 2: nothing was run, not even the state folder was made."""
    untouched.edit("tiny", modeling={"famly": "lightgbm"})
    done = call("run", "tiny")
    assert done.code == 2
    assert "attributes.modeling.famly at" in done.said
    assert "defs.yaml:" in done.said
    assert "there is no such key (came: 'lightgbm')" in done.said
    assert "pydantic" not in done.said
    assert not untouched.home.exists()


def test_keys_that_do_not_fit_together_are_refused_before_anything_runs(untouched: SiteFolder) -> None:
    """Exit code 2, with what was expected, what came and what to do; not even the state folder was made."""
    untouched.edit("tiny", modeling={"intervals": 0.9, "parameters": {"num_leafs": 7}})
    done = call("run", "tiny")
    assert done.code == 2
    assert (
        "modeling.intervals: expected it with a regression only, got brief.task: classification (remove it" in done.said
    )
    assert "modeling.parameters.num_leafs" in done.said
    assert "did you mean 'num_leaves'?" in done.said
    assert str(untouched.yaml_path("tiny")) in done.said
    assert not untouched.home.exists()


def test_an_unknown_project_is_answered_with_those_there_are(untouched: SiteFolder) -> None:
    """And how to make one."""
    done = call("run", "tinny")
    assert done.code == 2
    assert "expected one of ['tiny']" in done.said
    assert "ml-lifecycle init" in done.said
    assert not untouched.home.exists()


def test_init_does_not_overwrite(untouched: SiteFolder) -> None:
    """What a person has edited stays."""
    before = untouched.yaml_path("tiny").read_text()
    done = call("init", "tiny", "--data", "table.csv", "--target", "bought")
    assert done.code == 2
    assert untouched.yaml_path("tiny").read_text() == before


@pytest.mark.parametrize("place", ["", "mlflow", "lake", "dagster/history", "service.db/in the way"])
def test_a_state_folder_that_cannot_be_written_stops_the_command(untouched: SiteFolder, place: str) -> None:
    """A file stands where a folder should be, or the reverse: exit code 2, for no run has begun."""
    _obstruct(untouched.home / place)
    done = call("run", "tiny")
    assert done.code == 2, done.said
    assert str(untouched.home) in done.said
    assert "StateError" in done.said
    assert "What to do: mend the folder's permissions" in done.said or "What to do: mend its permissions" in done.said


@pytest.mark.parametrize(
    ("place", "store"),
    [("mlflow/mlflow.db", "MLflow's store cannot be opened"), ("lake/tiny", "the lake cannot be written")],
)
def test_a_store_that_fails_a_run_is_named(untouched: SiteFolder, place: str, store: str) -> None:
    """Without the names of our classes or the text of a statement, and the run is on record."""
    _obstruct(untouched.home / place)
    said = _stopped()
    assert f"{store}: expected" in said
    assert str(untouched.home / place) in said
    assert "SELECT" not in said
    assert "ml_lifecycle.errors" not in said
    assert [run["status"] for run in call("status", "tiny", "--json").json["runs"]] == ["FAILURE"]


def test_a_server_of_mlflow_that_does_not_answer_is_named(
    untouched: SiteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Soon, and not after minutes of trying."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    said = _stopped()
    assert "MLflow's store cannot be opened: expected a usable MLflow at http://127.0.0.1:9" in said
    assert untouched.home.exists()


def _obstruct(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("in the way, and no database either. " * 100, encoding="utf-8")


@dataclass(frozen=True)
class Mishaps:
    """One project's bad day: a run is killed, the next goes on while a second is tried, then the table loses a column.

    Args:
        site: Where it happened.
        trials: Trials that had been finished when the first run was killed.
        resumed: How the next run ended.
        second: How the run ended that was tried beside it.
        broken: How the run on the broken table ended.
    """

    site: SiteFolder
    trials: int
    resumed: Finished
    second: Finished
    broken: Finished


@pytest.fixture(scope="module")
def mishaps(drafted: SiteFolder, tmp_path_factory: pytest.TempPathFactory) -> Mishaps:
    """Real processes, for a killed one cannot be played."""
    site = _copy(drafted, tmp_path_factory.mktemp("mishaps"))
    site.edit("tiny", modeling={"search": {"trials": 400, "seconds": 60}})
    killed = _start(site)
    _wait(lambda: _trials(site) >= 3)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    trials = _trials(site)
    # By trials, not by seconds: a process that dies while it writes leaves the journal locked for half a minute.
    site.edit("tiny", modeling={"search": {"trials": trials + 40}})
    process = _start(site)
    _wait(lambda: _trials(site) > trials)
    with living_in(site):
        second = call("run", "tiny")
        out, err = process.communicate(timeout=240)
        table().drop(columns="price").to_csv(site.root / "table.csv", index=False)
        return Mishaps(site, trials, Finished(process.returncode, out, err), second, call("run", "tiny"))


def _start(site: SiteFolder) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        site.command("run", "tiny", "--json"),
        cwd=site.root,
        env=site.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _trials(site: SiteFolder) -> int:
    """Trials that a journal holds as finished."""
    lines = (line for path in (site.home / "studies").glob("*.journal") for line in path.read_text().splitlines())
    return sum('"op_code":6' in line and '"state":1' in line for line in lines)


def _wait(there: Callable[[], bool], seconds: float = 180) -> None:
    until = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.1)


def test_after_a_killed_run_the_next_goes_on(mishaps: Mishaps) -> None:
    """What was finished is not computed again, and the search begins where the dead process stopped."""
    assert mishaps.resumed.code == 0, mishaps.resumed.said[-3000:]
    run = mishaps.resumed.json["run"]
    assert {"problem_brief", "raw_data", "data_splits"} <= set(run["reused"])
    assert "tuned_model" in run["computed"]
    with living_in(mishaps.site), Site.find().instance() as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["tiny", "tuned_model"]))
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["resumed_trials"].value >= mishaps.trials >= 3


def test_a_killed_run_is_recorded_as_failed(mishaps: Mishaps) -> None:
    """In Dagster as failed, in MLflow as killed: neither shows it as running for ever."""
    from mlflow import MlflowClient

    went_on, dead = mishaps.resumed.json["status"]["runs"]
    assert (went_on["status"], dead["status"]) == ("SUCCESS", "FAILURE")
    client = MlflowClient(f"sqlite:///{mishaps.site.home}/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("tiny")
    found = {run.data.tags["dagster_run_id"]: run.info.status for run in client.search_runs([experiment.experiment_id])}
    assert found[went_on["run_id"]] == "FINISHED"
    assert found[dead["run_id"]] == "KILLED"


def test_two_runs_at_once_are_refused(mishaps: Mishaps) -> None:
    """The second is told that the project is being worked on, and the first is not disturbed."""
    assert mishaps.second.code == 2
    assert "BusyError: project 'tiny' is being worked on" in mishaps.second.said
    assert "What to do: wait for it to end" in mishaps.second.said
    assert mishaps.resumed.json["status"]["champion"] == "1"


def test_a_failed_run_leaves_the_last_good_version_in_production(mishaps: Mishaps) -> None:
    """New data that breaks the schema stops the run; the champion of before goes on serving."""
    assert mishaps.broken.code == 1
    assert "validated_data.schema_valid stopped the run" in mishaps.broken.said
    with living_in(mishaps.site):
        status = call("status", "tiny", "--json").json
    assert status["champion"] == "1"
    assert [run["status"] for run in status["runs"]] == ["FAILURE", "SUCCESS", "FAILURE"]

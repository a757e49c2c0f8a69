"""What a user does wrong, or the machine: a clear message, the right exit code, and nothing lost."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest

from ml_lifecycle_tests.e2e.conftest import table
from ml_lifecycle_tests.site_folder import SiteFolder

pytestmark = pytest.mark.e2e


def _stopped(site: SiteFolder) -> str:
    """Run, expect it to stop with exit code 1, give what was said."""
    done = site.call("run", "tiny")
    assert done.code == 1, done.said[-3000:]
    return done.said


def test_a_missing_file_is_named(site: SiteFolder) -> None:
    """The path that was looked for is in the message."""
    (site.root / "table.csv").unlink()
    assert "table.csv" in _stopped(site)


def test_an_empty_file_is_named(site: SiteFolder) -> None:
    """No row and no header."""
    (site.root / "table.csv").write_text("")
    assert "empty" in _stopped(site)


def test_a_table_without_rows_stops_at_its_gate(site: SiteFolder) -> None:
    """A header alone is a table, but nothing to learn from."""
    (site.root / "table.csv").write_text(",".join(table().columns) + "\n")
    assert "not_empty" in _stopped(site)


def test_init_refuses_an_unknown_target(site: SiteFolder) -> None:
    """The nearest column is suggested, the exit code is that of wrong use."""
    done = site.call("init", "other", "--data", "table.csv", "--target", "bougth")
    assert done.code == 2
    assert "bought" in done.said


def test_run_names_an_unknown_target(site: SiteFolder) -> None:
    """A typo in the YAML that pydantic cannot see."""
    site.edit("tiny", brief={"target": "bougth"})
    assert "bougth" in _stopped(site)


def test_a_target_with_one_class_cannot_be_learnt(site: SiteFolder) -> None:
    """Said before anything is trained."""
    table().assign(bought="yes").to_csv(site.root / "table.csv", index=False)
    assert "class" in _stopped(site)


def test_a_column_that_vanished_stops_at_the_schema(site: SiteFolder) -> None:
    """The gate names the column."""
    table().drop(columns="price").to_csv(site.root / "table.csv", index=False)
    said = _stopped(site)
    assert "schema_valid" in said
    assert "price" in said


def test_a_column_that_changed_its_type_stops_at_the_schema(site: SiteFolder) -> None:
    """Numbers became words."""
    table().assign(price="cheap").to_csv(site.root / "table.csv", index=False)
    said = _stopped(site)
    assert "schema_valid" in said
    assert "price" in said


def test_when_every_row_is_quarantined_the_gate_says_so_and_the_rows_are_kept(site: SiteFolder) -> None:
    """Each row is found in the quarantine with its reason."""
    table().assign(colour="infrared").to_csv(site.root / "table.csv", index=False)
    said = _stopped(site)
    assert "quarantine_share" in said
    from ml_lifecycle.orchestration.lake import Lake, LakeRecord

    record = LakeRecord("frame", {"frame": 0}, None)
    rows = Lake(site.home / "lake").read(("tiny", "quarantined_rows"), record)
    assert rows["_row_id"].nunique() == len(table())
    assert set(rows["column"]) == {"colour"}


def test_a_typo_in_the_yaml_is_shown_with_file_and_key(site: SiteFolder) -> None:
    """Exit code 2: nothing was run."""
    site.edit("tiny", modeling={"famly": "lightgbm"})
    done = site.call("run", "tiny")
    assert done.code == 2
    assert "defs.yaml" in done.said
    assert "famly" in done.said


def test_an_unknown_project_is_answered_with_those_there_are(site: SiteFolder) -> None:
    """And how to make one."""
    done = site.call("run", "tinny")
    assert done.code == 2
    assert "tiny" in done.said
    assert "ml-lifecycle init" in done.said


def test_init_does_not_overwrite(site: SiteFolder) -> None:
    """What a person has edited stays."""
    before = site.yaml_path("tiny").read_text()
    done = site.call("init", "tiny", "--data", "table.csv", "--target", "bought")
    assert done.code == 2
    assert site.yaml_path("tiny").read_text() == before


@pytest.mark.parametrize("part", ["mlflow", "lake"])
def test_a_store_that_cannot_be_written_is_named(site: SiteFolder, part: str) -> None:
    """A file stands where a folder should be."""
    site.home.mkdir()
    (site.home / part).write_text("in the way")
    done = site.call("run", "tiny")
    assert done.code in {1, 2}
    assert "cannot be" in done.said
    assert str(site.home) in done.said


def test_a_killed_run_is_closed_and_the_next_goes_on(site: SiteFolder) -> None:
    """What was finished is not computed again, the dead run is recorded as failed, and the search resumes."""
    site.edit("tiny", modeling={"search": {"trials": 400, "seconds": 60}})
    process = subprocess.Popen(
        site.command("run", "tiny", "--json"),
        cwd=site.root,
        env=site.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _wait_for(site.home / "studies", lambda: _trials(site) >= 3)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = _trials(site)
    site.edit("tiny", modeling={"search": {"trials": 400, "seconds": 3}})
    done = site.call("run", "tiny", "--json")
    assert done.code == 0, done.said[-3000:]
    assert "raw_data" in done.json["run"]["reused"]
    assert "tuned_model" in done.json["run"]["computed"]
    assert {run["status"] for run in done.json["status"]["runs"]} == {"SUCCESS", "FAILURE"}
    assert before >= 3


def _trials(site: SiteFolder) -> int:
    """Trials that a journal holds as finished."""
    lines = (line for path in (site.home / "studies").glob("**/*.journal") for line in path.read_text().splitlines())
    return sum('"op_code": 6' in line or '"op_code":6' in line for line in lines)


def _wait_for(what: Path, there: "object", seconds: float = 90) -> None:
    assert callable(there)
    until = time.monotonic() + seconds
    while not (what.exists() and there()):
        assert time.monotonic() < until, f"{what} did not come"
        time.sleep(0.2)


def test_two_runs_at_once_are_refused(site: SiteFolder) -> None:
    """The second says who holds the project, and the first is not disturbed."""
    site.edit("tiny", modeling={"search": {"trials": 400, "seconds": 6}})
    first = subprocess.Popen(
        site.command("run", "tiny", "--json"),
        cwd=site.root,
        env=site.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _wait_for(site.home / "studies", lambda: any((site.home / "studies").iterdir()))
    second = site.call("run", "tiny")
    out, err = first.communicate(timeout=120)
    assert second.code == 2
    assert "BusyError" in second.said
    assert first.returncode == 0, err[-3000:]
    assert json.loads(out.strip().splitlines()[-1])["status"]["champion"] == "1"


def test_a_failed_run_leaves_the_last_good_version_in_production(site: SiteFolder) -> None:
    """New data that breaks the schema stops the run; the champion of before goes on serving."""
    assert site.call("run", "tiny", "--json").code == 0
    pd.concat([table(), table(1).drop(columns="price")]).drop(columns="price").to_csv(
        site.root / "table.csv", index=False
    )
    _stopped(site)
    status = site.call("status", "tiny", "--json").json
    assert status["champion"] == "1"

"""Tests of `ml_lifecycle.cli.lifecycle` and of what it prints with, on the story of the small shop."""

import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from ml_lifecycle.orchestration.jobs import MONITORING
from ml_lifecycle_tests.e2e.conftest import table
from ml_lifecycle_tests.site_folder import SiteFolder
from ml_lifecycle_tests.small_shop import BROKEN, DRIFTED_DAYS, LOANS, Story, call, living_in


@pytest.fixture
def table_file(tmp_path: Path) -> Path:
    """A table that a project can be drafted for."""
    path = tmp_path / "table.csv"
    table(rows=60).to_csv(path, index=False)
    return path


def test_init_says_what_it_guessed_and_how_to_go_on(story: Story) -> None:
    """Target, task and the rest with their reasons, the file to read and the next command."""
    said = story.drafted.said
    assert story.drafted.code == 0
    assert "different in every row, and called so" in said
    yaml = story.shop.yaml_path(BROKEN).relative_to(story.shop.root)  # the story may have been told elsewhere
    assert f"/{yaml} and schema.yaml. Read them" in said
    assert f"ml-lifecycle run {BROKEN}" in said


def test_init_prints_json(tmp_path: Path, table_file: Path) -> None:
    """One document with the folder and every guess, for programs."""
    shop = SiteFolder.make(tmp_path / "new")
    with living_in(shop):
        drafted = call("init", "shoes", "--data", str(table_file), "--template", "classification", "--json")
        assert drafted.code == 0, drafted.said
        assert [row["project"] for row in call("list", "--json").json] == ["shoes"]
    assert drafted.json["folder"] == str(shop.yaml_path("shoes").parent)
    assert {guess["what"] for guess in drafted.json["guesses"]} >= {"target", "task"}


def test_init_does_not_overwrite(story: Story, table_file: Path) -> None:
    """What a person has edited stays, and the exit code is that of wrong use."""
    before = story.shop.yaml_path(BROKEN).read_text(encoding="utf-8")
    done = call("init", BROKEN, "--data", str(table_file))
    assert done.code == 2
    assert story.shop.yaml_path(BROKEN).read_text(encoding="utf-8") == before


def test_init_names_the_templates_there_are(story: Story, table_file: Path) -> None:
    """A typo in an option is wrong use, not a crash."""
    del story
    done = call("init", "other", "--data", str(table_file), "--template", "clustering")
    assert done.code == 2
    assert "classification" in done.said


def test_list_shows_every_project(story: Story) -> None:
    """With its task and its target."""
    del story
    said = call("list").said
    assert all(word in said for word in (LOANS, BROKEN, "classification", "defaulted", "bought"))


def test_list_says_so_where_there_is_nothing(tmp_path: Path) -> None:
    """An empty site is no error."""
    with living_in(SiteFolder.make(tmp_path)):
        listed = call("list")
    assert listed.code == 0
    assert "nothing" in listed.said


def test_the_first_run_computes_everything_and_deploys(story: Story) -> None:
    """Every blocking gate passed, so the exit code is 0 and version 1 is in production."""
    assert story.first.code == 0, story.first.said[-3000:]
    run, status = story.first.json["run"], story.first.json["status"]
    assert run["succeeded"]
    assert not run["reused"]
    assert {"raw_data", "quarantined_rows", "tuned_model", "deployed_model", "model_card"} <= set(run["computed"])
    assert status["champion"] == "1"
    assert not [gate for gate in status["gates"] if gate["blocking"] and not gate["passed"]]


def test_a_second_run_computes_only_what_is_never_remembered(story: Story) -> None:
    """Deployment looks at the world again; all other results stand. Metrics, gates and versions are printed."""
    said = story.again.said
    assert story.again.code == 0, said[-3000:]
    assert "loans_lifecycle succeeded" in said
    whole = len(story.first.json["run"]["computed"])
    assert any(f"{n} assets computed, {whole - n} unchanged" in said for n in (1, 2, 3)), said[-3000:]
    assert all(word in said for word in ("Test metrics", "roc_auc", "beats_baseline", "passed", "In production: 1"))
    assert "MLflow run:" in said
    assert "http://127.0.0.1:3000/runs/" in said


def test_monitor_judges_a_window(story: Story) -> None:
    """A finding warns and stops nothing, so the exit code is 0."""
    first, second = story.judged
    assert first.code == second.code == 0, first.said + second.said
    assert set(first.json["run"]["computed"]) == set(MONITORING)
    assert all(word in second.said for word in ("loans_monitor succeeded", "no_drift", "performance_kept", "warning"))
    assert "Test metrics" not in second.said, "monitoring prints only what it is about"


def test_monitor_names_the_windows_there_are(story: Story) -> None:
    """A window before the project's monitoring start is wrong use."""
    del story
    done = call("monitor", LOANS, "--window", "2024-02-30")
    assert done.code == 2
    assert str(DRIFTED_DAYS[0]) in done.said


def test_status_shows_a_project_as_it_stands(story: Story) -> None:
    """Versions, metrics, gates, windows and runs, for people and for programs."""
    del story
    said, plain = call("status", LOANS).said, call("status", LOANS, "--json").json
    assert all(word in said for word in ("In production: 1", "Test metrics", "Last monitoring windows", "Last runs"))
    assert [(item["window"], item["drifted"]) for item in plain["windows"]] == [(str(d), True) for d in DRIFTED_DAYS]
    assert plain["metrics"]["roc_auc"][1] <= plain["metrics"]["roc_auc"][0] <= plain["metrics"]["roc_auc"][2]
    assert {run["status"] for run in plain["runs"]} == {"SUCCESS"}
    assert plain["runs"][0]["partition"] == str(DRIFTED_DAYS[1])


def test_a_gate_that_stops_a_run_is_named_with_what_to_do(story: Story) -> None:
    """Exit code 1, the gate, its facts and advice."""
    assert story.stopped.code == 1
    assert "raw_data.not_empty stopped the run: 0 rows" in story.stopped.said
    assert "What to do: check dataset.sources" in story.stopped.said


def test_a_run_that_fails_without_a_gate_says_why(story: Story) -> None:
    """Exit code 1 and the words of the step that failed."""
    assert story.failed.code == 1
    assert "The run failed: broken__batch_predictions" in story.failed.said
    assert "no model in production" in story.failed.said


@pytest.mark.parametrize("command", ["run", "retrain", "monitor", "status", "simulate", "serve"])
def test_an_unknown_project_is_answered_with_those_there_are(story: Story, command: str) -> None:
    """Exit code 2, without a stack trace, whichever command was meant."""
    del story
    done = call(command, "laons")
    assert done.code == 2
    assert LOANS in done.said
    assert "Traceback" not in done.said


def test_an_error_is_json_where_json_was_asked_for(story: Story) -> None:
    """A program reads what happened and what to do in the one document it expects."""
    del story
    done = call("run", "laons", "--json")
    assert done.code == 2
    assert done.json["error"] == "ConfigError"
    assert "ml-lifecycle init" in done.json["what_to_do"]


def test_simulate_names_the_drifts_there_are(story: Story) -> None:
    """Wrong use, found before anything is played."""
    del story
    done = call("simulate", LOANS, "--drift", "sideways")
    assert done.code == 2
    assert "covariate" in done.said


def test_serve_answers_with_the_version_in_production(story: Story) -> None:
    """A real server in this process, asked over HTTP, ended as a person ends it."""
    del story
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    answers: list[object] = []
    asking = threading.Thread(target=_ask_then_interrupt, args=(f"http://127.0.0.1:{port}/version", answers))
    asking.start()
    call("serve", LOANS, "--port", str(port))
    asking.join(timeout=30)
    assert [answer["project"] for answer in answers if isinstance(answer, dict)] == [LOANS]


def _ask_then_interrupt(url: str, answers: list[object]) -> None:
    until = time.monotonic() + 20
    try:
        while not answers and time.monotonic() < until:
            try:
                answers.append(httpx.get(url, timeout=5).json())
            except httpx.TransportError:
                time.sleep(0.05)
    finally:
        signal.raise_signal(signal.SIGINT) if answers else os.kill(os.getpid(), signal.SIGINT)


def test_up_becomes_dagster_on_the_state_of_the_runs(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is replaced, so this looks at the command, and at where it would stand."""
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _path, command: started.append(command))
    done = call("up", "--port", "3456")
    assert "http://127.0.0.1:3456" in done.said
    assert started == [
        [sys.executable, "-m", "dagster", "dev", "--host", "127.0.0.1", "--port", "3456", "-m", "shop.definitions"]
    ]
    assert Path.cwd() == story.shop.root
    assert os.environ["DAGSTER_HOME"] == str(story.shop.home / "dagster")

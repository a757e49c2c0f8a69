"""Housekeeping of a project that has lived: what must stay works afterwards, and what need not stay is gone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import BusyError
from ml_lifecycle.monitoring.housekeeping_report import HousekeepingReport
from ml_lifecycle.orchestration.champion import Champion
from ml_lifecycle.orchestration.data_versions import read_version, versions_of
from ml_lifecycle.orchestration.housekeeping import keep_house
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.runs import execute
from ml_lifecycle.release.ledger import Entry, State
from ml_lifecycle.release.succession import change_champion
from ml_lifecycle_tests.small_shop import LOANS, RecordRun, Story, call

_DAYS = {"runs_days": 30, "mlflow_days": 30, "predictions_days": 60, "runs_kept": 1, "windows_days": 60}


def _later(days: int) -> datetime:
    """A moment in the future: what the story has made is old by then."""
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(days=days)


def _forgetful(project: ProjectConfig, **days: object) -> ProjectConfig:
    kept = project.monitoring.housekeeping.model_validate({**_DAYS, **days})
    return project.model_copy(update={"monitoring": project.monitoring.model_copy(update={"housekeeping": kept})})


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_nothing_goes_where_the_yaml_names_no_days(story: Story, instance: dg.DagsterInstance) -> None:
    """Whoever has not asked for it loses nothing."""
    report = keep_house(instance, story.project, dry_run=True, now=_later(9_999))
    assert list(report.removals) == []


def test_what_is_under_way_is_not_cleaned_away(
    story: Story, instance: dg.DagsterInstance, record_run: RecordRun
) -> None:
    """A run of the project makes the housekeeping refuse; only looking is always allowed."""
    project = _forgetful(story.project)
    record_run("monitor", dg.DagsterRunStatus.STARTED)
    with pytest.raises(BusyError, match="being worked on"):
        keep_house(instance, project, dry_run=False, now=_later(100))
    assert keep_house(instance, project, dry_run=True, now=_later(100)).dry_run


def test_a_dry_run_touches_nothing(story: Story, instance: dg.DagsterInstance) -> None:
    """It says what would go and how large that is; the files are as they were."""
    before = {file: file.stat().st_mtime for file in (story.shop.home / "lake").rglob("*") if file.is_file()}
    runs = instance.get_runs_count()
    report = keep_house(instance, _forgetful(story.project), dry_run=True, now=_later(100))
    assert report.bytes > 0
    assert {file: file.stat().st_mtime for file in before} == before
    assert instance.get_runs_count() == runs


@pytest.mark.usefixtures("story")
def test_the_command_says_what_would_go() -> None:
    """A project that lets nothing go is told how to."""
    said = call("housekeeping", LOANS, "--dry-run")
    assert said.code == 0
    assert "nothing is ever deleted" in said.out


@dataclass
class Lived:
    """The shop after several versions of its data and two of its model, cleaned when all of that was old."""

    story: Story
    project: ProjectConfig
    report: HousekeepingReport
    before: int
    data_versions: list[int]
    champions: tuple[str, str]


@pytest.fixture
def cleaned(another_shop: Story) -> Lived:
    """Data that were collected three times, and a second version in production that was made of the first of them."""
    story = another_shop
    site, project = story.site, story.project
    with site.instance() as instance:
        first = versions_of(instance, project)[0].version
        _collect_shorter(story)
        champions = _succeed(Workspace(project))
        listed = [item.version for item in versions_of(instance, project)]
        before = _bytes(story.shop.home)
        # MLflow's files are those of the shop that this one was copied from: they are cleaned in a test of their own.
        report = keep_house(instance, _forgetful(project, mlflow_days=None), dry_run=False, now=_later(100))
        assert first in [item.version for item in versions_of(instance, project)]
    return Lived(story, project, report, before, listed, champions)


def _collect_shorter(story: Story) -> None:
    data = next((story.shop.root / "data" / LOANS).glob("*.csv"))
    whole = data.read_text(encoding="utf-8")
    lines = whole.splitlines(keepends=True)
    for kept in (-1, -2):
        data.write_text("".join(lines[:kept]), encoding="utf-8")
        assert call("data", "collect", LOANS).code == 0
    data.write_text(whole, encoding="utf-8")


def _succeed(workspace: Workspace) -> tuple[str, str]:
    """Put the package of the champion into production once more, as another version."""
    name, ledger, registry = workspace.project.name, workspace.ledger, workspace.registry
    champion = Champion.require(workspace)
    made = next(entry for entry in ledger.history(name) if entry.state is State.CANDIDATE)
    version = registry.register(
        name, registry.fetch(name, champion.version), run_id=str(champion.package.manifest.facts["mlflow_run"])
    )
    ledger.append(name, version, State.CANDIDATE, by=made.by, evidence=made.evidence)
    risen = ledger.append(name, champion.version, State.RETIRED, by="test")
    change_champion(
        [Entry(name, version, State.CHAMPION, "test", risen.at)], current=None, registry=registry, ledger=ledger
    )
    return champion.version, version


@pytest.mark.slow
def test_everything_that_is_needed_works_after_the_housekeeping(cleaned: Lived) -> None:
    """The champion serves, the one before it comes back, kept data are read, a run is remembered, bytes have gone."""
    site, project, (earlier, later) = cleaned.story.site, cleaned.project, cleaned.champions
    assert _bytes(cleaned.story.shop.home) < cleaned.before
    gone = {(row.store, row.what): row.items for row in cleaned.report.removals}
    assert gone["Dagster", "runs with their events and logs"] > 0
    assert gone["lake", "data files of old versions of tables"] > 0
    assert gone["prediction log", "predictions"] > 0
    champion = Champion.require(Workspace(project))
    rows = champion.package.example
    assert champion.version == later
    assert len(champion.package.predictor.predict(rows)) == len(rows)
    assert call("rollback", LOANS, "--to", earlier).code == 0
    assert Champion.require(Workspace(project)).version == earlier
    with site.instance() as instance:
        listed = [item.version for item in versions_of(instance, project)]
        assert 0 < len(listed) < len(cleaned.data_versions)
        assert all(len(read_version(project, version)) > 0 for version in listed)
        again = execute(site, instance, project, "lifecycle")
    assert again.failure == ""
    assert "tuned_model" in again.reused

"""The small shop, its story told once for all tests that only look at what has become of it."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from ml_lifecycle_tests.site_folder import SiteFolder
from ml_lifecycle_tests.small_shop import RecordRun, Story, add_run, living_in, tell_story


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The story; use `story` to look at it and `another_shop` to change it."""
    return tell_story(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def story(told: Story) -> Iterator[Story]:
    """The story, in a process that stands in its shop. What a test changes, it must undo."""
    with living_in(told.shop):
        yield told


@pytest.fixture
def instance(story: Story) -> Iterator[dg.DagsterInstance]:
    """Dagster's instance in the shop of the story."""
    with story.site.instance() as opened:
        yield opened


@pytest.fixture
def record_run(instance: dg.DagsterInstance) -> Iterator[RecordRun]:
    """Puts runs on record for as long as the test lasts."""
    recorded: list[str] = []

    def record(verb: str, status: dg.DagsterRunStatus, tags: dict[str, str] | None = None) -> dg.DagsterRun:
        run = add_run(instance, verb, status, tags)
        recorded.append(run.run_id)
        return run

    yield record
    for run_id in recorded:
        instance.delete_run(run_id)


@pytest.fixture
def another_shop(told: Story, tmp_path: Path) -> Iterator[Story]:
    """A copy of the shop that may be changed. MLflow's artifacts stay where they were: it notes whole paths."""
    shutil.copytree(told.shop.root, tmp_path, dirs_exist_ok=True)
    copied = replace(told, shop=SiteFolder(tmp_path))
    with living_in(copied.shop):
        yield copied

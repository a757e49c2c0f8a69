"""The small shop, its story told once for all tests that only look at what has become of it."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from ml_lifecycle_tests.site_folder import SiteFolder
from ml_lifecycle_tests.small_shop import Story, living_in, tell_story


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
def another_shop(told: Story, tmp_path: Path) -> Iterator[Story]:
    """A copy of the shop that may be changed. MLflow's artifacts stay where they were: it notes whole paths."""
    shutil.copytree(told.shop.root, tmp_path, dirs_exist_ok=True)
    copied = replace(told, shop=SiteFolder(tmp_path))
    with living_in(copied.shop):
        yield copied

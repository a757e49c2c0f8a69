"""The small shop, its story told once for all tests that only look at what has become of it.

And what the processes of the tests have in common: threads that wait do not keep a core busy.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from filelock import FileLock

from ml_lifecycle_tests.small_shop import RecordRun, Story, add_run, living_in, tell_story

# LightGBM's threads wait for each other after each step of a tree. Where several processes share the cores, as the
# workers of these tests do, those that spin keep the core from the one that is waited for: a hundred times as slow.
# It is read when the library is loaded, which nothing above does.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The story; use `story` to look at it and `another_shop` to change it.

    The first worker that needs it tells it, and each looks at a copy of its own: some put runs on record for a while.
    """
    own = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return _told_in(own / "shop")
    with FileLock(own.parent / "shop.lock"):
        first = Story.read(own.parent / "shop") or _told_in(own.parent / "shop")
    return first.copied_to(own / "shop")


def _told_in(root: Path) -> Story:
    story = tell_story(root)
    story.write_down()
    return story


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
    """A copy of the shop that may be changed."""
    copied = told.copied_to(tmp_path)
    with living_in(copied.shop):
        yield copied

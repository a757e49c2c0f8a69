"""Tests of `ml_lifecycle.orchestration.champion_rows`, on the small shop."""

import shutil

import dagster as dg

from ml_lifecycle.orchestration.champion import Champion
from ml_lifecycle.orchestration.champion_rows import splits_behind
from ml_lifecycle.orchestration.data_versions import read_latest
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle_tests.small_shop import LOANS, Story


def test_the_champions_splits_are_those_it_was_made_of(story: Story, instance: dg.DagsterInstance) -> None:
    """As its package names them; nothing has come since, so they are the latest."""
    champion = Champion.require(Workspace(story.project))
    found = splits_behind(instance, story.project, champion)
    assert found.equals(read_latest(instance, story.project, "data_splits"))


def test_what_housekeeping_has_removed_is_not_made_up(another_shop: Story) -> None:
    """The comparison then says what it takes on trust."""
    shutil.rmtree(another_shop.shop.home / "lake" / LOANS / "data_splits")
    champion = Champion.require(Workspace(another_shop.project))
    with another_shop.site.instance() as instance:
        assert splits_behind(instance, another_shop.project, champion) is None

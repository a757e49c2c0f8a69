"""ml-lifecycle dashboard: the file, what is said beside it, and the page that servers have drawn elsewhere."""

import os
import time
from pathlib import Path

import pytest

from ml_lifecycle.cli.dashboard import page_source
from ml_lifecycle.errors import StateError
from ml_lifecycle.monitoring.dashboard import content_policy
from ml_lifecycle_tests.cli.conftest import GOODS
from ml_lifecycle_tests.site_folder import SiteFolder
from ml_lifecycle_tests.small_shop import call


def test_the_page_is_written_and_the_state_is_said(shop: SiteFolder, tmp_path: Path) -> None:
    """For people in a sentence, for programs as JSON."""
    del shop
    path = tmp_path / "page.html"
    done = call("dashboard", GOODS, "--out", str(path), "--json")
    assert done.code == 0, done.said
    assert (done.json["state"], done.json["path"]) == ("no data", str(path))
    assert path.read_bytes().startswith(b"<!doctype html>")
    assert f"ml-lifecycle run {GOODS}" in call("dashboard", GOODS, "--out", str(path)).said


def test_a_page_that_cannot_be_written_is_an_error(shop: SiteFolder, tmp_path: Path) -> None:
    """With what to do."""
    del shop
    done = call("dashboard", GOODS, "--out", str(tmp_path / "nowhere" / "page.html"))
    assert done.code == 2
    assert "--out" in done.said


def test_a_fresh_page_is_shared_by_workers(tmp_path: Path) -> None:
    """Whoever comes second takes what the first had drawn; no process is started for it."""
    (tmp_path / "monitor.html").write_bytes(b"drawn by another worker")
    source = page_source("no such project", tmp_path)
    assert source.draw() == b"drawn by another worker"
    assert source.policy == content_policy()


@pytest.mark.slow
def test_a_server_has_it_drawn_by_another_process(shop: SiteFolder, tmp_path: Path) -> None:
    """With what that process said where it fails."""
    del shop
    stale = tmp_path / "monitor.html"
    stale.write_bytes(b"old")
    os.utime(stale, (time.time() - 3600,) * 2)
    assert page_source(GOODS, tmp_path).draw().startswith(b"<!doctype html>")
    assert page_source(GOODS).draw().startswith(b"<!doctype html>")
    with pytest.raises(StateError, match="there is no project"):
        page_source("other").draw()

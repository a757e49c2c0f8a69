"""Tests of `ml_lifecycle.cli.study`, on the small shop."""

from xml.etree import ElementTree as ET

import pytest

from ml_lifecycle.orchestration.assets.plan import graph_of
from ml_lifecycle.orchestration.jobs import DISCOVERY, candidate_assets
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle_tests.small_shop import LOANS, Story, call


@pytest.mark.slow
def test_the_study_is_made_and_told(another_shop: Story) -> None:
    """From what the lifecycle has left; a second time nothing is computed."""
    said = call("study", LOANS, "--json")
    assert said.code == 0, said.said
    assets = said.json["assets"]
    assert set(assets) == set(DISCOVERY)
    assert assets["feasibility_study"]["metadata"]["recommendation"].startswith("proceed")
    assert {gate["name"] for item in assets.values() for gate in item["gates"]} == {"feasible", "plan_complete"}
    again = call("study", LOANS)
    assert "feasibility_study (unchanged)" in again.out
    picture = next(Workspace(another_shop.project).home.lake.rglob("architecture.svg"))
    ET.fromstring(picture.read_text(encoding="utf-8"))  # noqa: S314 - our own picture


def test_the_graph_is_that_of_the_project(story: Story) -> None:
    """Every asset, and who is made from whom."""
    nodes, edges = graph_of(story.project)
    assert {node.name for node in nodes} >= {*DISCOVERY, *candidate_assets(story.project)}
    assert ("feasibility_study", "project_plan") in edges

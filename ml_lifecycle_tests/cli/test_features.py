"""Tests of `ml_lifecycle.cli.features`, on a small shop."""

import pytest

from ml_lifecycle_tests.cli.conftest import GOODS
from ml_lifecycle_tests.small_shop import call


@pytest.mark.usefixtures("shop")
def test_features_are_made_and_chosen_as_the_command_says() -> None:
    """For this run only; the next one does as the YAML says."""
    made = call("features", "extract", GOODS, "--json")
    assert made.code == 0, made.said
    assert made.json["assets"]["features"]["metadata"]["features"] >= 2
    chosen = call("features", "select", GOODS, "--method", "mutual_info", "--k", "1", "--json")
    assert chosen.code == 0, chosen.said
    assert chosen.json["assets"]["selected_features"]["metadata"]["kept"] == 1
    as_said = call("features", "select", GOODS, "--json").json["assets"]["selected_features"]["metadata"]
    assert as_said["kept"] > 1
    wrong = call("features", "select", GOODS, "--method", "luck")
    assert wrong.code == 1
    assert "features.selection.method" in wrong.said


@pytest.mark.usefixtures("shop")
def test_features_are_stored_and_looked_up_by_entity() -> None:
    """What the store gives a training row is what was known at its time; the newest values are served."""
    stored = call("features", "store", GOODS, "--json")
    assert stored.code == 0, stored.said
    view = stored.json["assets"]["feature_view"]
    assert [(gate["name"], gate["passed"]) for gate in view["gates"]] == [("point_in_time_correct", True)]
    assert view["metadata"]["entities_online"] == 40
    found = call("features", "get", GOODS, "b3", "nobody", "--json").json
    assert found[0]["buyer"] == "b3"
    assert found[0]["price"] > 0
    assert found[1]["price"] is None

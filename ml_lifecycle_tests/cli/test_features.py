"""Tests of `ml_lifecycle.cli.features`, on a small shop."""

from pathlib import Path

import pandas as pd
import pytest

from ml_lifecycle_tests.cli.conftest import GOODS
from ml_lifecycle_tests.site_folder import SiteFolder
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
    assert wrong.code == 2
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


def test_a_training_set_is_joined_as_of_the_time_of_each_row(shop: SiteFolder, tmp_path: Path) -> None:
    """Of what is bought later nothing is known; before the first purchase nothing at all."""
    assert call("features", "store", GOODS).code == 0
    asked = pd.DataFrame({"buyer": ["b5", "b5"], "sold_at": ["2026-01-01 06:00:00", "2025-01-01 00:00:00"]})
    asked.to_csv(tmp_path / "asked.csv", index=False)
    out = tmp_path / "joined.csv"
    done = call("features", "join", GOODS, "--data", str(tmp_path / "asked.csv"), "--out", str(out), "--json")
    assert done.code == 0, done.said
    joined = pd.read_csv(out)
    sold = pd.read_csv(shop.root / "goods.csv")
    first = sold.loc[sold["buyer"] == "b5"].iloc[0]
    assert joined["price"].tolist()[0] == pytest.approx(first["price"], rel=1e-5)
    assert joined["price"].isna().tolist() == [False, True]

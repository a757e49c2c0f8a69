"""Tests of `ml_lifecycle.cli.data`, `bare` and `quarantine`: the commands about data, on a small shop."""

from pathlib import Path

import pandas as pd
import pytest

from ml_lifecycle.orchestration.data_versions import read_latest
from ml_lifecycle.orchestration.naming import DATA_VERSION_TAG
from ml_lifecycle.orchestration.runs import execute
from ml_lifecycle.orchestration.site import Site
from ml_lifecycle_tests.cli.conftest import BAD_PRICES, GOODS, goods
from ml_lifecycle_tests.site_folder import SiteFolder
from ml_lifecycle_tests.small_shop import call


@pytest.mark.usefixtures("shop")
def test_each_command_makes_the_asset_that_it_names() -> None:
    """And what it is made from; what has not changed is not made again."""
    collected = call("data", "collect", GOODS, "--json")
    assert collected.code == 0, collected.said
    assert collected.json["assets"]["raw_data"]["metadata"]["new_rows"] == len(goods())
    split = call("data", "split", GOODS, "--json")
    assert split.code == 0, split.said
    assert "raw_data" in split.json["run"]["reused"]
    assert {gate["name"] for gate in split.json["assets"]["data_splits"]["gates"]} >= {"no_overlap", "no_time_leak"}
    risks = call("data", "risks", GOODS)
    assert risks.code == 0, risks.said
    assert "no_target_leakage" in risks.said


@pytest.mark.usefixtures("shop")
def test_an_asset_that_the_project_does_not_have_is_wrong_use() -> None:
    """The message says which key of the YAML makes it."""
    done = call("data", "label", GOODS)
    assert done.code == 2
    assert "dataset.labeling" in done.said


@pytest.mark.usefixtures("shop")
def test_quarantined_rows_are_listed_corrected_and_released(tmp_path: Path) -> None:
    """Rows in are rows kept and rows set aside, before and after a person has corrected one and waived another."""
    first = call("data", "validate", GOODS, "--json").json["assets"]["validated_data"]["metadata"]
    assert first["rows_quarantined"] == BAD_PRICES
    assert first["rows_in"] == first["dagster/row_count"] + BAD_PRICES
    listed = call("data", "quarantine", "list", GOODS, "--json").json
    assert {(item["column"], item["check"]) for item in listed} == {("price", "in_range")}
    one, other = (str(item["_row_id"]) for item in listed[:2])
    corrected = call("data", "quarantine", "release", GOODS, one, "--set", "price=5.0", "--by", "a", "--reason", "typo")
    assert corrected.code == 0, corrected.said
    waived = call("data", "quarantine", "release", GOODS, other, "--waive", "in_range", "--reason", "a refund")
    assert waived.code == 0, waived.said
    again = call("data", "validate", GOODS, "--json").json
    assert again["assets"]["validated_data"]["metadata"]["rows_quarantined"] == BAD_PRICES - 2
    assert again["run"]["succeeded"]
    exported = tmp_path / "bad.csv"
    assert call("data", "quarantine", "export", GOODS, str(exported)).code == 0
    assert len(pd.read_csv(exported)) == BAD_PRICES - 2
    assert call("data", "quarantine", "withdraw", GOODS, one, other).code == 0
    back = call("data", "validate", GOODS, "--json").json["assets"]["validated_data"]["metadata"]
    assert back["rows_quarantined"] == BAD_PRICES


def test_versions_are_listed_compared_and_used_again(shop: SiteFolder) -> None:
    """A run on an old version has the rows of then."""
    path = shop.root / "goods.csv"
    before = path.read_bytes()
    call("data", "collect", GOODS)
    goods(320).to_csv(path, index=False)
    try:
        grown = call("data", "collect", GOODS, "--json").json["assets"]["raw_data"]["metadata"]
        assert (grown["new_rows"], grown["dagster/row_count"]) == (20, 320)
        versions = call("data", "versions", GOODS, "--json").json
        assert [item["rows"] for item in versions[:2]] == [320, 300]
        new, old = (str(item["version"]) for item in versions[:2])
        difference = call("data", "diff", GOODS, old, new, "--json")
        assert difference.code == 0, difference.said
        assert difference.json["rows"]["added"] == 20
        site = Site.find(shop.root)
        with site.instance() as instance:
            tags = {DATA_VERSION_TAG: old}
            again = execute(site, instance, site.project(GOODS), "lifecycle", assets=["raw_data"], tags=tags)
            assert again.succeeded, again.failure
            assert len(read_latest(instance, site.project(GOODS), "raw_data")) == 300
        assert call("data", "diff", GOODS, "x", new).code == 2
        assert call("data", "diff", GOODS, old, new).code == 0
    finally:
        path.write_bytes(before)


@pytest.mark.usefixtures("shop")
def test_the_audit_leaves_a_report(tmp_path: Path) -> None:
    """Its findings in the UI and as JSON, its pages in a file that works without a network."""
    report = tmp_path / "audit.html"
    done = call("data", "audit", GOODS, "--report", str(report), "--json")
    assert done.code == 0, done.said
    assert done.json["assets"]["data_audit"]["metadata"]["summary"]
    assert b"<html" in report.read_bytes()[:2000].lower()


def test_a_bare_file_is_validated_audited_and_split(shop: SiteFolder, tmp_path: Path) -> None:
    """Without any project; a gate that fails is told by the exit code."""
    data = str(shop.root / "goods.csv")
    schema = str(shop.yaml_path(GOODS).parent / "schema.yaml")
    aside, report, splits = tmp_path / "aside.csv", tmp_path / "audit.html", tmp_path / "splits.csv"
    validated = call("data", "validate", "--data", data, "--schema", schema, "--quarantine", str(aside), "--json")
    assert validated.code == 0, validated.said
    assert validated.json["quarantined"] == BAD_PRICES == len(pd.read_csv(aside))
    audited = call("data", "audit", "--data", data, "--target", "bought", "--report", str(report))
    assert audited.code == 0, audited.said
    assert report.stat().st_size > 1000
    divided = call(
        "data", "split", "--data", data, "--target", "bought", "--event-time", "sold_at", "--out", str(splits)
    )
    assert divided.code == 0, divided.said
    assert set(pd.read_csv(splits)["_split"]) == {"train", "validation", "test"}
    pd.DataFrame({"size": ["x"] * 9}).to_csv(tmp_path / "odd.csv", index=False)
    assert call("data", "validate", "--data", str(tmp_path / "odd.csv"), "--schema", schema).code == 1


def test_a_schema_is_proposed_for_data_that_have_changed(shop: SiteFolder, tmp_path: Path) -> None:
    """It accepts what the present one sets aside, and nothing is written over."""
    call("data", "collect", GOODS)
    out = tmp_path / "proposed.yaml"
    assert call("data", "schema", GOODS, str(out)).code == 0
    data = str(shop.root / "goods.csv")
    accepted = call("data", "validate", "--data", data, "--schema", str(out), "--json")
    assert (accepted.code, accepted.json["quarantined"]) == (0, 0)
    assert call("data", "schema", GOODS, str(out)).code == 2


@pytest.mark.usefixtures("shop")
def test_a_project_or_a_file_is_expected() -> None:
    """Both, or neither, is wrong use."""
    assert call("data", "validate").code == 2
    assert call("data", "audit", GOODS, "--data", "x.csv").code == 2

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
    (version,) = call("data", "versions", GOODS, "--json").json
    assert version["splits"]["train"] == pytest.approx(0.7, abs=0.05)
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
    told = call("data", "quarantine", "export", GOODS, str(exported), "--json").json
    assert told == {"written": str(exported), "rows": BAD_PRICES - 2}
    unknown = call("data", "quarantine", "release", GOODS, "12345", "--waive", "in_range")
    assert unknown.code == 2
    assert "such as none" not in unknown.said
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
        held = call("data", "versions", GOODS, "--statistics", new, "--json").json
        assert (held["table_version"], held["rows"]) == (int(new), 320)
        assert held["statistics"]["price"]["missing_share"] == 0
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
        unknown = call("data", "diff", GOODS, old, "999")
        assert unknown.code == 2
        assert f"{new}, {old}, got 999" in unknown.said
        assert call("data", "diff", GOODS, old, new).code == 0
    finally:
        path.write_bytes(before)


def test_a_run_that_failed_shows_no_earlier_result(shop: SiteFolder) -> None:
    """What an earlier run made would look like its own."""
    path = shop.root / "goods.csv"
    before = path.read_bytes()
    assert call("data", "collect", GOODS).code == 0
    path.write_text("size\n", encoding="utf-8")
    try:
        failed = call("data", "collect", GOODS, "--json")
    finally:
        path.write_bytes(before)
    assert failed.code == 1
    assert failed.json["assets"] == {}


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


def test_a_bare_file_is_split_as_options_say(shop: SiteFolder, tmp_path: Path) -> None:
    """Each row is named by its number in the file, so that the splits can be joined to it."""
    out = tmp_path / "splits.csv"
    split = ("data", "split", "--data", str(shop.root / "goods.csv"), "--target", "bought")
    asked = ("--event-time", "sold_at", "--method", "time", "--fractions", "0.5,0.25,0.25")
    done = call(*split, *asked, "--gap-days", "0.5", "--out", str(out), "--json")
    assert (done.json["method"], done.json["event_time"], done.json["group"]) == ("time", "sold_at", None)
    written = pd.read_csv(out)
    assert written["row"].tolist() == list(range(1, len(goods()) + 1))
    assert written["_split"].iloc[0] == "train"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--event-time", "nope"), "--event-time"),
        (("--group", "nope"), "--group"),
        (("--event-time", "size"), "does not hold times"),
        (("--event-time", "sold_at", "--group", "buyer"), "--method time"),
        (("--method", "luck"), "method"),
        (("--gap-days", "3"), "--gap-days"),
        (("--fractions", "1,1"), "fractions"),
        (("--out", "/nowhere/splits.csv"), "--out"),
    ],
)
def test_a_wrong_option_of_a_split_is_wrong_use(shop: SiteFolder, options: tuple[str, ...], said: str) -> None:
    """The message names the option; nothing is a stack trace."""
    done = call("data", "split", "--data", str(shop.root / "goods.csv"), "--target", "bought", *options)
    assert done.code == 2, done.said
    assert said in done.said


def test_a_file_that_cannot_be_written_is_wrong_use(shop: SiteFolder) -> None:
    """Before anything is computed for it."""
    data, schema = str(shop.root / "goods.csv"), str(shop.yaml_path(GOODS).parent / "schema.yaml")
    assert call("data", "validate", "--data", data, "--schema", schema, "--quarantine", "/nowhere/q.csv").code == 2
    assert call("data", "audit", "--data", data, "--report", "/nowhere/a.html").code == 2


def test_a_bare_file_may_be_in_another_encoding(tmp_path: Path) -> None:
    """It is found out, since nobody can say it."""
    data = tmp_path / "old.csv"
    data.write_bytes("city,bought\nK\u00f6ln,yes\n".encode("latin-1") + "K\u00f6ln,no\n".encode("latin-1") * 40)
    assert call("data", "audit", "--data", str(data)).code == 0


def test_a_schema_is_proposed_for_data_that_have_changed(shop: SiteFolder, tmp_path: Path) -> None:
    """It accepts what the present one sets aside, and nothing is written over."""
    call("data", "collect", GOODS)
    out = tmp_path / "proposed.yaml"
    assert call("data", "schema", GOODS, str(out), "--json").json["written"] == str(out)
    data = str(shop.root / "goods.csv")
    accepted = call("data", "validate", "--data", data, "--schema", str(out), "--json")
    assert (accepted.code, accepted.json["quarantined"]) == (0, 0)
    assert call("data", "schema", GOODS, str(out)).code == 2


@pytest.mark.usefixtures("shop")
def test_a_project_or_a_file_is_expected() -> None:
    """Both, or neither, is wrong use."""
    assert call("data", "validate").code == 2
    assert call("data", "audit", GOODS, "--data", "x.csv").code == 2

"""Tests of `ml_lifecycle.cli.review`, on a small shop."""

from pathlib import Path

from ml_lifecycle_tests.cli.conftest import GOODS
from ml_lifecycle_tests.site_folder import SiteFolder
from ml_lifecycle_tests.small_shop import call


def test_review_leaves_with_what_it_found(shop: SiteFolder, tmp_path: Path) -> None:
    """0 without findings, 1 with them, 2 where it is asked for what is not there."""
    clean = call("review", GOODS, "--json")
    assert (clean.code, clean.json["findings"]) == (0, []), clean.said
    code = tmp_path / "train.py"
    code.write_text("scaled = StandardScaler().fit_transform(X_test)\n", encoding="utf-8")
    found = call("review", GOODS, "--code", str(code), "--json")
    assert found.code == 1
    assert [(item["rule"], item["line"]) for item in found.json["findings"]] == [("fit_outside_fold", 1)]
    told = call("review", GOODS, "--code", str(code), "--all")
    assert "train.py:1: fit_outside_fold (95)" in told.said
    assert "What to do: split first" in told.said
    assert call("review", "nobody").code == 2
    assert call("review", GOODS, "--code", str(shop.root / "nowhere")).code == 2

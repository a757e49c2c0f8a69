"""Real tables through `init` and `run` alone, with the YAML edited only as a user would.

The floors lie a little under what an untuned LightGBM of 300 trees reaches on the same data.
"""

from pathlib import Path
from typing import Any

import pytest

from ml_lifecycle_tests.site_folder import SiteFolder

pytestmark = pytest.mark.real

_BUDGET = {"search": {"trials": 8, "seconds": 15}}


def _run(site: SiteFolder, name: str) -> dict[str, Any]:
    done = site.call("run", name, "--json")
    assert done.code == 0, done.said[-3000:]
    document: dict[str, Any] = done.json
    return document


def _init(site: SiteFolder, name: str, path: Path, *options: str) -> dict[str, Any]:
    done = site.call("init", name, "--data", str(path), *options, "--json")
    assert done.code == 0, done.said[-3000:]
    document: dict[str, Any] = done.json
    return document


def _value(document: dict[str, Any], metric: str) -> float:
    value: float = document["status"]["metrics"][metric][0]
    return value


def test_adult_is_classified(site: SiteFolder, data: Path) -> None:
    """Binary, `?` for missing, no time: nothing to edit but the budget; a second run computes nothing again."""
    _init(site, "adult", data / "adult.csv.gz", "--target", "income")
    site.edit("adult", modeling=_BUDGET)
    document = _run(site, "adult")
    assert _value(document, "roc_auc") > 0.92
    again = _run(site, "adult")
    assert set(again["run"]["computed"]) <= {"deployed_model", "model_card"}
    assert again["status"]["champion"] == document["status"]["champion"] == "1"


def test_bike_rentals_are_regressed_in_time_order(site: SiteFolder, data: Path) -> None:
    """The two columns that add up to the target are dropped by hand; the test split is the newest stretch."""
    _init(site, "bike", data / "bike_sharing_hour.csv", "--target", "cnt")
    site.edit("bike", modeling=_BUDGET, dataset={"drop": ["instant", "casual", "registered"]})
    document = _run(site, "bike")
    assert _value(document, "rmse") < 75


def test_lambdarank_is_ranked_by_query(site: SiteFolder, data: Path) -> None:
    """Queries stay whole; the task is guessed from the query column and the grades."""
    drafted = _init(site, "search", data / "lambdarank_train.parquet", "--target", "relevance", "--group", "query_id")
    assert drafted["project"] == "search"
    # thirty queries leave little room above the best baseline, so this small table gets the whole budget of trials
    site.edit("search", modeling={"search": {"trials": 30, "seconds": 60}})
    document = _run(site, "search")
    assert document["status"]["task"] == "ranking"
    assert _value(document, "ndcg@10") > 0.62


def test_kddcup99_has_many_classes(site: SiteFolder, data: Path) -> None:
    """Half a million rows, 23 classes, some of two rows, most rows more than once."""
    _init(site, "intrusion", data / "kddcup99_10pct.parquet", "--target", "label")
    site.edit("intrusion", modeling=_BUDGET)
    document = _run(site, "intrusion")
    assert _value(document, "accuracy") > 0.96

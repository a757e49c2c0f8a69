"""Tests of `ml_lifecycle.cli.train`, on a small shop: the search, experiments beside it, and their comparison."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from ml_lifecycle.orchestration.data_versions import read_latest
from ml_lifecycle.orchestration.site import Site
from ml_lifecycle_tests.cli.conftest import GOODS
from ml_lifecycle_tests.site_folder import SiteFolder
from ml_lifecycle_tests.small_shop import call

_SMALL = {"search": {"trials": 2, "seconds": 20}, "max_trees": 40}


def _experiment(shop: SiteFolder, name: str, **keys: object) -> Path:
    path = shop.root / f"{name}.yaml"
    document = {"project": GOODS, "name": name, "hypothesis": {"statement": f"{name} is better"}, **keys}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


@pytest.fixture
def trained(shop: SiteFolder) -> SiteFolder:
    """The shop, with small budgets; folds judge the model, the selection and the calibration."""
    shop.edit(
        GOODS,
        modeling={**_SMALL, "calibrate_on": "folds", "calibration": "sigmoid", "baseline_margin": 0.0},
        features={"selection": {"stability": True}},
        dataset={"split": {"folds": {"n": 3, "method": "rolling"}}},
        evaluation={"cross_validation": {"enabled": True}, "comparison": {"alpha": 0.4}},
    )
    return shop


@pytest.mark.usefixtures("trained")
def test_a_search_is_told_what_to_do_for_this_run() -> None:
    """Family, trials and method instead of what the YAML says; the folds are made and judged on the way."""
    tuned = call("train", "tune", GOODS, "--model", "decision_tree", "--trials", "3", "--method", "random", "--json")
    assert tuned.code in (0, 1), tuned.said  # a tree need not beat the floor
    said = tuned.json["assets"]["tuned_model"]["metadata"]
    assert said["iterations"] == 1
    assert said["effort"]["training.cpu_seconds"] > 0
    assert "data_folds" in {*tuned.json["run"]["computed"], *tuned.json["run"]["reused"]}
    wrong = call("train", "tune", GOODS, "--model", "crystal_ball")
    assert wrong.code == 2
    assert "modeling.family" in wrong.said


@pytest.mark.usefixtures("trained")
def test_baselines_are_made_alone() -> None:
    """And nothing after them."""
    made = call("train", "baselines", GOODS, "--json")
    assert made.code == 0, made.said
    assert made.json["assets"]["baselines"]["metadata"]["best"]
    assert "tuned_model" not in {*made.json["run"]["computed"], *made.json["run"]["reused"]}


def test_nothing_before_the_evaluation_reads_the_test_rows(trained: SiteFolder) -> None:
    """With the test rows shuffled among themselves the search, begun anew, gives the same model to the byte."""
    models = []
    path = trained.root / "goods.csv"
    sound = path.read_text(encoding="utf-8")
    for shuffled in (False, True):
        if shuffled:
            rows = pd.read_csv(path)
            newest = rows.index[-40:]  # 45 of 300 rows are for the test
            columns = ["size", "price", "colour", "bought"]
            rows.loc[newest, columns] = rows.loc[newest[::-1], columns].to_numpy()
            rows.to_csv(path, index=False)
        shutil.rmtree(trained.home / "studies", ignore_errors=True)
        assert call("train", "tune", GOODS, "--json").code in (0, 1)
        site = Site.find(trained.root)
        with site.instance() as instance:
            models.append(read_latest(instance, site.project(GOODS), "tuned_model").model.to_files())
    path.write_text(sound, encoding="utf-8")
    assert models[0] == models[1]


def test_experiments_are_trained_listed_shown_and_compared(trained: SiteFolder) -> None:
    """Beside the project's model, on the same rows; each says whether its hypothesis held."""
    call("train", "tune", GOODS)
    linear = _experiment(trained, "straight", changes={"modeling": {"family": "linear"}})
    small = _experiment(trained, "one_feature", changes={"features": {"selection": {"k": 1}}})
    first = call("train", "run", "--config", str(linear), "--json")
    assert first.code == 0, first.said
    outcome = first.json["assets"]["experiment"]["metadata"]["outcome"]
    assert "The hypothesis" in outcome
    assert call("train", "run", "--config", str(small)).code == 0
    # In a process of its own: what a command imports, nobody has imported before it.
    listed = trained.call("experiments", "list", GOODS, "--json").json
    assert [row["experiment"] for row in listed] == ["one_feature", "straight"]
    shown = call("experiments", "show", GOODS, "straight", "--json").json
    assert shown["config"]["changes"]["modeling"]["family"] == "linear"
    assert shown["verdict"]["outcome"] in {"holds", "does not hold", "undecided"}
    out = trained.root / "compared.md"
    compared = call(
        "train", "compare", GOODS, "--experiments", "straight,one_feature", "--out", str(out), "--json"
    ).json
    assert {"straight", "one_feature"} <= {row["name"] for row in compared["candidates"]}
    decided = {one["experiment"]: one for one in compared["decisions"]}
    assert all(one["action"] in {"promote", "iterate", "abandon"} and one["reasons"] for one in decided.values())
    assert {cost["what"] for cost in decided["straight"]["trade_offs"]} == {"one row (p95)", "size", "training"}
    assert "**straight: " in out.read_text(encoding="utf-8")
    site = Site.find(trained.root)
    with site.instance() as instance:
        kept = read_latest(instance, site.project(GOODS), "experiment_comparison")
    assert json.loads(json.dumps(kept.to_dict())) == compared


def test_a_comparison_that_cannot_be_made_is_refused_at_once(trained: SiteFolder) -> None:
    """An unknown experiment, a champion that is not there, and a file of another form."""
    assert call("train", "compare", GOODS, "--experiments", "nobody").code == 2
    nothing = call("train", "compare", GOODS, "--experiments", "tuned_model", "--against", "champion")
    assert "no model in production" in nothing.said
    form = call("train", "compare", GOODS, "--experiments", "nobody", "--out", str(trained.root / "a.pdf"))
    assert form.code == 2
    assert ".json or .md" in form.said


def test_an_experiment_that_changes_the_rows_is_refused(trained: SiteFolder) -> None:
    """No two experiments could be compared then."""
    path = _experiment(trained, "other_rows", changes={"dataset": {"drop": ["price"]}})
    refused = call("train", "run", "--config", str(path))
    assert refused.code == 2
    assert "rows and splits stay the same" in refused.said
    assert call("experiments", "show", GOODS, "nothing").code == 2

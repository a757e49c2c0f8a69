"""The shipped sample through its whole life: run, drift, retraining, all through the command.

The budget of the search is cut, everything else is as shipped.
"""

import json
import shutil
from pathlib import Path

import pytest

import ml_lifecycle
from ml_lifecycle_tests.site_folder import SiteFolder

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

_SHIPPED = Path(ml_lifecycle.__file__).parent
_DAYS = 34


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> SiteFolder:
    """The sample as a project of somebody else's folder, run once."""
    made = SiteFolder.make(tmp_path_factory.mktemp("sample"))
    shutil.copytree(_SHIPPED / "defs" / "loans", made.root / "shop" / "defs" / "loans")
    (made.root / "data").mkdir()
    (made.root / "data" / "loans").symlink_to(_SHIPPED.parent / "data" / "loans")
    made.edit(
        "loans",
        modeling={"search": {"trials": 4, "seconds": 30}},
        evaluation={"bootstrap": 100},
        monitoring={"drift": {"html": "never"}},  # a page a day would take longer than all the rest
    )
    done = made.call("run", "loans", "--json")
    assert done.code == 0, done.said[-4000:]
    (made.root / "first.json").write_text(done.out.strip().splitlines()[-1], encoding="utf-8")
    return made


def test_the_run_passes_every_blocking_gate(site: SiteFolder) -> None:
    """And says so for each of them."""
    status = json.loads((site.root / "first.json").read_text())["status"]
    assert status["champion"] == "1"
    assert status["metrics"]["roc_auc"][0] > 0.8
    assert not [gate for gate in status["gates"] if gate["blocking"] and not gate["passed"]]
    assert {"beats_baseline", "fair", "beats_champion", "endpoint_answers"} <= {
        gate["name"] for gate in status["gates"]
    }


def test_a_second_run_computes_only_what_is_never_remembered(site: SiteFolder) -> None:
    """Deployment looks at the world again; the version stays."""
    done = site.call("run", "loans", "--json")
    assert done.code == 0, done.said[-3000:]
    assert set(done.json["run"]["computed"]) <= {"deployed_model", "model_card"}
    assert done.json["status"]["champion"] == "1"


def test_mlflow_has_one_finished_run_per_training(site: SiteFolder) -> None:
    """With parameters, metrics, pictures and the registered version under its alias."""
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{site.home / 'mlflow' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("loans")
    first = json.loads((site.root / "first.json").read_text())["run"]["run_id"]
    runs = client.search_runs([experiment.experiment_id], f"tags.dagster_run_id = '{first}'")
    assert [run.info.status for run in runs] == ["FINISHED"]
    assert "test.roc_auc" in runs[0].data.metrics
    assert "model.learning_rate" in runs[0].data.params
    assert str(client.get_model_version_by_alias("loans", "champion").version) == "1"


def test_drift_is_found_and_a_better_model_takes_over(site: SiteFolder) -> None:
    """Found within the first days, mended a month later, when enough outcomes are known to learn from."""
    done = site.call("simulate", "loans", "--days", str(_DAYS), "--json", timeout=400)
    assert done.code == 0, done.said[-4000:]
    days = done.json
    assert len(days) == _DAYS
    assert all(day["monitor"]["succeeded"] for day in days)
    assert "drift" in {day["finding"] for day in days[:3]}
    promoted = [day for day in days if day["retrain"] and day["retrain"]["succeeded"]]
    assert promoted, [day["decision"] for day in days[-10:]]
    assert days[-1]["champion"] != "1"
    status = site.call("status", "loans", "--json").json
    assert status["champion"] == days[-1]["champion"]

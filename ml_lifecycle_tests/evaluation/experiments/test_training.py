"""An experiment goes the project's way, with its changes, and never sees the test rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.config.experiment import ExperimentConfig
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.evaluation.experiments.result import ExperimentResult
from ml_lifecycle.evaluation.experiments.training import train_experiment
from ml_lifecycle.modeling.predictor import Predictor
from ml_lifecycle_tests.evaluation.validation.test_cross_validation import make_even_folds

NOW = "2026-11-21T12:00:00+00:00"


def make_project(**sections: Any) -> ProjectConfig:
    """A small classification of customers' rows."""
    return ProjectConfig.model_validate(
        {
            "name": "p",
            "folder": Path(),
            "root": Path(),
            "brief": {"problem": "p", "task": "classification", "target": "paid", "positive_class": "y"},
            "dataset": {"sources": [{"path": "x.csv"}], "entity": "customer"},
            "modeling": {"threads": 1, "max_trees": 10, "search": {"trials": 2, "seconds": 30}},
            **sections,
        }
    )


def make_experiment(**changes: Any) -> ExperimentConfig:
    """An experiment on it."""
    stated = {"statement": "A linear model is as good.", "min_gain": -0.05}
    return ExperimentConfig.model_validate({"name": "plain", "project": "p", "hypothesis": stated, "changes": changes})


def _rows(count: int = 300) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(0)
    amount, city = rng.normal(size=count), rng.choice(["Riga", "Oslo"], count)
    paid = np.where(amount + (city == "Riga") + rng.normal(scale=0.5, size=count) > 0.5, "y", "n")
    ids = np.arange(count)
    rows = pd.DataFrame({"_row_id": ids, "amount": amount, "city": city, "customer": ids // 3, "paid": paid})
    splits = np.select([ids < count * 0.6, ids < count * 0.8], ["train", "validation"], "test")
    return rows, pd.DataFrame({"_row_id": ids, "_split": splits})


def _train(experiment: ExperimentConfig, folder: Path, **more: Any) -> tuple[Predictor, ExperimentResult]:
    rows, splits = _rows()
    project = more.pop("project", None) or make_project()
    return train_experiment(project, experiment, rows, splits, storage=folder, created_at=NOW, **more)


def test_an_experiment_is_trained_with_its_changes(tmp_path: Path) -> None:
    """Another family, on the same rows, with all that is kept of it."""
    predictor, result = _train(make_experiment(modeling={"family": "linear"}), tmp_path, data_versions={"rows": "7"})
    assert predictor.model.family == "linear"
    assert result.metric == "roc_auc"
    assert result.value > 0.8
    assert result.predictions["_row_id"].tolist() == list(range(180, 240))
    assert result.predictions["group"].nunique() == 20
    assert result.footprint.latency_p95_ms is not None
    assert result.footprint.size_bytes == sum(map(len, predictor.to_files().values()))
    assert result.effort["trials"] == 2
    assert (result.created_at, result.data_versions) == (NOW, {"rows": "7"})
    assert ExperimentResult.from_parts(result.to_parts()).to_dict() == result.to_dict()


def test_test_rows_decide_nothing(tmp_path: Path) -> None:
    """With other values in the test rows everything comes out the same."""
    rows, splits = _rows()
    other = rows.copy()
    other.loc[splits["_split"] == "test", ["amount"]] = 1e6
    values = [
        train_experiment(make_project(), make_experiment(), table, splits, storage=tmp_path / name, created_at=NOW)[1]
        for name, table in (("as_is", rows), ("other", other))
    ]
    pd.testing.assert_frame_equal(values[0].predictions, values[1].predictions)


def test_features_may_be_changed(tmp_path: Path) -> None:
    """Fewer features by the experiment's selection."""
    _, result = _train(make_experiment(features={"selection": {"k": 1}}), tmp_path)
    assert len(result.features) == 1


def test_the_way_a_model_is_made_may_be_given(tmp_path: Path) -> None:
    """The project's own way takes the place of the plain search."""
    seen = []

    def make(task: Any) -> tuple[Predictor, dict[str, Any]]:
        from ml_lifecycle.evaluation.experiments.training import tune_and_build

        seen.append(task.name)
        return tune_and_build(task)[0], {"ours": 1}

    _, result = _train(make_experiment(), tmp_path, make=make)
    assert seen == ["plain"]
    assert result.effort["ours"] == 1


def test_where_the_project_cross_validates_experiments_are_too(tmp_path: Path) -> None:
    """Values per fold are kept."""
    project = make_project(evaluation={"cross_validation": {"enabled": True}})
    _, result = _train(make_experiment(), tmp_path, project=project, folds=make_even_folds(180, count=2))
    assert result.folds is not None
    assert len(result.folds) == 2

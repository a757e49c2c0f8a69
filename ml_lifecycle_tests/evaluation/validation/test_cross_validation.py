"""A configuration is judged on folds: values, corrected interval, predictions of rows that were not learnt."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.dataset.folds import Fold, Folds
from ml_lifecycle.errors import DataError
from ml_lifecycle.evaluation.metrics import METRICS, default_metric
from ml_lifecycle.evaluation.validation.cross_validation import CrossValidation, cross_validate
from ml_lifecycle.modeling.estimators import FittedModel, Rounds, get_family
from ml_lifecycle.modeling.kept_fits import KeptFits
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.training import fit_model
from ml_lifecycle.parts import Storable
from ml_lifecycle_tests.modeling.problems import make_goal, make_samples


def make_even_folds(rows: int, count: int = 4, method: str = "random") -> Folds:
    """Blocks of rows, each judged once; rolling: each after all that is before it."""
    blocks = np.array_split(np.arange(rows, dtype=np.int64), count + (method == "rolling"))
    if method == "rolling":
        pairs = [(np.concatenate(blocks[:place]), blocks[place]) for place in range(1, count + 1)]
    else:
        pairs = [(np.concatenate(blocks[:place] + blocks[place + 1 :]), blocks[place]) for place in range(count)]
    return Folds(method, tuple(Fold(*pair) for pair in pairs))


def _model(train: Samples, kind: Kind) -> FittedModel:
    return fit_model(get_family("lightgbm"), train, None, {}, goal=make_goal(kind), rounds=Rounds(most=10)).model


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_judged_on_every_fold(kind: Kind) -> None:
    """A row per fold with all metrics of the kind, and a mean that lies in its interval."""
    train, metric = make_samples(kind, rows=200), default_metric(kind)
    found = cross_validate(train, make_even_folds(200), _model(train, kind), metric=metric)
    assert found.folds["fold"].tolist() == [1, 2, 3, 4]
    assert found.folds["train_rows"].tolist() == [150] * 4
    primary = found.summarize().set_index("metric").loc[metric.name]
    assert primary["mean"] == pytest.approx(found.folds[metric.name].mean())
    assert primary["low"] < primary["mean"] < primary["high"]
    assert found.optimism is None


def test_what_is_judged_was_not_learnt() -> None:
    """Predictions out of fold are worse than those of a model that has seen the rows, and each row has one."""
    train = make_samples(Kind.REGRESSION, rows=200)
    model = _model(train, Kind.REGRESSION)
    found = cross_validate(train, make_even_folds(200), model, metric=METRICS["rmse"], keep_predictions=True)
    assert found.predictions is not None
    assert sorted(found.predictions["_row_id"]) == list(range(200))
    assert METRICS["rmse"](train.y, model.predict_matrix(train.matrix)) < found.folds["rmse"].mean()


def test_walk_forward_is_named_so() -> None:
    """Rolling folds learn from more and more rows."""
    train = make_samples(Kind.REGRESSION, rows=200)
    folds = make_even_folds(200, method="rolling")
    found = cross_validate(train, folds, _model(train, Kind.REGRESSION), metric=METRICS["rmse"])
    assert found.title.startswith("walk-forward")
    assert found.folds["train_rows"].tolist() == [40, 80, 120, 160]


def test_folds_of_other_rows_are_refused() -> None:
    """A fold without rows of the samples cannot be judged."""
    train = make_samples(Kind.BINARY, rows=100)
    with pytest.raises(DataError, match="fold 1 cannot be judged"):
        cross_validate(
            train.take(np.arange(25, 100)), make_even_folds(100), _model(train, Kind.BINARY), metric=METRICS["log_loss"]
        )


def test_a_metric_that_a_fold_does_not_allow_is_left_out_of_the_mean() -> None:
    """Folds of one class have no area; the others count."""
    train = make_samples(Kind.BINARY, rows=100)
    model = _model(train, Kind.BINARY)
    train.y[:25] = 1
    found = cross_validate(train, make_even_folds(100), model, metric=METRICS["roc_auc"])
    assert np.isnan(found.folds["roc_auc"].iloc[0])
    assert found.summarize().set_index("metric").loc["roc_auc", "mean"] == found.folds["roc_auc"].iloc[1:].mean()


@pytest.mark.parametrize("keep", [True, False])
def test_it_can_be_stored(keep: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """It comes back from its parts as it was, and has a table for the UI."""
    train = make_samples(Kind.MULTICLASS, rows=120)
    model = _model(train, Kind.MULTICLASS)
    found = cross_validate(train, make_even_folds(120), model, metric=METRICS["log_loss"], keep_predictions=keep)
    assert isinstance(found, Storable)
    parts = found.to_parts()
    again = CrossValidation.from_parts(parts)
    assert again.folds.equals(found.folds)
    assert (again.predictions is None) is not keep
    assert again.markdown() == found.markdown()
    assert json.loads(parts.files["cross_validation.json"])["method"] == "random"


def test_a_repeated_validation_reads_its_done_folds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the values, and the seconds that fitting took the first time."""
    train, folds = make_samples(Kind.BINARY, rows=200), make_even_folds(200)
    model, metric = _model(train, Kind.BINARY), METRICS["roc_auc"]
    first = cross_validate(train, folds, model, metric=metric, kept=KeptFits(tmp_path))

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("ml_lifecycle.modeling.cross_fitting.refit", never)
    again = cross_validate(train, folds, model, metric=metric, kept=KeptFits(tmp_path))
    pd.testing.assert_frame_equal(again.folds.drop(columns="seconds"), first.folds.drop(columns="seconds"))

"""The search on folds: each trial counts with its mean, and the validation rows stay unseen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.dataset import AugmentationConfig
from ml_lifecycle.config.modeling import ModelingConfig, SearchConfig
from ml_lifecycle.dataset.folds import Fold, Folds
from ml_lifecycle.errors import ConfigError, DataError
from ml_lifecycle.modeling.estimators import Goal
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.search import split_parts
from ml_lifecycle.modeling.training import join_files, refit
from ml_lifecycle.modeling.tuning import TuningResult, tune
from ml_lifecycle_tests.modeling.problems import SCORES, make_goal, make_samples


def make_folds(count: int = 3, rows: int = 300) -> Folds:
    """Each row is judged in one fold."""
    ids = np.arange(rows)
    return Folds("random", tuple(Fold(ids[ids % count != fold], ids[ids % count == fold]) for fold in range(count)))


def search(storage: Path, kind: Kind = Kind.BINARY, *, folds: Folds | None, **changes: object) -> TuningResult:
    """Tune on folds of a small problem."""
    valid = changes.pop("valid", make_samples(kind, 100, seed=1))
    augmentation = changes.pop("augmentation", None)
    budget = {"trials": 4, "seconds": 60, "validation": "folds", **changes}
    return tune(
        make_samples(kind),
        valid,  # type: ignore[arg-type]
        kind=kind,
        classes=make_goal(kind).classes,
        config=ModelingConfig(max_trees=25, threads=1, search=SearchConfig(**budget)),  # type: ignore[arg-type]
        score=SCORES[kind],
        storage=storage,
        study_name="study",
        folds=folds,
        augmentation=augmentation,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.REGRESSION])
def test_a_trial_counts_with_the_mean_of_its_folds(tmp_path: Path, kind: Kind) -> None:
    """The final fit has all training rows and the mean number of rounds, and can be fitted again."""
    found = search(tmp_path, kind, folds=make_folds())
    best = found.trials.set_index("number").loc[found.best_trial]
    assert best["state"] == "complete"
    assert found.model.facts.rows == 300
    assert found.final_stopped == "most"
    assert join_files(refit(found.model, make_samples(kind))) == join_files(found.model)
    again = search(tmp_path, kind, folds=make_folds())
    assert join_files(again.model) == join_files(found.model)


def test_validation_rows_stay_unseen(tmp_path: Path) -> None:
    """Other labels of the validation rows change the reported score and nothing else."""
    valid = make_samples(Kind.BINARY, 100, seed=1)
    first = search(tmp_path / "a", folds=make_folds(), valid=valid)
    other: Samples = replace(valid, y=1 - valid.y)
    second = search(tmp_path / "b", folds=make_folds(), valid=other)
    assert join_files(first.model) == join_files(second.model)
    assert first.trials["value"].equals(second.trials["value"])
    assert first.score != second.score


def test_trials_end_between_folds(tmp_path: Path) -> None:
    """A trial whose running mean is under the median is pruned before the last fold."""
    found = search(tmp_path, folds=make_folds(), trials=25)
    assert "folds" in set(found.trials["stopped"])
    assert found.trials["state"].isin(["complete", "pruned"]).sum() == 25


def test_ranking_folds_keep_queries(tmp_path: Path) -> None:
    """Whole queries are learnt from and judged."""
    query = np.arange(300) // 10
    folds = Folds(
        "group", tuple(Fold(np.flatnonzero(query % 2 != n), np.flatnonzero(query % 2 == n)) for n in range(2))
    )
    assert search(tmp_path, Kind.RANKING, folds=folds, trials=2).model.facts.rows == 300


def test_rows_are_made_of_rows_to_learn_from_only() -> None:
    """Augmentation happens inside a fold: no judged row has a part in what is learnt."""
    train = make_samples(Kind.BINARY)
    rare = train.take(np.flatnonzero((train.y == 0) | (np.arange(300) % 5 == 0)))
    ids = rare.row_ids
    folds = Folds("random", tuple(Fold(ids[ids % 2 != n], ids[ids % 2 == n]) for n in range(2)))
    goal = Goal(Kind.BINARY, 2, threads=1)
    parts = split_parts(rare, rare, folds, ModelingConfig(), goal, AugmentationConfig(method="over"))
    for part in parts:
        assert len(part.train) > len(rare) / 2
        known = {tuple(row) for row in np.nan_to_num(part.train.matrix.values)}
        assert not known & {tuple(row) for row in np.nan_to_num(part.judged.matrix.values)}


def test_folds_that_are_missing_are_asked_for(tmp_path: Path) -> None:
    """Validation by folds without folds says where they are described; empty ones are refused."""
    with pytest.raises(ConfigError, match=r"dataset\.split\.folds"):
        search(tmp_path, folds=None)
    nowhere = Folds("random", (Fold(np.arange(300), np.arange(1000, 1010)),))
    with pytest.raises(DataError, match="fold 1"):
        search(tmp_path, folds=nowhere)

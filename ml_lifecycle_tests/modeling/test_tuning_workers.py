"""Processes that search side by side share the journal, and end at exactly the trials asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.modeling import ModelingConfig, SearchConfig
from ml_lifecycle.errors import ModelError
from ml_lifecycle.modeling.search import Part
from ml_lifecycle.modeling.tuning import TuningResult, tune
from ml_lifecycle.modeling.tuning.workers import load_parts, store_parts
from ml_lifecycle_tests.modeling.problems import SCORES, PlainScore, make_samples


def broken(y: np.ndarray, p: np.ndarray) -> float:
    """A score that cannot be told."""
    del y, p
    return float("nan")


def search(storage: Path, *, workers: int, score: PlainScore = SCORES[Kind.BINARY], **budget: object) -> TuningResult:
    """Tune on a small problem in so many processes."""
    config = SearchConfig(**{"trials": 6, "seconds": 60, "workers": workers, "pruner": "none", **budget})  # type: ignore[arg-type]
    return tune(
        make_samples(Kind.BINARY),
        make_samples(Kind.BINARY, 100, seed=1),
        kind=Kind.BINARY,
        classes=2,
        config=ModelingConfig(max_trees=15, threads=1, search=config),
        score=score,
        storage=storage,
        study_name="study",
    )


def test_random_search_is_the_same_side_by_side(tmp_path: Path) -> None:
    """Two processes try, and find, what one does; the journal, resumed by one, is finished."""
    serial = search(tmp_path / "serial", workers=1, method="random")
    parallel = search(tmp_path / "parallel", workers=2, method="random")
    columns = ["number", "params", "value", "state"]
    assert parallel.trials[columns].equals(serial.trials[columns])
    assert parallel.params == serial.params
    assert not list((tmp_path / "parallel").glob("search-*"))
    assert search(tmp_path / "parallel", workers=1, method="random").resumed_from == 6


@pytest.mark.slow
def test_a_process_that_fails_fails_the_search(tmp_path: Path) -> None:
    """The error names how to see more."""
    score = PlainScore("nan", greater_is_better=False, function=broken)
    with pytest.raises(ModelError, match="workers: 1"):
        search(tmp_path, workers=2, score=score, trials=2)


def test_rows_are_handed_over_as_they_are(tmp_path: Path) -> None:
    """What is mapped into memory equals what was written, with all that samples carry."""
    train, judged = make_samples(Kind.RANKING, 60), make_samples(Kind.RANKING, 30, timed=True)
    store_parts([Part(train, judged)], tmp_path)
    (part,) = load_parts(tmp_path, 1, train.matrix.names, train.matrix.categorical)
    assert np.array_equal(part.train.matrix.values, train.matrix.values, equal_nan=True)
    assert isinstance(part.train.matrix.values, np.memmap)
    assert np.array_equal(part.judged.time, judged.time)  # type: ignore[arg-type]
    assert (part.train.time, part.train.weight) == (None, None)

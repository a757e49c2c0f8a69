"""A search inside every fold: its optimism is told, and the fold's judged rows stay unseen."""

from pathlib import Path
from typing import Any

import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.modeling import ModelingConfig
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle.evaluation.validation.cross_validation import CrossValidation
from ml_lifecycle.evaluation.validation.nested import cross_validate_search
from ml_lifecycle_tests.evaluation.validation.test_cross_validation import make_even_folds
from ml_lifecycle_tests.modeling.problems import make_goal, make_samples

CONFIG = ModelingConfig.model_validate({"max_trees": 10, "threads": 1, "search": {"trials": 3, "seconds": 60}})


class Killed(BaseException):
    """What ends a process in the middle of a search."""


def test_a_killed_validation_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Folds that are done are not searched again, and nothing of their searches is left."""
    from ml_lifecycle.modeling import tuning

    train, folds, searched = make_samples(Kind.REGRESSION, rows=200), make_even_folds(200, count=2), []
    tune = tuning.tune

    def mortal(*rows: Any, study_name: str, **options: Any) -> Any:
        searched.append(study_name)
        if searched == ["fold_1", "fold_2"]:
            raise Killed
        return tune(*rows, study_name=study_name, **options)

    def validate(storage: Path | None) -> CrossValidation:
        return cross_validate_search(
            train,
            folds,
            goal=make_goal(Kind.REGRESSION),
            config=CONFIG,
            metric=METRICS["rmse"],
            seconds=5,
            storage=storage,
        )

    monkeypatch.setattr(tuning, "tune", mortal)
    with pytest.raises(Killed):
        validate(tmp_path)
    found = validate(tmp_path)
    assert searched == ["fold_1", "fold_2", "fold_2"]
    assert found.folds["inner"].notna().all()
    assert {path.suffix for path in tmp_path.iterdir()} == {".fit"}


@pytest.mark.parametrize("method", ["random", "rolling"])
def test_each_fold_searches_for_itself(method: str) -> None:
    """A row per fold with what the search believed in, and the optimism in the direction of the metric."""
    train = make_samples(Kind.REGRESSION, rows=200, timed=method == "rolling")
    found = cross_validate_search(
        train,
        make_even_folds(200, count=2, method=method),
        goal=make_goal(Kind.REGRESSION),
        config=CONFIG,
        metric=METRICS["rmse"],
        seconds=5,
    )
    assert found.nested
    assert len(found.folds) == 2
    assert found.optimism == pytest.approx((found.folds["rmse"] - found.folds["inner"]).mean())
    assert "its optimism" in found.markdown()
    assert CrossValidation.from_parts(found.to_parts()).optimism == pytest.approx(found.optimism)

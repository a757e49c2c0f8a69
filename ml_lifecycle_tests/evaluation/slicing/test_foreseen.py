"""What predictions let expect is what comes on average, where they are right."""

import numpy as np
import pytest

from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle.evaluation.slicing.foreseen import foreseen_losses
from ml_lifecycle_tests.evaluation.problems import binary, queries


@pytest.mark.parametrize("name", ["roc_auc", "log_loss", "brier", "accuracy", "f1"])
def test_calibrated_probabilities_are_as_wrong_as_they_foresee(name: str) -> None:
    """The mean loss is the foreseen one, for two classes and for three."""
    data = binary(40_000)
    scored = METRICS[name].score(data.y, data.p)
    foreseen = foreseen_losses(METRICS[name], scored)
    assert foreseen.mean() == pytest.approx(METRICS[name].row_losses(scored).mean(), rel=0.02)
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), 40_000)
    y = (rng.random(40_000)[:, None] > p.cumsum(axis=1)).sum(axis=1)
    scored = METRICS[name].score(y, p)
    assert foreseen_losses(METRICS[name], scored).mean() == pytest.approx(
        METRICS[name].row_losses(scored).mean(), rel=0.02
    )


def test_of_numbers_rows_of_like_prediction_are_the_measure() -> None:
    """Where errors grow with the prediction, so does what is foreseen."""
    rng = np.random.default_rng(0)
    p = rng.uniform(1, 10, 20_000)
    scored = METRICS["rmse"].score(p + p * rng.normal(size=20_000), p)
    foreseen = foreseen_losses(METRICS["rmse"], scored)
    assert np.corrcoef(foreseen, p**2)[0, 1] > 0.95


def test_queries_and_scores_are_foreseen_too() -> None:
    """In ranking by the mean of all queries; scores that are no probabilities by scores like them."""
    grades, scores, query = queries()
    scored = METRICS["ndcg@3"].score(grades, scores, query)
    assert foreseen_losses(METRICS["ndcg@3"], scored) == pytest.approx(1 - METRICS["ndcg@3"].function.value(scored))
    auc = METRICS["roc_auc"]
    y = np.arange(100) % 2
    assert foreseen_losses(auc, auc.score(y, np.linspace(-3, 3, 100))).mean() == pytest.approx(0.5, abs=0.02)

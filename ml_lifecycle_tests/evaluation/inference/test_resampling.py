"""Resampling gives the replicates that the plain method gives, for rows, groups and many rows."""

import numpy as np
import pytest

from ml_lifecycle.evaluation.inference import resampling
from ml_lifecycle.evaluation.inference.resampling import STREAM, Estimate, Units, influence, replicate, standard_error
from ml_lifecycle.evaluation.measures.forms import Linear
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle_tests.evaluation.problems import binary, queries


def _estimate(name: str, *data: np.ndarray) -> Estimate:
    return Estimate.of(METRICS[name], METRICS[name].score(*data))


@pytest.mark.parametrize("name", ["accuracy", "log_loss", "f1", "roc_auc", "pr_auc", "lift@0.1", "gain@0.1"])
def test_replicates_are_the_metric_of_the_drawn_rows(name: str) -> None:
    """Each replicate equals the metric of the rows that were drawn, repeated as often as they were."""
    data = binary(80)
    found = replicate([_estimate(name, data.y, data.p)], Units.of(80), resamples=5, seed=3)[0]
    drawn = np.random.default_rng([3, STREAM]).integers(0, 80, size=(5, 80))
    assert found == pytest.approx([METRICS[name](data.y[rows], data.p[rows]) for rows in drawn])


def test_replicates_of_the_median_error() -> None:
    """The weighted median is the median of the repeated rows."""
    rng = np.random.default_rng(0)
    y, p = rng.normal(size=41), rng.normal(size=41)
    found = replicate([_estimate("median_ae", y, p)], Units.of(41), resamples=6, seed=1)[0]
    drawn = np.random.default_rng([1, STREAM]).integers(0, 41, size=(6, 41))
    assert found == pytest.approx([METRICS["median_ae"](y[rows], p[rows]) for rows in drawn])


def test_groups_are_drawn_whole() -> None:
    """A replicate of a ranking metric is the mean over drawn queries."""
    grades, scores, query = queries(60, 6)
    metric = METRICS["ndcg@3"]
    found = replicate([_estimate("ndcg@3", grades, scores, query)], Units.of(60, query), resamples=4, seed=0)[0]
    each = np.array([metric(grades[query == q], scores[query == q], query[query == q]) for q in range(10)])
    drawn = np.random.default_rng([0, STREAM]).integers(0, 10, size=(4, 10))
    assert found == pytest.approx(each[drawn].mean(axis=1))


@pytest.mark.parametrize("name", ["roc_auc", "pr_auc", "median_ae", "gain@0.1", "lift@0.1"])
def test_first_order_approximation_is_close(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """For many rows the replicates by influence agree with the exact ones."""
    data = binary(1500)
    exact = replicate([_estimate(name, data.y, data.p)], Units.of(1500), resamples=50, seed=0)[0]
    monkeypatch.setattr(resampling, "EXACT_CELLS", 0)
    close = replicate([_estimate(name, data.y, data.p)], Units.of(1500), resamples=50, seed=0)[0]
    assert np.corrcoef(exact, close)[0, 1] > 0.95
    assert close.std() == pytest.approx(exact.std(), rel=0.2)


def test_macro_curve_by_influence_is_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mean over classes is approximated as well."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 900)
    p = rng.dirichlet(np.ones(3), 900)
    exact = replicate([_estimate("roc_auc", y, p)], Units.of(900), resamples=40, seed=0)[0]
    monkeypatch.setattr(resampling, "EXACT_CELLS", 0)
    close = replicate([_estimate("roc_auc", y, p)], Units.of(900), resamples=40, seed=0)[0]
    assert np.corrcoef(exact, close)[0, 1] > 0.99


def test_blocks_keep_the_variance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Joining rows into random blocks gives the same standard error."""
    data = binary(4000)
    estimate = _estimate("log_loss", data.y, data.p)
    rows = replicate([estimate], Units.of(4000), resamples=300, seed=0).std()
    monkeypatch.setattr(resampling, "MAX_UNITS", 1000)
    blocks = replicate([estimate], Units.of(4000), resamples=300, seed=0).std()
    assert blocks == pytest.approx(rows, rel=0.15)


def test_blocks_keep_groups_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block consists of whole groups."""
    monkeypatch.setattr(resampling, "MAX_UNITS", 3)
    groups = np.arange(20) // 2
    joined = Units.of(20, groups).in_blocks(np.random.default_rng(0))
    assert joined.count == 3
    assert joined.index is not None
    assert (joined.index[::2] == joined.index[1::2]).all()


def test_missing_groups_are_one_group() -> None:
    """Rows without a group are taken as dependent: the careful side."""
    assert Units.of(4, np.array(["a", None, None, "b"], dtype=object)).count == 3


def test_jackknife_error_of_a_mean_is_the_textbook_one() -> None:
    """For a mean the jackknife gives s / sqrt(n)."""
    values = np.random.default_rng(0).normal(size=50)
    linear = Linear(np.column_stack([values, np.ones(50)]), lambda sums: sums[..., 0] / sums[..., 1])
    expected = values.std(ddof=1) / np.sqrt(50)
    assert standard_error(influence(linear, Units.of(50))) == pytest.approx(expected)


def test_one_unit_says_nothing() -> None:
    """A single unit has no standard error."""
    linear = Linear(np.ones((3, 2)), lambda sums: sums[..., 0])
    assert np.isnan(standard_error(influence(linear, Units.of(3, np.zeros(3)))))

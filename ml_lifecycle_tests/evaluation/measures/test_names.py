"""Metrics with a number are read from their names; wrong numbers are refused with the right form."""

import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.metrics import KNOWN, METRICS, get_metric, metric_for, metrics_of


@pytest.mark.parametrize(
    ("name", "kind", "greater"),
    [
        ("ndcg@20", Kind.RANKING, True),
        ("precision@3", Kind.RANKING, True),
        ("lift@0.05", Kind.BINARY, True),
        ("gain@0.25", Kind.BINARY, True),
        ("quantile_loss@0.9", Kind.REGRESSION, False),
        ("tweedie_deviance@1.5", Kind.REGRESSION, False),
    ],
)
def test_names_with_a_number_are_metrics(name: str, kind: Kind, greater: bool) -> None:  # noqa: FBT001 - a parameter
    """Each is found, fits its kind, and is the same object each time."""
    found = metric_for(kind, name)
    assert (found.name, found.greater_is_better, found.kinds) == (name, greater, {kind})
    assert get_metric(name) is get_metric(name)


def test_one_number_has_one_name() -> None:
    """However it is spelt, the metric is that of the table."""
    assert get_metric("lift@.10") is METRICS["lift@0.1"]
    assert get_metric("ndcg@010") is METRICS["ndcg@10"]
    assert get_metric("ndcg@1000000").name == "ndcg@1000000"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ndcg@0", "a whole number from 1 after the @, got '0'"),
        ("ndcg@2.5", "a whole number"),
        ("ndcg", "such as 'ndcg@10'"),
        ("lift@1", "a number between 0 and 1"),
        ("quantile_loss@nan", "a number between 0 and 1"),
        ("quantile_loss", "such as 'quantile_loss@0.9'"),
        ("tweedie_deviance@3", "a number from 1 to 2"),
        ("recall@5", "did you mean"),
    ],
)
def test_wrong_numbers_are_refused(name: str, message: str) -> None:
    """The message says what is allowed and gives an example."""
    with pytest.raises(ConfigError, match=message):
        get_metric(name)


def test_further_metrics_are_reported_where_asked_for() -> None:
    """They come after the usual ones, each once; those of another kind are refused."""
    usual = metrics_of(Kind.REGRESSION)
    assert "rmsle" not in {metric.name for metric in usual}
    more = metrics_of(Kind.REGRESSION, ["rmsle", "rmse", "quantile_loss@0.9", "quantile_loss@0.90"])
    assert [metric.name for metric in more[len(usual) :]] == ["rmsle", "quantile_loss@0.9"]
    with pytest.raises(ConfigError, match="does not fit a binary problem"):
        metrics_of(Kind.BINARY, ["ndcg@20"])


def test_known_names_hold_every_metric_that_can_be_read() -> None:
    """Names with a number are known though not listed; cost is; nonsense is not."""
    assert "ndcg@20" in KNOWN
    assert KNOWN["cost"] == {Kind.BINARY, Kind.MULTICLASS}
    assert "ndcg@x" not in KNOWN
    assert set(KNOWN) == {*METRICS, "cost"}
    assert len(KNOWN) == len(list(KNOWN))

"""The metrics agree with scikit-learn, and treat degenerate and wrong input as documented."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ConfigError, ModelError, TargetError
from ml_lifecycle.evaluation.metrics import METRICS, compute_metrics, default_metric, get_metric, metric_for, metrics_of
from ml_lifecycle.modeling.score import Score
from ml_lifecycle_tests.evaluation.problems import queries

RNG = np.random.default_rng(0)
Y2 = RNG.integers(0, 2, 400)
P2 = np.round(np.clip(0.3 * Y2 + 0.7 * RNG.random(400), 0, 1), 2)  # rounded: ties
Y5 = RNG.integers(0, 5, 400)
P5 = RNG.dirichlet(np.ones(5), 400)
YR = RNG.normal(5, 2, 400)
PR = YR + RNG.normal(0, 1, 400)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("roc_auc", sk.roc_auc_score(Y2, P2)),
        ("pr_auc", sk.average_precision_score(Y2, P2)),
        ("log_loss", sk.log_loss(Y2, P2)),
        ("brier", sk.brier_score_loss(Y2, P2)),
        ("accuracy", sk.accuracy_score(Y2, P2 >= 0.5)),
        ("balanced_accuracy", sk.balanced_accuracy_score(Y2, P2 >= 0.5)),
        ("precision", sk.precision_score(Y2, P2 >= 0.5)),
        ("recall", sk.recall_score(Y2, P2 >= 0.5)),
        ("f1", sk.f1_score(Y2, P2 >= 0.5)),
        ("f1_macro", sk.f1_score(Y2, P2 >= 0.5, average="macro")),
        ("f1_weighted", sk.f1_score(Y2, P2 >= 0.5, average="weighted")),
        ("mcc", sk.matthews_corrcoef(Y2, P2 >= 0.5)),
    ],
)
def test_binary_metrics_agree_with_scikit_learn(name: str, expected: float) -> None:
    """Each binary metric has scikit-learn's value, ties included."""
    assert METRICS[name](Y2, P2) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("roc_auc", sk.roc_auc_score(Y5, P5, multi_class="ovr")),
        ("pr_auc", np.mean([sk.average_precision_score(k == Y5, P5[:, k]) for k in range(5)])),
        ("log_loss", sk.log_loss(Y5, P5)),
        ("brier", ((P5 - np.eye(5)[Y5]) ** 2).sum(axis=1).mean()),
        ("accuracy", sk.accuracy_score(Y5, P5.argmax(1))),
        ("balanced_accuracy", sk.balanced_accuracy_score(Y5, P5.argmax(1))),
        ("precision", sk.precision_score(Y5, P5.argmax(1), average="macro")),
        ("recall", sk.recall_score(Y5, P5.argmax(1), average="macro")),
        ("f1", sk.f1_score(Y5, P5.argmax(1), average="macro")),
        ("f1_weighted", sk.f1_score(Y5, P5.argmax(1), average="weighted")),
        ("mcc", sk.matthews_corrcoef(Y5, P5.argmax(1))),
    ],
)
def test_multiclass_metrics_agree_with_scikit_learn(name: str, expected: float) -> None:
    """Each multiclass metric has scikit-learn's value."""
    assert METRICS[name](Y5, P5) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rmse", sk.root_mean_squared_error(YR, PR)),
        ("mse", sk.mean_squared_error(YR, PR)),
        ("mae", sk.mean_absolute_error(YR, PR)),
        ("median_ae", sk.median_absolute_error(YR, PR)),
        ("mape", sk.mean_absolute_percentage_error(YR, PR)),
        ("r2", sk.r2_score(YR, PR)),
        ("rmsle", sk.root_mean_squared_log_error(np.abs(YR), np.abs(PR))),
        ("quantile_loss@0.9", sk.mean_pinball_loss(YR, PR, alpha=0.9)),
        ("poisson_deviance", sk.mean_poisson_deviance(np.abs(YR), np.abs(PR))),
        ("tweedie_deviance@1.5", sk.mean_tweedie_deviance(np.abs(YR), np.abs(PR), power=1.5)),
        ("tweedie_deviance@2", sk.mean_gamma_deviance(np.abs(YR), np.abs(PR))),
    ],
)
def test_regression_metrics_agree_with_scikit_learn(name: str, expected: float) -> None:
    """Each regression metric has scikit-learn's value; those of amounts are taken of amounts."""
    of_amounts = name.startswith(("rmsle", "poisson", "tweedie"))
    y, p = (np.abs(YR), np.abs(PR)) if of_amounts else (YR, PR)
    assert get_metric(name)(y, p) == pytest.approx(expected)


def test_amounts_that_are_none_have_no_such_metric() -> None:
    """Where a target or a prediction is below what the metric is for, it is not a number; Poisson takes zeros."""
    for name in ("rmsle", "poisson_deviance", "tweedie_deviance@1.5"):
        assert np.isnan(get_metric(name)(np.array([-2.0, 1]), np.array([1.0, 1])))
        assert np.isnan(get_metric(name)(np.array([2.0, 1]), np.array([-1.0, 1])))
    assert get_metric("poisson_deviance")(np.array([0.0, 1]), np.array([1.0, 1])) == 1
    assert np.isnan(get_metric("tweedie_deviance@2")(np.array([0.0, 1]), np.array([1.0, 1])))


def test_gain_and_lift_by_hand() -> None:
    """The best fifth of ten rows holds two of four positive ones: half of them, 2.5 times as many as by chance."""
    y, p = np.array([1, 1, 0, 0, 1, 0, 0, 1, 0, 0]), np.linspace(1, 0, 10)
    assert get_metric("gain@0.2")(y, p) == pytest.approx(0.5)
    assert get_metric("lift@0.2")(y, p) == pytest.approx(2.5)
    assert get_metric("gain@0.25")(y, p) == pytest.approx(0.5)  # half of the third row, which is negative
    assert np.isnan(get_metric("lift@0.2")(np.zeros(10), p))


def test_tied_scores_lift_by_chance() -> None:
    """A constant score finds as many as any share of the rows has, whatever their order."""
    y = np.r_[np.ones(5), np.zeros(20)]
    assert get_metric("lift@0.1")(y, np.ones(25)) == pytest.approx(1)
    assert get_metric("gain@0.3")(y, np.ones(25)) == pytest.approx(0.3)


def test_precision_of_the_first_rows_by_hand() -> None:
    """One of two in one query, two of two in the other; a query without a relevant row is left out."""
    grades, scores = np.array([0, 1, 1, 3, 1, 0, 0, 0]), np.array([9.0, 8, 7, 9, 8, 7, 1, 2])
    query = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    assert get_metric("precision@2")(grades, scores, query) == pytest.approx(0.75)


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if Kind.REGRESSION not in metric.kinds])
def test_every_row_has_a_loss(name: str) -> None:
    """Of each metric of classes or ranks, rows that count have a loss, and the best predictions the least."""
    metric = METRICS[name]
    if Kind.RANKING in metric.kinds:
        grades, scores, query = queries()
        losses = metric.row_losses(metric.score(grades, scores, query))
        assert np.isfinite(losses).sum() == 30
        assert np.nanmean(losses) == pytest.approx(1 - metric(grades, scores, query))
        return
    losses = metric.row_losses(metric.score(Y2, P2))
    assert losses[(Y2 == 1) & (P2 > 0.9)].max() < losses[(Y2 == 1) & (P2 < 0.45)].min()


def test_scores_that_are_no_probabilities_have_losses_too() -> None:
    """A wrong label costs 1 where the logarithmic loss has nothing to go by."""
    metric = METRICS["roc_auc"].at(0.0)
    assert metric.row_losses(metric.score(np.array([0, 1, 1]), np.array([-2.0, 3, -1]))).tolist() == [0, 0, 1]


@pytest.mark.parametrize("at", [1, 3, 5, 10])
def test_ndcg_agrees_with_scikit_learn(at: int) -> None:
    """NDCG with exponential gains is scikit-learn's of the gains, ties included."""
    grades, scores, query = queries()
    scores = np.round(scores)
    per_query = [sk.ndcg_score([2 ** grades[query == q] - 1], [scores[query == q]], k=at) for q in range(30)]
    assert METRICS[f"ndcg@{at}"](grades, scores, query) == pytest.approx(np.mean(per_query))


def test_mean_average_precision_agrees_with_scikit_learn() -> None:
    """MAP is the mean of scikit-learn's average precision over the queries."""
    grades, scores, query = queries()
    per_query = [sk.average_precision_score(grades[query == q] > 0, scores[query == q]) for q in range(30)]
    assert METRICS["map"](grades, scores, query) == pytest.approx(np.mean(per_query))


def test_mean_reciprocal_rank_by_hand() -> None:
    """The first relevant row is second in one query, first in the other; a query without any is left out."""
    grades, scores = np.array([0, 1, 1, 0, 0, 0]), np.array([0.9, 0.8, 0.7, 0.1, 0.3, 0.2])
    assert METRICS["mrr"](grades, scores, np.array([0, 0, 1, 1, 2, 2])) == pytest.approx(0.75)


def test_constant_scores_rank_by_chance_whatever_the_order_of_the_rows() -> None:
    """A constant score gains nothing from a table that is sorted by relevance."""
    grades, query = np.array([3.0, 2, 1, 0, 0, 0]), np.zeros(6, dtype=int)
    metric, constant = METRICS["ndcg@3"], np.ones(6)
    assert metric(grades, constant, query) == pytest.approx(metric(grades[::-1], constant, query))
    assert metric(grades, constant, query) < 0.7


def test_calibration_error_by_hand() -> None:
    """Half of the rows at 0.25 and all at 0.75 are positive: both bins miss by 0.25."""
    assert METRICS["ece"](np.array([0, 1, 1, 1]), np.array([0.25, 0.25, 0.75, 0.75])) == pytest.approx(0.25)


def test_perfect_top_class_is_calibrated() -> None:
    """With classes, certainty that is right has no calibration error."""
    assert METRICS["ece"](np.array([0, 2]), np.eye(3)[[0, 2]]) == 0


@pytest.mark.parametrize("name", ["roc_auc", "pr_auc"])
def test_one_class_has_no_curve(name: str) -> None:
    """Without positive rows the area is not a number, and no criterion holds."""
    assert np.isnan(METRICS[name](np.zeros(3), np.array([0.1, 0.2, 0.3])))


def test_classes_that_do_not_occur_do_not_count() -> None:
    """The macro mean is over the classes that occur."""
    y, p = np.array([0, 1, 0, 1]), np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1]])
    assert METRICS["roc_auc"](y, p) == 1
    assert METRICS["f1_macro"](y, p) == 1


def test_undefined_regression_metrics_are_no_number() -> None:
    """R2 of a constant target and MAPE of zeros are not numbers."""
    assert np.isnan(METRICS["r2"](np.ones(3), np.arange(3.0)))
    assert np.isnan(METRICS["mape"](np.zeros(3), np.ones(3)))


def test_threshold_decides_labels() -> None:
    """A metric of labels follows its threshold."""
    y, p = np.array([0, 0, 1]), np.array([0.1, 0.3, 0.4])
    assert METRICS["accuracy"](y, p) == pytest.approx(2 / 3)
    assert METRICS["accuracy"].at(0.35)(y, p) == 1
    assert compute_metrics(Kind.BINARY, y, p, threshold=0.35)["recall"] == 1


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_auc_of_reversed_scores_is_the_complement(rows: list[tuple[bool, int]]) -> None:
    """Law: turning the scores round turns the area into one minus it."""
    y, p = np.array([row[0] for row in rows], dtype=int), np.array([row[1] for row in rows]) / 5
    metric = METRICS["roc_auc"]
    assert metric(y, p) == pytest.approx(1 - metric(y, 1 - p), nan_ok=True)


@given(st.permutations(range(24)))
def test_ndcg_does_not_depend_on_the_order_of_rows(order: list[int]) -> None:
    """Law: shuffling the rows leaves NDCG as it is."""
    grades, scores, query = queries(24, 6)
    scores = np.round(scores)
    metric = METRICS["ndcg@5"]
    assert metric(grades[order], scores[order], query[order]) == pytest.approx(metric(grades, scores, query))


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_has_metrics_and_a_default(kind: Kind) -> None:
    """Every kind's default is one of its metrics and satisfies the protocol of modeling."""
    assert default_metric(kind) in metrics_of(kind)
    assert isinstance(metric_for(kind), Score)


def test_compute_metrics_gives_all_of_a_kind() -> None:
    """All metrics of a kind at once have the values they have alone."""
    found = compute_metrics(Kind.REGRESSION, YR, PR)
    assert found == {metric.name: metric(YR, PR) for metric in metrics_of(Kind.REGRESSION)}


def test_unknown_metric_names_the_nearest() -> None:
    """A typing error is answered with what was probably meant."""
    with pytest.raises(ConfigError, match="did you mean 'log_loss'"):
        get_metric("logloss")
    with pytest.raises(ConfigError, match="choose one of those"):
        get_metric("xyz")


def test_metric_of_another_kind_is_refused() -> None:
    """RMSE does not fit a classification."""
    with pytest.raises(ConfigError, match="does not fit a binary problem"):
        metric_for(Kind.BINARY, "rmse")


def test_infinite_predictions_are_refused() -> None:
    """Predictions that are no numbers cannot be scored."""
    with pytest.raises(ModelError, match="1 of 2 that are infinite"):
        METRICS["rmse"](np.zeros(2), np.array([np.inf, 1]))


def test_scores_are_no_probabilities() -> None:
    """The logarithmic loss refuses what is not between 0 and 1."""
    with pytest.raises(ModelError, match="numbers from 0 to 1"):
        METRICS["log_loss"](np.array([0, 1]), np.array([-1.0, 3.0]))


@pytest.mark.parametrize(
    ("y", "p"), [(np.zeros(3), np.zeros(2)), (np.zeros((2, 2)), np.zeros(2)), (np.zeros(0), np.zeros(0))]
)
def test_shapes_must_fit(y: np.ndarray, p: np.ndarray) -> None:
    """Rows of different number, or none, are a mistake of the caller."""
    with pytest.raises(ValueError, match="expected"):
        METRICS["rmse"](y, p)


def test_ranking_needs_queries_and_grades() -> None:
    """Without queries, or with a target that is no grade, ranking cannot be scored."""
    with pytest.raises(ValueError, match="expected the query"):
        METRICS["ndcg@1"](np.ones(2), np.ones(2))
    with pytest.raises(TargetError, match="grades of relevance"):
        METRICS["ndcg@1"](np.array([-1.0, 200.0]), np.ones(2), np.zeros(2))

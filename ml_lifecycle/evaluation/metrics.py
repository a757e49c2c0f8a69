"""The metrics by name: what each is for, which direction is better, and how it is computed.

How they are computed lives in `label_measures`, `curve_measures`, `regression_measures` and `ranking_measures`; how
sure a value is, in `intervals`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation import curve_measures, label_measures, ranking_measures, regression_measures
from ml_lifecycle.evaluation.measures import Measure, Scored


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of merit; call it to score predictions. It satisfies `modeling.score.Score`.

    Args:
        name: Its name in the YAML.
        kinds: The kinds of problem it fits.
        greater_is_better: Whether a larger value is a better one.
        function: How it is computed.
        threshold: Binary: probability from which the class is positive.

    >>> METRICS["accuracy"](np.array([0, 1, 1, 0]), np.array([0.2, 0.9, 0.4, 0.1]))
    0.75
    """

    name: str
    kinds: frozenset[Kind]
    greater_is_better: bool
    function: Measure
    threshold: float = 0.5

    def __call__(self, y: np.ndarray, predictions: np.ndarray, query: np.ndarray | None = None) -> float:
        """Score predictions.

        Args:
            y: Encoded targets, shape (n,).
            predictions: Shape (n,), or (n, k) probabilities for k classes.
            query: Query of each row, shape (n,); ranking only.

        Returns:
            The value; NaN where the rows do not allow one, such as roc_auc on one class.

        Raises:
            ModelError: The predictions are not finite, or no probabilities where those are needed.
        """
        return self.function.value(self.score(y, predictions, query))

    def score(self, y: np.ndarray, predictions: np.ndarray, query: np.ndarray | None = None) -> Scored:
        """Truth and predictions, checked, with this metric's threshold."""
        return Scored.of(y, predictions, query, self.threshold)

    def at(self, threshold: float) -> Metric:
        """The same metric with another threshold."""
        return replace(self, threshold=threshold)

    @property
    def sign(self) -> int:
        """1 where a larger value is better, -1 else."""
        return 1 if self.greater_is_better else -1


_BINARY = frozenset({Kind.BINARY})
_CLASSES = frozenset({Kind.BINARY, Kind.MULTICLASS})
_NUMBER = frozenset({Kind.REGRESSION})
_RANKING = frozenset({Kind.RANKING})


def _more(name: str, kinds: frozenset[Kind], function: Measure) -> Metric:
    """A metric of which more is better."""
    return Metric(name, kinds, greater_is_better=True, function=function)


def _less(name: str, kinds: frozenset[Kind], function: Measure) -> Metric:
    """A metric of which less is better."""
    return Metric(name, kinds, greater_is_better=False, function=function)


#: All metrics by name, in the order in which they are shown. With more than two classes precision, recall, f1, roc_auc
#: and pr_auc are means over the classes that occur (each against the rest for the last two), and the calibration error
#: is that of the most probable class.
METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _more("roc_auc", _CLASSES, curve_measures.ROC_AUC),
        _more("pr_auc", _CLASSES, curve_measures.PR_AUC),
        _less("log_loss", _CLASSES, label_measures.LOG_LOSS),
        _less("brier", _CLASSES, label_measures.BRIER),
        _less("ece", _CLASSES, label_measures.ECE),
        _more("accuracy", _CLASSES, label_measures.ACCURACY),
        _more("balanced_accuracy", _CLASSES, label_measures.BALANCED_ACCURACY),
        _more("precision", _CLASSES, label_measures.PRECISION),
        _more("recall", _CLASSES, label_measures.RECALL),
        _more("f1", _CLASSES, label_measures.F1),
        _more("f1_macro", _CLASSES, label_measures.F1_MACRO),
        _more("f1_weighted", _CLASSES, label_measures.F1_WEIGHTED),
        _more("mcc", _CLASSES, label_measures.MCC),
        _less("rmse", _NUMBER, regression_measures.RMSE),
        _less("mse", _NUMBER, regression_measures.MSE),
        _less("mae", _NUMBER, regression_measures.MAE),
        _less("median_ae", _NUMBER, curve_measures.MEDIAN_AE),
        _less("mape", _NUMBER, regression_measures.MAPE),
        _more("r2", _NUMBER, regression_measures.R2),
        _more("ndcg@1", _RANKING, ranking_measures.ndcg(1)),
        _more("ndcg@3", _RANKING, ranking_measures.ndcg(3)),
        _more("ndcg@5", _RANKING, ranking_measures.ndcg(5)),
        _more("ndcg@10", _RANKING, ranking_measures.ndcg(10)),
        _more("mrr", _RANKING, ranking_measures.MRR),
        _more("map", _RANKING, ranking_measures.MAP),
    )
}

_DEFAULTS = {
    Kind.BINARY: "roc_auc",
    Kind.MULTICLASS: "log_loss",
    Kind.REGRESSION: "rmse",
    Kind.RANKING: "ndcg@10",
}


def get_metric(name: str) -> Metric:
    """The metric of a name.

    Raises:
        ConfigError: There is none of this name.

    >>> get_metric("rocauc")
    Traceback (most recent call last):
    ...
    ml_lifecycle.errors.ConfigError: there is no metric 'rocauc': ... What to do: did you mean 'roc_auc'...
    """
    if name in METRICS:
        return METRICS[name]
    nearest = get_close_matches(name, METRICS, n=1)
    raise ConfigError(
        f"there is no metric {name!r}",
        expected=f"one of {', '.join(METRICS)}",
        got=repr(name),
        advice=f"did you mean {nearest[0]!r}?" if nearest else "choose one of those",
    )


def metric_for(kind: Kind, name: str | None = None, *, threshold: float = 0.5) -> Metric:
    """The metric of a name, if it fits the kind of problem; the kind's default where no name is given.

    Raises:
        ConfigError: There is none of this name, or it does not fit.
    """
    metric = get_metric(name or _DEFAULTS[kind])
    if kind not in metric.kinds:
        raise ConfigError(
            f"the metric {metric.name!r} does not fit a {kind} problem",
            expected=f"one of {', '.join(item.name for item in metrics_of(kind))}",
            got=repr(metric.name),
            advice="set brief.metric to one of those, or leave it out",
        )
    return metric.at(threshold)


def default_metric(kind: Kind) -> Metric:
    """What search and comparison optimise when the brief does not say."""
    return METRICS[_DEFAULTS[kind]]


def metrics_of(kind: Kind) -> tuple[Metric, ...]:
    """All metrics that fit a kind of problem."""
    return tuple(metric for metric in METRICS.values() if kind in metric.kinds)


def compute_metrics(
    kind: Kind, y: np.ndarray, predictions: np.ndarray, query: np.ndarray | None = None, *, threshold: float = 0.5
) -> dict[str, float]:
    """All metrics of a kind of problem.

    Args:
        kind: The kind.
        y: Encoded targets, shape (n,).
        predictions: Shape (n,), or (n, k) probabilities for k classes.
        query: Query of each row, shape (n,); ranking only.
        threshold: Binary: probability from which the class is positive.
    """
    scored = Scored.of(y, predictions, query, threshold)
    return {metric.name: metric.function.value(scored) for metric in metrics_of(kind)}

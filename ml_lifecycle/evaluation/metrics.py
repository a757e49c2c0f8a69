"""The metrics by name: what each is for, which direction is better, and how it is computed.

How they are computed lives in `measures/labels`, `measures/curves`, `measures/regression`, `measures/ranking` and
`measures/costs`; how a name with a number (`ndcg@20`) is read, in `measures/names`; how sure a value is, in
`inference/intervals`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.measures import curves as curve_measures
from ml_lifecycle.evaluation.measures import labels as label_measures
from ml_lifecycle.evaluation.measures import ranking as ranking_measures
from ml_lifecycle.evaluation.measures import regression as regression_measures
from ml_lifecycle.evaluation.measures.costs import NO_COSTS, CostMatrix
from ml_lifecycle.evaluation.measures.forms import Measure, Scored, Sums, divide
from ml_lifecycle.evaluation.measures.names import FAMILIES, Family, split_name


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of merit; call it to score predictions. It satisfies `modeling.score.Score`.

    Args:
        name: Its name in the YAML.
        kinds: The kinds of problem it fits.
        greater_is_better: Whether a larger value is a better one.
        function: How it is computed.
        threshold: Binary: probability from which the class is positive.
        by_row: Name of the mean metric that says how wrong a single row is, where this one cannot: the error rate for
            metrics of labels, the logarithmic loss for those of an order; itself where empty.
        on_request: Whether it is reported only where it is asked for.

    >>> METRICS["accuracy"](np.array([0, 1, 1, 0]), np.array([0.2, 0.9, 0.4, 0.1]))
    0.75
    """

    name: str
    kinds: frozenset[Kind]
    greater_is_better: bool
    function: Measure
    threshold: float = 0.5
    by_row: str = ""
    on_request: bool = False

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
    def row_metric(self) -> Metric:
        """The metric that says how wrong a single row is."""
        return METRICS[self.by_row].at(self.threshold) if self.by_row else self

    def row_losses(self, scored: Scored) -> np.ndarray:
        """How wrong each row is, shape (n,), larger is worse; NaN for rows that do not count.

        In ranking a query's loss stands on its first row. Where scores are no probabilities, a wrong label costs 1.
        """
        metric = self.row_metric
        scored = Scored(scored.y, scored.p, scored.query, self.threshold)
        if metric.function is label_measures.LOG_LOSS and not label_measures.are_probabilities(scored):
            metric = METRICS["accuracy"]
        assert isinstance(metric.function, Sums), "a row's loss is that of a mean metric"  # noqa: S101 - invariant
        figures = metric.function.figures(scored)
        values = divide(figures[:, 0], figures[:, 1])
        return 1 - values if metric.greater_is_better else values

    @property
    def sign(self) -> int:
        """1 where a larger value is better, -1 else."""
        return 1 if self.greater_is_better else -1


_BINARY = frozenset({Kind.BINARY})
_CLASSES = frozenset({Kind.BINARY, Kind.MULTICLASS})
_NUMBER = frozenset({Kind.REGRESSION})
_RANKING = frozenset({Kind.RANKING})


def _more(name: str, kinds: frozenset[Kind], function: Measure, by_row: str = "") -> Metric:
    """A metric of which more is better."""
    return Metric(name, kinds, greater_is_better=True, function=function, by_row=by_row)


def _less(name: str, kinds: frozenset[Kind], function: Measure, by_row: str = "") -> Metric:
    """A metric of which less is better."""
    return Metric(name, kinds, greater_is_better=False, function=function, by_row=by_row)


#: All metrics without a free number, and some of those with one, by name, in the order in which they are shown. With
#: more than two classes precision, recall, f1, roc_auc and pr_auc are means over the classes that occur (each against
#: the rest for the last two), and the calibration error is that of the most probable class.
METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _more("roc_auc", _CLASSES, curve_measures.ROC_AUC, "log_loss"),
        _more("pr_auc", _CLASSES, curve_measures.PR_AUC, "log_loss"),
        _less("log_loss", _CLASSES, label_measures.LOG_LOSS),
        _less("brier", _CLASSES, label_measures.BRIER),
        _less("ece", _CLASSES, label_measures.ECE, "brier"),
        _more("accuracy", _CLASSES, label_measures.ACCURACY),
        _more("balanced_accuracy", _CLASSES, label_measures.BALANCED_ACCURACY, "accuracy"),
        _more("precision", _CLASSES, label_measures.PRECISION, "accuracy"),
        _more("recall", _CLASSES, label_measures.RECALL, "accuracy"),
        _more("f1", _CLASSES, label_measures.F1, "accuracy"),
        _more("f1_macro", _CLASSES, label_measures.F1_MACRO, "accuracy"),
        _more("f1_weighted", _CLASSES, label_measures.F1_WEIGHTED, "accuracy"),
        _more("mcc", _CLASSES, label_measures.MCC, "accuracy"),
        _more("gain@0.1", _BINARY, curve_measures.gain(0.1), "log_loss"),
        _more("lift@0.1", _BINARY, curve_measures.lift(0.1), "log_loss"),
        _less("rmse", _NUMBER, regression_measures.RMSE, "mse"),
        _less("mse", _NUMBER, regression_measures.MSE),
        _less("mae", _NUMBER, regression_measures.MAE),
        _less("median_ae", _NUMBER, curve_measures.MEDIAN_AE, "mae"),
        _less("mape", _NUMBER, regression_measures.MAPE),
        _more("r2", _NUMBER, regression_measures.R2, "mse"),
        replace(_less("rmsle", _NUMBER, regression_measures.RMSLE, "mse"), on_request=True),
        replace(_less("poisson_deviance", _NUMBER, regression_measures.POISSON_DEVIANCE), on_request=True),
        _more("ndcg@1", _RANKING, ranking_measures.ndcg(1)),
        _more("ndcg@3", _RANKING, ranking_measures.ndcg(3)),
        _more("ndcg@5", _RANKING, ranking_measures.ndcg(5)),
        _more("ndcg@10", _RANKING, ranking_measures.ndcg(10)),
        _more("precision@5", _RANKING, ranking_measures.precision(5)),
        _more("mrr", _RANKING, ranking_measures.MRR),
        _more("map", _RANKING, ranking_measures.MAP),
    )
}

#: The business cost, which is computable once the costs of a brief are known: see `cost_metric`.
_COST = replace(_less("cost", _CLASSES, NO_COSTS), on_request=True)

_DEFAULTS = {
    Kind.BINARY: "roc_auc",
    Kind.MULTICLASS: "log_loss",
    Kind.REGRESSION: "rmse",
    Kind.RANKING: "ndcg@10",
}


def get_metric(name: str, costs: CostMatrix | None = None) -> Metric:
    """The metric of a name, such as `f1`, `ndcg@20`, `lift@0.05`, `quantile_loss@0.9` or `cost`.

    Args:
        name: The name.
        costs: What `cost` counts with; without it `cost` can be looked up, not computed.

    Raises:
        ConfigError: There is none of this name, or its number is out of range.

    >>> get_metric("ndcg@20").name
    'ndcg@20'
    >>> get_metric("rocauc")
    Traceback (most recent call last):
    ...
    ml_lifecycle.errors.ConfigError: there is no metric 'rocauc': ... What to do: did you mean 'roc_auc'...
    """
    if name in METRICS:
        return METRICS[name]
    if name == _COST.name:
        return _COST if costs is None else cost_metric(costs)
    family, number = split_name(name)
    if family is not None:
        return _member(family, number)
    names = [*METRICS, _COST.name, *(family.example for family in FAMILIES)]
    nearest = get_close_matches(name, names, n=1)
    raise ConfigError(
        f"there is no metric {name!r}",
        expected=f"one of {', '.join(dict.fromkeys(names))}",
        got=repr(name),
        advice=f"did you mean {nearest[0]!r}?" if nearest else "choose one of those",
    )


@lru_cache(maxsize=256)
def _member(family: Family, number: str) -> Metric:
    """The metric of a family with this number; the same object each time, so that figures are shared."""
    name, function = family.member(number)
    if name in METRICS:
        return METRICS[name]
    return Metric(name, family.kinds, family.greater_is_better, function, by_row=family.by_row, on_request=True)


def cost_metric(costs: CostMatrix) -> Metric:
    """The business cost: the mean cost of a row, by true class and the class that is predicted."""
    return replace(_COST, function=costs.measure())


class _Known(Mapping[str, frozenset[Kind]]):
    def __getitem__(self, name: str) -> frozenset[Kind]:
        try:
            return get_metric(name).kinds
        except ConfigError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter([*METRICS, _COST.name])

    def __len__(self) -> int:
        return len(METRICS) + 1


#: The kinds of problem that a metric fits, by its name; holds every name that can be read, lists the fixed ones.
KNOWN: Mapping[str, frozenset[Kind]] = _Known()


def metric_for(
    kind: Kind, name: str | None = None, *, threshold: float = 0.5, costs: CostMatrix | None = None
) -> Metric:
    """The metric of a name, if it fits the kind of problem; the kind's default where no name is given.

    Raises:
        ConfigError: There is none of this name, or it does not fit.
    """
    metric = get_metric(name or _DEFAULTS[kind], costs)
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


def metrics_of(kind: Kind, extra: Sequence[str] = (), costs: CostMatrix | None = None) -> tuple[Metric, ...]:
    """The metrics that are reported of a kind of problem.

    Args:
        kind: The kind.
        extra: Names of further ones, from `evaluation.metrics`, the brief's metric or its criteria.
        costs: Classification: with costs, `cost` is one of them.

    Raises:
        ConfigError: One of the further metrics is not known, or does not fit the kind.
    """
    usual = {name: metric for name, metric in METRICS.items() if kind in metric.kinds and not metric.on_request}
    if costs is not None and kind in _CLASSES:
        usual[_COST.name] = cost_metric(costs)
    asked = (metric_for(kind, name, costs=costs) for name in extra if name not in usual)
    return tuple({**usual, **{metric.name: metric for metric in asked}}.values())


def compute_metrics(
    kind: Kind, y: np.ndarray, predictions: np.ndarray, query: np.ndarray | None = None, *, threshold: float = 0.5
) -> dict[str, float]:
    """The usual metrics of a kind of problem.

    Args:
        kind: The kind.
        y: Encoded targets, shape (n,).
        predictions: Shape (n,), or (n, k) probabilities for k classes.
        query: Query of each row, shape (n,); ranking only.
        threshold: Binary: probability from which the class is positive.
    """
    scored = Scored.of(y, predictions, query, threshold)
    return {metric.name: metric.function.value(scored) for metric in metrics_of(kind)}

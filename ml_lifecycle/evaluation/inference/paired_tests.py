"""The tests of a candidate against the champion on the same rows: which of them apply, which decides, what each finds.

Each test lives in a file of its own (`significance`, `delong`, `mcnemar`); what follows from them, in
`comparison/champion`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import Literal, TypeAlias

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.inference.delong import compare_areas
from ml_lifecycle.evaluation.inference.mcnemar import compare_hits
from ml_lifecycle.evaluation.inference.significance import PairedDifference, paired_bootstrap
from ml_lifecycle.evaluation.metrics import Metric

TestName: TypeAlias = Literal["bootstrap", "delong", "mcnemar"]
#: The metric that a test of one metric is about.
_METRIC_OF = {"delong": "roc_auc", "mcnemar": "accuracy"}


@dataclass(frozen=True, slots=True)
class PairedTest:
    """What one test found; None where it could not say.

    Args:
        test: Its name.
        metric: The metric it is about.
        decides: Whether the decision is its.
        difference: By how much the candidate is better; positive is better.
        low: Lower end of the two-sided interval at 1 - 2 alpha: the gain is at least this with confidence 1 - alpha.
        high: Upper end.
        p_value: One-sided, against the hypothesis that the candidate is not better by more than the margin.
    """

    test: TestName
    metric: str
    decides: bool
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None

    @classmethod
    def of(cls, test: TestName, metric: str, found: PairedDifference, *, decides: bool) -> PairedTest:
        """Gather what a test found."""
        figures = (found.difference, found.low, found.high, found.p_value)
        return cls(test, metric, decides, *(None if isnan(figure) else figure for figure in figures))


@dataclass(frozen=True, slots=True)
class PairFindings:
    """All tests of a pair of models.

    Args:
        deciding: What the test that decides found, with the values of both models.
        tests: All of them, the deciding one first.
    """

    deciding: PairedDifference
    tests: tuple[PairedTest, ...]


def check_test(test: TestName, metric: Metric, predictions: np.ndarray) -> None:
    """See that the test that is to decide is about the metric that counts.

    Raises:
        ConfigError: It is about another one.
    """
    wanted = _METRIC_OF.get(test)
    fits = wanted is None or (metric.name == wanted and (test != "delong" or np.ndim(predictions) == 1))
    if not fits:
        classes = " of two classes" if test == "delong" else ""
        raise ConfigError(
            f"evaluation.comparison.test: {test} cannot decide here",
            expected=f"the metric {wanted}{classes}",
            got=f"{metric.name}" + (f" of {np.shape(predictions)[1]} classes" if np.ndim(predictions) > 1 else ""),
            advice=f"set evaluation.comparison.test to bootstrap, or brief.metric to {wanted}",
        )


def run_tests(
    y: np.ndarray,
    candidate: np.ndarray,
    champion: np.ndarray,
    *,
    metric: Metric,
    config: EvaluationConfig,
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    seed: int = 0,
) -> PairFindings:
    """Run the tests that apply to a candidate and the champion.

    Where rows are in groups every test takes groups, not rows, as what is independent. The tests of one metric are run
    for every classification that they fit: what they say about accuracy or the area is worth knowing whatever decides.

    Args:
        y: Encoded targets, shape (n,).
        candidate: The candidate's predictions, shape (n,) or (n, k).
        champion: The champion's, same shape.
        metric: What counts, with its threshold.
        config: Resamples; `comparison.alpha`, `margin` and `test`.
        query: Query of each row, shape (n,); ranking only.
        groups: Group of each row where rows are not independent, shape (n,).
        seed: Seed of the draws.

    Raises:
        ConfigError: The test that is to decide is about another metric.
    """
    limits = config.comparison
    check_test(limits.test, metric, candidate)
    level = 1 - 2 * limits.alpha
    found: dict[TestName, PairedDifference] = {
        "bootstrap": paired_bootstrap(
            metric,
            y,
            candidate,
            champion,
            query=query,
            groups=groups,
            resamples=config.bootstrap,
            confidence=level,
            margin=limits.margin,
            seed=seed,
        )
    }
    two_classes = Kind.BINARY in metric.kinds and np.ndim(candidate) == 1
    if two_classes:
        margin = limits.margin if metric.name == _METRIC_OF["delong"] else 0.0
        found["delong"] = compare_areas(y, candidate, champion, groups=groups, confidence=level, margin=margin)
    if two_classes or np.ndim(candidate) > 1:
        margin = limits.margin if metric.name == _METRIC_OF["mcnemar"] else 0.0
        found["mcnemar"] = compare_hits(
            y, candidate, champion, threshold=metric.threshold, groups=groups, confidence=level, margin=margin
        )
    tests = [
        PairedTest.of(name, _METRIC_OF.get(name, metric.name), each, decides=name == limits.test)
        for name, each in found.items()
    ]
    return PairFindings(found[limits.test], tuple(sorted(tests, key=lambda test: not test.decides)))

"""`Examination`: held-out rows with their predictions, and each question that is asked of them, with its settings.

How each question is answered lives in the module named for it; what becomes of the answers, in `report`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.evaluation.calibration import COLUMNS as RELIABILITY_COLUMNS
from ml_lifecycle.evaluation.calibration import reliability
from ml_lifecycle.evaluation.decided import BY_LABEL, Decide, as_decided, for_metric
from ml_lifecycle.evaluation.error_analysis import analyse_errors
from ml_lifecycle.evaluation.explanation.importance import permutation_importance
from ml_lifecycle.evaluation.explanation.partial_dependence import partial_dependence
from ml_lifecycle.evaluation.explanation.shap_summary import Explanation, explain_rows
from ml_lifecycle.evaluation.fairness.assessment import FairnessReport, assess_fairness
from ml_lifecycle.evaluation.inference.intervals import Interval, bootstrap_intervals
from ml_lifecycle.evaluation.measures.forms import Scored
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.evaluation.residuals import analyse_residuals, worst_queries
from ml_lifecycle.evaluation.robustness import Predict, assess_robustness
from ml_lifecycle.evaluation.slicing.slices import find_slices
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.estimators import FittedModel

_CLASSES = (Kind.BINARY, Kind.MULTICLASS)


@dataclass(frozen=True)
class Examination:
    """Held-out rows, and how they are to be judged.

    Args:
        kind: The kind of problem.
        frame: Raw rows, n of them.
        scored: Truth and predictions, with the threshold that counts.
        predict: From raw rows to predictions.
        config: How thoroughly, and within which limits.
        metric: The primary metric.
        columns: Columns the model is made from.
        query: Query of each row, shape (n,); ranking only.
        groups: Group of each row where rows are not independent, shape (n,).
        classes: Names of the classes.
        times: Time of each row, shape (n,).
        row_ids: What each row is called, shape (n,); its place by default.
        decide: Makes classes of predictions; None where the metric's own threshold does.
        seed: Seed of everything random.
    """

    kind: Kind
    frame: pd.DataFrame
    scored: Scored
    predict: Predict
    config: EvaluationConfig
    metric: Metric
    columns: tuple[str, ...]
    query: np.ndarray | None
    groups: np.ndarray | None
    classes: Sequence[str]
    times: np.ndarray | None
    row_ids: np.ndarray | None
    decide: Decide | None
    seed: int

    @cached_property
    def judged(self) -> Scored:
        """Truth and predictions as the primary metric is to see them."""
        scored = self.scored
        return replace(scored, p=for_metric(scored.p, self.frame, self.metric, self.decide))

    @cached_property
    def labelled(self) -> Scored:
        """Truth and predictions as metrics of labels are to see them."""
        scored = self.scored
        if self.decide is None or (scored.p.ndim == 1 and self.kind is not Kind.BINARY):
            return scored
        return replace(scored, p=as_decided(scored.p, self.decide(scored.p, self.frame), self.metric.threshold))

    def predict_judged(self, frame: pd.DataFrame) -> np.ndarray:
        """Predict other rows, as the primary metric is to see them."""
        return for_metric(self.predict(frame), frame, self.metric, self.decide)

    def measure(self, metrics: Sequence[Metric]) -> dict[str, Interval]:
        """Metrics with their intervals, in their order."""
        options: dict[str, Any] = {
            "groups": self.groups,
            "resamples": self.config.bootstrap,
            "confidence": self.config.confidence,
            "seed": self.seed,
        }
        if self.decide is None:
            return bootstrap_intervals(metrics, self.scored, **options)
        by_label = [metric for metric in metrics if metric.name in BY_LABEL]
        others = [metric for metric in metrics if metric.name not in BY_LABEL]
        found = bootstrap_intervals(others, self.scored, **options)
        found |= bootstrap_intervals(by_label, self.labelled, **options)
        return {metric.name: found[metric.name] for metric in metrics}

    def permute(self) -> pd.DataFrame:
        """What of the metric is lost when a column is permuted."""
        return permutation_importance(
            self.predict_judged,
            self.frame,
            self.scored.y,
            self.metric,
            self.columns,
            query=self.query,
            groups=self.groups,
            seed=self.seed,
        )

    def slice(self) -> pd.DataFrame:
        """The metric in declared and searched slices."""
        return find_slices(
            self.frame,
            self.judged.y,
            self.judged.p,
            self.metric,
            self.config.slices,
            query=self.query,
            groups=self.groups,
            columns=self.columns,
            confidence=self.config.confidence,
        )

    def compare_groups(self) -> FairnessReport:
        """The groups of the sensitive columns, with the thresholds that hold for them."""
        return assess_fairness(
            self.frame,
            self.scored.y,
            self.labelled.p,
            self.kind,
            self.config.fairness,
            threshold=self.scored.threshold,
            query=self.query,
            groups=self.groups,
            confidence=self.config.confidence,
        )

    def compare_probabilities(self) -> pd.DataFrame:
        """Predicted against observed probabilities; empty where there are none."""
        if self.kind not in _CLASSES:
            return pd.DataFrame({name: pd.Series(dtype="float64") for name in RELIABILITY_COLUMNS})
        y, p = self.scored.y, self.scored.p
        return reliability(y, p, groups=self.groups, confidence=self.config.confidence)

    def disturb(self, permuted: pd.DataFrame) -> pd.DataFrame:
        """The metric under disturbances."""
        return assess_robustness(
            self.predict_judged,
            self.frame,
            self.scored.y,
            self.metric,
            self.config.robustness,
            self.seed,
            query=self.query,
            groups=self.groups,
            columns=self.columns,
            resamples=self.config.bootstrap,
            confidence=self.config.confidence,
            predictions=self.judged.p,
            permuted=permuted,
        )

    def look_at_errors(self) -> dict[str, pd.DataFrame]:
        """The worst rows and what they share; residuals of a regression, worst queries of a ranking."""
        y, p, count = self.scored.y, self.judged.p, self.config.report.worst_rows
        found: dict[str, pd.DataFrame] = {}
        if count:
            analysis = analyse_errors(
                self.frame,
                y,
                p,
                self.metric,
                self.kind,
                row_ids=self.row_ids,
                columns=self.columns,
                count=count,
                classes=self.classes,
                query=self.query,
                groups=self.groups,
                confidence=self.config.confidence,
                seed=self.seed,
            )
            found |= analysis.tables()
        if self.kind is Kind.REGRESSION:
            confidence = self.config.confidence
            found |= analyse_residuals(y, p, time=self.times, groups=self.groups, confidence=confidence).tables()
        if self.kind is Kind.RANKING and self.query is not None and count:
            found["worst_queries"] = worst_queries(y, p, self.query, self.metric, count=count)
        return found

    def explain(
        self,
        model: FittedModel | None,
        extract: Callable[[pd.DataFrame], FeatureMatrix] | None,
        worst: Sequence[int],
    ) -> Explanation:
        """SHAP values of a bounded number of rows, and reasons for the worst predictions."""
        report = self.config.report
        if model is None or extract is None or report.shap_rows == 0:
            return Explanation.empty()
        return explain_rows(
            model,
            extract,
            self.frame,
            rows=report.shap_rows,
            also=worst,
            classes=self.classes,
            bounded="shap_rows" not in report.model_fields_set,
            seed=self.seed,
        )

    def follow_columns(self, importance: pd.DataFrame) -> pd.DataFrame:
        """Partial dependence on the most important columns."""
        known = importance["feature"][importance["feature"].isin(self.columns) & importance["loss"].notna()]
        chosen = list(known[: self.config.report.dependence_columns])
        return partial_dependence(
            self.predict, self.frame, chosen, classes=self.classes, query=self.query, seed=self.seed
        )

    def places_of(self, worst: pd.DataFrame | None) -> list[int]:
        """Where the worst rows stand among all rows."""
        if worst is None or worst.empty:
            return []
        names = pd.RangeIndex(len(self.frame)) if self.row_ids is None else pd.Index(np.asarray(self.row_ids))
        if not names.is_unique:
            return []
        return [int(place) for place in names.get_indexer(pd.Index(worst["row"])) if place >= 0]


def give_reasons(worst: pd.DataFrame, places: Sequence[int], reasons: Mapping[int, str]) -> pd.DataFrame:
    """The worst rows with the strongest contributions to their predictions, in a column `because`."""
    if not reasons or len(places) != len(worst):
        return worst
    name = "because"
    while name in worst.columns:
        name += "_"
    known = [reasons.get(place, "") for place in places]
    after = list(worst.columns).index("loss") + 1 if "loss" in worst.columns else len(worst.columns)
    return pd.concat(
        [worst.iloc[:, :after], pd.DataFrame({name: known}, index=worst.index), worst.iloc[:, after:]], axis=1
    )

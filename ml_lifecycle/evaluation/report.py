"""`evaluate`: all that is found out about a model on held-out rows, as one report. The gates that judge it: `gates`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isnan, nan
from typing import Self

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.evaluation.calibration import COLUMNS as RELIABILITY_COLUMNS
from ml_lifecycle.evaluation.calibration import reliability
from ml_lifecycle.evaluation.explanation import merge_importance, permutation_importance
from ml_lifecycle.evaluation.fairness import FairnessReport, assess_fairness
from ml_lifecycle.evaluation.intervals import Interval, bootstrap_intervals
from ml_lifecycle.evaluation.measures import Scored
from ml_lifecycle.evaluation.metrics import Metric, default_metric, get_metric, metrics_of
from ml_lifecycle.evaluation.plots import draw
from ml_lifecycle.evaluation.robustness import Predict, assess_robustness
from ml_lifecycle.evaluation.slices import find_slices
from ml_lifecycle.parts import Parts

_FACTS = "report.json"
_FIGURES = "figures/"
_TABLES = ("slices", "robustness", "reliability", "importance")


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """What was found out about a model on held-out rows.

    Args:
        kind: The kind of problem.
        metric: Name of the primary metric.
        metrics: Every metric of the kind with its interval.
        rows: How many rows were judged.
        units: How many independent units they are: rows, queries or groups.
        confidence: Level of the intervals.
        threshold: Binary: probability from which the class was positive.
        slices: The primary metric by slices, worst first; see `slices.COLUMNS`.
        fairness: Groups of sensitive columns compared.
        robustness: The primary metric under disturbances; see `robustness.COLUMNS`.
        reliability: Predicted against observed probability; see `calibration.COLUMNS`. Empty where there is none.
        importance: Columns and features by importance; see `explanation.COLUMNS`.
        figures: PNG pictures by name.
    """

    kind: Kind
    metric: str
    metrics: Mapping[str, Interval]
    rows: int
    units: int
    confidence: float
    threshold: float
    slices: pd.DataFrame
    fairness: FairnessReport
    robustness: pd.DataFrame
    reliability: pd.DataFrame
    importance: pd.DataFrame
    figures: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def primary(self) -> Interval:
        """The primary metric."""
        return self.metrics[self.metric]

    @property
    def ece(self) -> Interval | None:
        """The expected calibration error of a classification."""
        return self.metrics.get("ece")

    def markdown(self) -> str:
        """A summary: the metrics with their intervals, the primary one first."""
        units = "" if self.units == self.rows else f" in {self.units:,} groups"
        header = (
            f"{self.rows:,} rows{units}, {self.confidence:.0%} intervals\n\n| metric | value | low | high | better |"
        )
        names = [self.metric, *(name for name in self.metrics if name != self.metric)]
        lines = [_line(name, self.metrics[name], primary=name == self.metric) for name in names]
        return "\n".join([header, "| --- | ---: | ---: | ---: | --- |", *lines])

    def to_parts(self) -> Parts:
        """Tables, a JSON of the figures, and the pictures."""
        facts = {
            "kind": self.kind.value,
            "metric": self.metric,
            "metrics": {name: _without_nan(asdict(item)) for name, item in self.metrics.items()},
            "rows": self.rows,
            "units": self.units,
            "confidence": self.confidence,
            "threshold": self.threshold,
        }
        tables = {name: getattr(self, name) for name in _TABLES}
        tables |= {"fairness_groups": self.fairness.groups, "fairness_gaps": self.fairness.gaps}
        pictures = {f"{_FIGURES}{name}.png": png for name, png in self.figures.items()}
        return Parts(tables, {_FACTS: json.dumps(facts, sort_keys=True).encode(), **pictures})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put a report together again."""
        facts = json.loads(parts.files[_FACTS])
        metrics = {
            name: Interval(**{key: nan if value is None else value for key, value in item.items()})
            for name, item in facts.pop("metrics").items()
        }
        pictures = {
            path.removeprefix(_FIGURES).removesuffix(".png"): png
            for path, png in parts.files.items()
            if path.startswith(_FIGURES)
        }
        return cls(
            **{**facts, "kind": Kind(facts["kind"]), **{name: parts.tables[name] for name in _TABLES}},
            metrics=metrics,
            fairness=FairnessReport(parts.tables["fairness_groups"], parts.tables["fairness_gaps"]),
            figures=pictures,
        )


def evaluate(
    kind: Kind,
    frame: pd.DataFrame,
    y: np.ndarray,
    *,
    predict: Predict,
    config: EvaluationConfig,
    predictions: np.ndarray | None = None,
    metric: Metric | None = None,
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    columns: Sequence[str] = (),
    importance: Mapping[str, float] | None = None,
    classes: Sequence[str] = (),
    seed: int = 0,
) -> EvaluationReport:
    """Find out how good a model is, on rows that nothing before has seen.

    Args:
        kind: The kind of problem.
        frame: Raw rows, n of them, with the sensitive columns.
        y: Encoded targets, shape (n,).
        predict: From raw rows to predictions, shape (n,) or (n, k).
        config: How thoroughly, and within which limits.
        predictions: Predictions of the rows where they are at hand; else they are made.
        metric: The primary metric; the kind's default where none is given.
        query: Query of each row, shape (n,); ranking only.
        groups: Group (or entity) of each row where rows are not independent, shape (n,); queries are so by themselves.
        columns: Columns the model is made from: disturbed, permuted, and sliced by where the limits name none; all
            columns of the rows by default.
        importance: The model's own importance by feature.
        classes: Names of the classes, for the pictures.
        seed: Seed of everything random.
    """
    main = (metric or default_metric(kind)).at(config.threshold)
    p = predict(frame) if predictions is None else predictions
    used = tuple(columns) or tuple(str(name) for name in frame.columns)
    held = _Held(frame, main.score(y, p, query), query, groups, used, predict, config, main, seed)
    level = config.confidence
    intervals = bootstrap_intervals(
        metrics_of(kind), held.scored, groups=groups, resamples=config.bootstrap, confidence=level, seed=seed
    )
    reliable = held.compare_probabilities(kind)
    ranked = held.rank_columns(importance or {})
    return EvaluationReport(
        kind=kind,
        metric=main.name,
        metrics=intervals,
        rows=len(frame),
        units=_count_units(len(frame), query if groups is None else groups),
        confidence=level,
        threshold=config.threshold,
        slices=held.slice(),
        fairness=held.compare_groups(kind),
        robustness=held.disturb(),
        reliability=reliable,
        importance=ranked,
        figures=draw(kind, held.scored, main, reliability=reliable, importance=ranked, classes=classes),
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """The held-out rows, and how they are to be judged."""

    frame: pd.DataFrame
    scored: Scored
    query: np.ndarray | None
    groups: np.ndarray | None
    columns: tuple[str, ...]
    predict: Predict
    config: EvaluationConfig
    metric: Metric
    seed: int

    def rank_columns(self, importance: Mapping[str, float]) -> pd.DataFrame:
        permuted = permutation_importance(
            self.predict,
            self.frame,
            self.scored.y,
            self.metric,
            self.columns,
            query=self.query,
            groups=self.groups,
            seed=self.seed,
        )
        return merge_importance(permuted, importance)

    def slice(self) -> pd.DataFrame:
        return find_slices(
            self.frame,
            self.scored.y,
            self.scored.p,
            self.metric,
            self.config.slices,
            query=self.query,
            groups=self.groups,
            columns=self.columns,
            confidence=self.config.confidence,
        )

    def compare_groups(self, kind: Kind) -> FairnessReport:
        return assess_fairness(
            self.frame,
            self.scored.y,
            self.scored.p,
            kind,
            self.config.fairness,
            threshold=self.config.threshold,
            query=self.query,
            groups=self.groups,
            confidence=self.config.confidence,
        )

    def compare_probabilities(self, kind: Kind) -> pd.DataFrame:
        if kind not in (Kind.BINARY, Kind.MULTICLASS):
            return pd.DataFrame({name: pd.Series(dtype="float64") for name in RELIABILITY_COLUMNS})
        y, p = self.scored.y, self.scored.p
        return reliability(y, p, groups=self.groups, confidence=self.config.confidence)

    def disturb(self) -> pd.DataFrame:
        return assess_robustness(
            self.predict,
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
        )


def _count_units(rows: int, groups: np.ndarray | None) -> int:
    return rows if groups is None else len(pd.unique(pd.Series(groups)))


def _line(name: str, item: Interval, *, primary: bool) -> str:
    better = "higher" if get_metric(name).greater_is_better else "lower"
    shown = f"**{name}**" if primary else name
    return f"| {shown} | {item.value:.4f} | {item.low:.4f} | {item.high:.4f} | {better} |"


def _without_nan(values: Mapping[str, float]) -> dict[str, float | None]:
    return {key: None if isnan(value) else value for key, value in values.items()}

"""`evaluate`: all that is found out about a model on held-out rows, as one report. The gates that judge it: `gates`.

Each question that is asked of the rows is a method of `examination`; the page for people is `html_report`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from math import isnan, nan
from typing import Self

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.evaluation.cost_measures import CostMatrix
from ml_lifecycle.evaluation.decided import Decide
from ml_lifecycle.evaluation.examination import Examination, give_reasons
from ml_lifecycle.evaluation.explanation import merge_importance
from ml_lifecycle.evaluation.fairness import FairnessReport
from ml_lifecycle.evaluation.intervals import Interval
from ml_lifecycle.evaluation.learning_curve import LearningCurve
from ml_lifecycle.evaluation.metrics import Metric, default_metric, get_metric, metrics_of
from ml_lifecycle.evaluation.plots import Findings, draw
from ml_lifecycle.evaluation.robustness import Predict
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.estimators import FittedModel
from ml_lifecycle.parts import Parts

_FACTS = "report.json"
_FIGURES = "figures/"
_TABLES = ("slices", "robustness", "reliability", "importance")
_FAIRNESS = "fairness_"


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
        tables: Further tables by name, those with rows: worst_rows, common_errors, confusions (`error_analysis`),
            residual_* and worst_queries (`residuals`), shap, shap_by_class (`shap_values`), partial_dependence,
            learning_curve.
        notes: By part in a sentence: what was left out and why, or what is to be known of it.
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
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

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
            "notes": dict(self.notes),
        }
        tables = {name: getattr(self, name) for name in _TABLES}
        tables |= {f"{_FAIRNESS}{item.name}": getattr(self.fairness, item.name) for item in fields(FairnessReport)}
        pictures = {f"{_FIGURES}{name}.png": png for name, png in self.figures.items()}
        files = {_FACTS: json.dumps(facts, sort_keys=True).encode(), **pictures}
        return Parts({**tables, **self.tables}, files)

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put a report together again, also one that an earlier version stored."""
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
        groups = {name.removeprefix(_FAIRNESS): table for name, table in parts.tables.items() if _is_fairness(name)}
        return cls(
            **{**facts, "kind": Kind(facts["kind"]), **{name: parts.tables[name] for name in _TABLES}},
            metrics=metrics,
            fairness=FairnessReport(**groups),
            figures=pictures,
            tables={
                name: table for name, table in parts.tables.items() if name not in _TABLES and not _is_fairness(name)
            },
        )


#: Told the name of each part of an evaluation and the seconds it took.
OnPart = Callable[[str, float], None]


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
    costs: CostMatrix | None = None,
    extra: Sequence[str] = (),
    threshold: float | None = None,
    decide: Decide | None = None,
    times: np.ndarray | None = None,
    row_ids: np.ndarray | None = None,
    model: FittedModel | None = None,
    extract: Callable[[pd.DataFrame], FeatureMatrix] | None = None,
    learn: Callable[[], LearningCurve] | None = None,
    on_part: OnPart | None = None,
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
        classes: Names of the classes.
        seed: Seed of everything random.
        costs: Classification: what mistakes cost; `cost` is then among the metrics.
        extra: Names of further metrics, besides those of the configuration.
        threshold: Binary: the model's own threshold; that of the configuration by default.
        decide: Makes classes of predictions where the model has its own way (a threshold, thresholds by group, costs);
            metrics of labels, fairness and the confusion matrix heed it.
        times: Time of each row, shape (n,), datetime64; regression shows residuals over it.
        row_ids: What each row is called in the table of worst rows, shape (n,); its place by default.
        model: The fitted model, for SHAP values; without it there are none.
        extract: From raw rows to the model's features, for SHAP values.
        learn: Gives the learning curve, which is traced on training and validation rows; called where the
            configuration wants one.
        on_part: Told the seconds of each part.
    """
    main = (metric or default_metric(kind)).at(config.threshold if threshold is None else threshold)
    clock = _Clock(on_part)
    with clock("predictions"):
        scored = main.score(y, predict(frame) if predictions is None else predictions, query)
    used = tuple(columns) or tuple(str(name) for name in frame.columns)
    held = Examination(
        kind, frame, scored, predict, config, main, used,
        query=query, groups=groups, classes=classes, times=times, row_ids=row_ids, decide=decide, seed=seed,
    )  # fmt: skip
    with clock("metrics"):
        asked = metrics_of(kind, list(dict.fromkeys([main.name, *config.metrics, *extra])), costs)
        intervals = held.measure(asked)
    with clock("permutation"):
        permuted = held.permute()
        ranked = merge_importance(permuted, importance or {})
    with clock("slices"):
        sliced = held.slice()
    with clock("fairness"):
        fairness = held.compare_groups()
    with clock("robustness"):
        disturbed = held.disturb(permuted)
    found = _look_deeper(held, ranked, model, extract, learn if config.report.learning_curve else None, clock=clock)
    with clock("pictures"):
        findings = replace(found.findings, slices=sliced, importance=ranked)
        figures = draw(kind, scored, main, findings, classes=classes, labelled=held.labelled, judged=held.judged)
    return EvaluationReport(
        kind=kind,
        metric=main.name,
        metrics=intervals,
        rows=len(frame),
        units=_count_units(len(frame), query if groups is None else groups),
        confidence=config.confidence,
        threshold=main.threshold,
        slices=sliced,
        fairness=fairness,
        robustness=disturbed,
        reliability=findings.reliability,
        importance=ranked,
        figures=figures,
        tables=found.tables,
        notes=found.notes,
    )


@dataclass(frozen=True, slots=True)
class _Deeper:
    """What goes beyond the gates: for pictures, as tables, and as notes."""

    findings: Findings
    tables: Mapping[str, pd.DataFrame]
    notes: Mapping[str, str]


def _look_deeper(
    held: Examination,
    ranked: pd.DataFrame,
    model: FittedModel | None,
    extract: Callable[[pd.DataFrame], FeatureMatrix] | None,
    learn: Callable[[], LearningCurve] | None,
    *,
    clock: _Clock,
) -> _Deeper:
    with clock("errors"):
        tables = held.look_at_errors()
        reliable = held.compare_probabilities()
    with clock("shap"):
        worst = tables.get("worst_rows")
        places = held.places_of(worst)
        explained = held.explain(model, extract, places)
        if worst is not None:
            tables["worst_rows"] = give_reasons(worst, places, explained.reasons)
    with clock("partial dependence"):
        dependence = held.follow_columns(ranked)
    with clock("learning curve"):
        curve = learn() if learn is not None else None
    tables |= {"shap": explained.table, "shap_by_class": explained.by_class, "partial_dependence": dependence}
    notes = {"shap": explained.note}
    if curve is not None:
        tables["learning_curve"] = curve.points
        notes["learning_curve"] = " ".join(part for part in (curve.summary, curve.note) if part)
    return _Deeper(
        Findings(reliability=reliable, dependence=dependence, explanation=explained, learning=curve, times=held.times),
        {name: table for name, table in tables.items() if len(table)},
        {name: note for name, note in notes.items() if note},
    )


class _Clock:
    """Tells how long each part took."""

    def __init__(self, on_part: OnPart | None) -> None:
        self._on_part = on_part

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        if self._on_part is not None:
            self._on_part(part, time.perf_counter() - begun)


def _is_fairness(name: str) -> bool:
    return name.removeprefix(_FAIRNESS) in {item.name for item in fields(FairnessReport)} and name.startswith(_FAIRNESS)


def _count_units(rows: int, groups: np.ndarray | None) -> int:
    return rows if groups is None else len(pd.unique(pd.Series(groups)))


def _line(name: str, item: Interval, *, primary: bool) -> str:
    better = "higher" if get_metric(name).greater_is_better else "lower"
    shown = f"**{name}**" if primary else name
    return f"| {shown} | {item.value:.4f} | {item.low:.4f} | {item.high:.4f} | {better} |"


def _without_nan(values: Mapping[str, float]) -> dict[str, float | None]:
    return {key: None if isnan(value) else value for key, value in values.items()}

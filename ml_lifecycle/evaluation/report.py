"""`evaluate`: all that is found out about a model on held-out rows, as one report. The gates that judge it: `gates`.

Each question that is asked of the rows is a method of `examination`; what goes beyond the gates is `deeper_look`, what
may be said of the rows is `particulars`, the page for people is `html_report`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from math import isnan, nan
from typing import Self, Unpack

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.evaluation.deeper_look import Clock, look_deeper
from ml_lifecycle.evaluation.examination import Examination
from ml_lifecycle.evaluation.explanation.importance import merge_importance
from ml_lifecycle.evaluation.fairness.assessment import FairnessReport
from ml_lifecycle.evaluation.inference.intervals import Interval
from ml_lifecycle.evaluation.measures.forms import Scored
from ml_lifecycle.evaluation.metrics import Metric, default_metric, get_metric, metrics_of
from ml_lifecycle.evaluation.particulars import Particulars
from ml_lifecycle.evaluation.plots.choice import draw
from ml_lifecycle.evaluation.robustness import Predict
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
            residual_* and worst_queries (`residuals`), shap, shap_by_class (`explanation/shap_values`),
            partial_dependence, learning_curve.
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


def evaluate(
    kind: Kind,
    frame: pd.DataFrame,
    y: np.ndarray,
    *,
    predict: Predict,
    config: EvaluationConfig,
    **given: Unpack[Particulars],
) -> EvaluationReport:
    """Find out how good a model is, on rows that nothing before has seen.

    Args:
        kind: The kind of problem.
        frame: Raw rows, n of them, with the sensitive columns.
        y: Encoded targets, shape (n,).
        predict: From raw rows to predictions, shape (n,) or (n, k).
        config: How thoroughly, and within which limits.
        given: What else is known of rows and model, all of it optional; see `Particulars`.
    """
    main, clock = _main_metric(kind, config, given), Clock(given.get("on_part"))
    with clock("predictions"):
        predictions = given.get("predictions")
        scored = main.score(y, predict(frame) if predictions is None else predictions, given.get("query"))
    held = _examine(kind, frame, scored, predict, config, main, given)
    with clock("metrics"):
        names = dict.fromkeys([main.name, *config.metrics, *given.get("extra", ())])
        intervals = held.measure(metrics_of(kind, list(names), given.get("costs")))
    with clock("permutation"):
        permuted = held.permute()
        ranked = merge_importance(permuted, given.get("importance") or {})
    with clock("slices"):
        sliced = held.slice()
    with clock("fairness"):
        fairness = held.compare_groups()
    with clock("robustness"):
        disturbed = held.disturb(permuted)
    found = look_deeper(held, ranked, given, clock)
    with clock("pictures"):
        findings = replace(found.findings, slices=sliced, importance=ranked)
        figures = draw(kind, scored, main, findings, classes=held.classes, labelled=held.labelled, judged=held.judged)
    return EvaluationReport(
        kind=kind,
        metric=main.name,
        metrics=intervals,
        rows=len(frame),
        units=_count_units(len(frame), held.query if held.groups is None else held.groups),
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


def _main_metric(kind: Kind, config: EvaluationConfig, given: Particulars) -> Metric:
    threshold = given.get("threshold")
    return (given.get("metric") or default_metric(kind)).at(config.threshold if threshold is None else threshold)


def _examine(
    kind: Kind,
    frame: pd.DataFrame,
    scored: Scored,
    predict: Predict,
    config: EvaluationConfig,
    main: Metric,
    given: Particulars,
) -> Examination:
    used = tuple(given.get("columns", ())) or tuple(str(name) for name in frame.columns)
    return Examination(
        kind,
        frame,
        scored,
        predict,
        config,
        main,
        used,
        query=given.get("query"),
        groups=given.get("groups"),
        classes=given.get("classes", ()),
        times=given.get("times"),
        row_ids=given.get("row_ids"),
        decide=given.get("decide"),
        seed=given.get("seed", 0),
    )


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

"""The three approaches a lead would lay side by side: the best baseline, a pragmatic model, the best model.

Quality, time of training, latency, size and interpretability in one table. Which one is recommended follows from
`rules`. All is measured on the validation rows, which the best model was chosen on: its gain is somewhat
flattered, and the honest figure is the evaluation's on the test split.
"""

from __future__ import annotations

import json
import time
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass
from itertools import combinations, pairwise
from math import isnan, nan
from typing import Any, Self

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Constraints
from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.config.modeling import ModelingConfig
from ml_lifecycle.evaluation.approaches.figures import Judge, share_of_batch, time_rows
from ml_lifecycle.evaluation.approaches.rules import Approach, find_objections, interpretability_of, recommend_approach
from ml_lifecycle.evaluation.inference.intervals import Interval
from ml_lifecycle.evaluation.inference.significance import PairedDifference
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.modeling.baselines import Baselines
from ml_lifecycle.modeling.estimators import FittedModel, Goal, Rounds, get_family
from ml_lifecycle.modeling.estimators.capabilities import adapt_goal
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.sampling import cap_rows
from ml_lifecycle.modeling.score import Score
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.modeling.training import count_threads, fit_model
from ml_lifecycle.parts import Parts

#: Rows that the pragmatic model's rounds are judged on at most.
JUDGED_ROWS = 20_000
_FILE = "approaches.json"


@dataclass(frozen=True, slots=True)
class Approaches:
    """Baseline, pragmatic and best model side by side.

    Args:
        table: One row per approach, the simplest first: the fields of `Approach`; `gain`, `gain_low`, `gain_high` over
            the approach before; `objections` to it, and whether it is `recommended`.
        metric: The primary metric.
        rows: Validation rows behind the figures.
        confidence: Level of the intervals.
        recommended: The approach to take; None where none keeps the limits.
        reasons: Why, a sentence each.
    """

    table: pd.DataFrame
    metric: str
    rows: int
    confidence: float
    recommended: str | None
    reasons: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The reasons in one line."""
        return " ".join(self.reasons)

    def markdown(self) -> str:
        """The table and the recommendation."""
        heads = ("", self.metric, "gain over the one before", "training", "one row (p95)", "size", "interpretability")
        lines = [f"| {' | '.join(heads)} |", "| --- | " + "---: | " * 5 + "--- |"]
        lines += [f"| {' | '.join(_cells(row))} |" for row in self.table.to_dict("records")]
        note = f"{self.rows:,} validation rows, intervals at {self.confidence:.0%}. {self.summary}"
        return "\n".join([*lines, "", note])

    def to_parts(self) -> Parts:
        """The table, and the rest as JSON."""
        facts = {name: getattr(self, name) for name in ("metric", "rows", "confidence", "recommended", "reasons")}
        return Parts(tables={"approaches": self.table}, files={_FILE: json.dumps(facts).encode()})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put them together again."""
        facts = json.loads(parts.files[_FILE])
        table = parts.tables["approaches"].sort_values("rank").reset_index(drop=True)
        return cls(table, **{**facts, "reasons": tuple(facts["reasons"])})


@dataclass(frozen=True, slots=True)
class Tuned:
    """The best model, as the search gave it.

    Args:
        model: The model.
        predictions: What it predicts for the validation rows, calibrated or not, shape (n,) or (n, k).
        seconds: How long search and fit took.
    """

    model: FittedModel
    predictions: np.ndarray
    seconds: float


def compare_approaches(
    train: Samples,
    valid: Samples,
    *,
    baselines: Baselines,
    tuned: Tuned,
    target: Target,
    metric: Metric,
    modeling: ModelingConfig,
    evaluation: EvaluationConfig,
    constraints: Constraints,
    groups: np.ndarray | None = None,
    entity: pd.Series | None = None,
) -> Approaches:
    """Fit the pragmatic model, measure all three, and recommend one.

    Args:
        train: The rows the tuned model was fitted on.
        valid: Validation rows.
        baselines: The baselines.
        tuned: The best model.
        target: The target.
        metric: The primary metric.
        modeling: The pragmatic family, the rules, seed, threads, and the seconds its fit may take (those of a search).
        evaluation: Resamples and confidence.
        constraints: The brief's limits of latency and size.
        groups: Group of each validation row where rows are not independent, shape (n,).
        entity: Entities by `_row_id`, where the baselines were fitted with them.

    Raises:
        ConfigError: The pragmatic family is unknown, or its extra is not installed.
        ModelError: Nothing can be learnt from the training rows.
    """
    goal = Goal.of(target.kind, len(target.classes), modeling, count_threads(modeling.threads))
    began = time.perf_counter()
    pragmatic = fit_pragmatic(train, valid, goal, modeling, score=metric)
    seconds = time.perf_counter() - began
    predictions = {
        "baseline": baselines.predict_best(valid, entity),
        "pragmatic": pragmatic.predict_matrix(valid.matrix),
        "best": tuned.predictions,
    }
    costs = {
        "baseline": (baselines.best, baselines.best_seconds, baselines.size_bytes),
        "pragmatic": (pragmatic.family, seconds, _size(pragmatic)),
        "best": (tuned.model.family, tuned.seconds, _size(tuned.model)),
    }
    judge = Judge(metric, valid, groups, evaluation, modeling.seed)
    latency = _time(baselines, {"pragmatic": pragmatic, "best": tuned.model}, valid, entity)
    options = [_describe(name, judge.interval(predictions[name]), costs[name], latency[name]) for name in predictions]
    gains = {(b, a): judge.gain(predictions[b], predictions[a]) for a, b in combinations(predictions, 2)}
    recommended, reasons = recommend_approach(options, gains, modeling.approaches, constraints)
    table = _tabulate(options, gains, recommended)
    table["objections"] = ["; ".join(find_objections(item, modeling.approaches, constraints)) for item in options]
    return Approaches(table, metric.name, len(valid), evaluation.confidence, recommended, reasons)


def fit_pragmatic(train: Samples, valid: Samples, goal: Goal, config: ModelingConfig, *, score: Score) -> FittedModel:
    """The pragmatic family with its default parameters, on all training rows, within the seconds of a search."""
    family = get_family(config.approaches.pragmatic)
    most = min(config.max_trees, family.most_rounds or config.max_trees)
    rounds = Rounds(most, family.patience, score, time.monotonic() + config.search.seconds)
    judged = cap_rows(valid, JUDGED_ROWS, goal)
    return fit_model(family, train, judged, {}, goal=adapt_goal(family, goal), rounds=rounds).model


def _time(
    baselines: Baselines, models: dict[str, FittedModel], valid: Samples, entity: pd.Series | None
) -> dict[str, tuple[float, float]]:
    if isinstance(baselines.model, FittedModel):
        return time_rows({"baseline": baselines.model, **models}, valid)
    return {"baseline": (share_of_batch(baselines, valid, entity),) * 2, **time_rows(models, valid)}


def _size(model: FittedModel) -> int:
    return sum(len(content) for content in model.to_files().values())


def _describe(
    approach: str, interval: Interval, cost: tuple[str, float, int], latency: tuple[float, float]
) -> Approach:
    name, seconds, size = cost
    return Approach(
        approach=approach,
        name=name,
        score=interval.value,
        low=interval.low,
        high=interval.high,
        training_seconds=seconds,
        latency_p50_ms=latency[0],
        latency_p95_ms=latency[1],
        size_bytes=size,
        interpretability=interpretability_of(name),
    )


def _tabulate(
    options: list[Approach], gains: dict[tuple[str, str], PairedDifference], recommended: str | None
) -> pd.DataFrame:
    steps = [None, *(gains[b.approach, a.approach] for a, b in pairwise(options))]
    ends = [(nan, nan, nan) if gain is None else (gain.difference, gain.low, gain.high) for gain in steps]
    table = pd.DataFrame([asdict(option) for option in options])
    table[["gain", "gain_low", "gain_high"]] = ends
    table["recommended"] = table["approach"] == recommended
    table["rank"] = range(len(table))
    return table


def _cells(row: Mapping[Hashable, Any]) -> list[str]:
    """One line of the markdown table."""
    name = f"{row['approach']}: {row['name']}"
    gain = f"{row['gain']:.4g} [{row['gain_low']:.4g}, {row['gain_high']:.4g}]"
    return [
        f"**{name}**" if row["recommended"] else name,
        str(Interval(row["score"], row["low"], row["high"])),
        "" if isnan(row["gain"]) else gain,
        f"{row['training_seconds']:.3g} s",
        f"{row['latency_p95_ms']:.3g} ms",
        f"{row['size_bytes'] / 1000:,.0f} kB",
        str(row["interpretability"]),
    ]

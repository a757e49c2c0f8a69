"""What to do with each of several experiments: promote, iterate or abandon, with the reasons and what it would cost.

The rules live in `comparison/recommendation`, the figures they are applied to in `comparison/candidates`; the two are
stored and shown together by `comparison`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import nan
from typing import Any, Self

from ml_lifecycle.config.evaluation import ComparisonConfig
from ml_lifecycle.evaluation.comparison.candidates import CandidateTable
from ml_lifecycle.evaluation.comparison.footprint import Footprint, find_excess
from ml_lifecycle.evaluation.comparison.recommendation import Action, Company, recommend_among
from ml_lifecycle.evaluation.experiments.hypotheses import Gain, compare_on_folds
from ml_lifecycle.evaluation.experiments.result import ExperimentResult
from ml_lifecycle.evaluation.inference.significance import PairedDifference
from ml_lifecycle.evaluation.metrics import Metric

#: What is weighed against the gain: field of a footprint, and what it is called.
_WEIGHED = (
    ("latency_p95_ms", "one row (p95)", "ms"),
    ("size_bytes", "size", "bytes"),
    ("training_seconds", "training", "s"),
)


@dataclass(frozen=True, slots=True)
class TradeOff:
    """One cost of an experiment beside that of its reference.

    Args:
        what: What costs.
        unit: In what it is measured.
        ours: The experiment's.
        theirs: The reference's.
    """

    what: str
    unit: str
    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        """How many times the reference's it is; NaN where that is nothing."""
        return self.ours / self.theirs if self.theirs else nan

    def __str__(self) -> str:
        """A phrase such as `size 2 times (300 against 150 bytes)`."""
        return f"{self.what} {self.ratio:.3g} times ({self.ours:.4g} against {self.theirs:.4g} {self.unit})"


@dataclass(frozen=True, slots=True)
class ExperimentDecision:
    """What to do with one experiment.

    Args:
        experiment: Its name.
        action: `promote`: take its changes over. `iterate`: work on it. `abandon`: give it up.
        reasons: Why, a sentence each.
        trade_offs: Its costs beside the reference's, those that are known of both.
        fold_gain: By the corrected resampled t-test; None where the two have no folds in common.
        detectable: The true gain that rows like these would show in 80 % of cases.
        rows_needed: Rows that would show a gain as large as the one seen; None where more rows alone would not help.
    """

    experiment: str
    action: Action
    reasons: tuple[str, ...]
    trade_offs: tuple[TradeOff, ...] = ()
    fold_gain: Gain | None = None
    detectable: float | None = None
    rows_needed: int | None = None

    @property
    def summary(self) -> str:
        """The reasons and the costs in one line."""
        costs = "; ".join(map(str, self.trade_offs))
        return " ".join([*self.reasons, *([f"Costs beside the reference: {costs}."] if costs else [])])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**asdict(self), "reasons": list(self.reasons), "trade_offs": [asdict(one) for one in self.trade_offs]}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Make a decision of what `to_dict` gave."""
        folds = state["fold_gain"]
        parts = {
            "reasons": tuple(state["reasons"]),
            "trade_offs": tuple(TradeOff(**one) for one in state["trade_offs"]),
            "fold_gain": None if folds is None else Gain(**folds),
        }
        return cls(**{**state, **parts})


def decide_experiments(
    results: Mapping[str, ExperimentResult], table: CandidateTable, metric: Metric, limits: ComparisonConfig
) -> tuple[ExperimentDecision, ...]:
    """Decide about every experiment of a table, in its order, against the table's reference.

    Args:
        results: Experiments by name, the reference among them.
        table: Their comparison.
        metric: What counts.
        limits: Alpha, margin, the correction, and the limits of speed and size.
    """
    reference = results[table.reference]
    rows = [row for row in table.table.to_dict("records") if row["name"] != table.reference]
    value = float(table.of(table.reference)["value"])
    count = len(rows)
    return tuple(_decide(results[row["name"]], reference, (row, value, count), table, metric, limits) for row in rows)


def weigh(ours: Footprint, theirs: Footprint) -> tuple[TradeOff, ...]:
    """Costs beside each other, those that were measured of both."""
    pairs = [(what, unit, getattr(ours, name), getattr(theirs, name)) for name, what, unit in _WEIGHED]
    return tuple(TradeOff(what, unit, float(a), float(b)) for what, unit, a, b in pairs if a is not None and b)


def _decide(
    result: ExperimentResult,
    reference: ExperimentResult,
    found: tuple[Mapping[Any, Any], float, int],
    table: CandidateTable,
    metric: Metric,
    limits: ComparisonConfig,
) -> ExperimentDecision:
    row, value, count = found
    figures = {name: float(row[name]) for name in ("difference", "low", "high", "p_value")}
    by_folds = compare_on_folds(result.folds, reference.folds, metric, limits.alpha, limits.margin)
    company = Company(count, float(row["p_corrected"]), table.correction, by_folds)
    excess = [_against(said, reference.name) for said in find_excess(result.footprint, reference.footprint, limits)]
    difference = PairedDifference(**figures, a=float(row["value"]), b=value)
    said = recommend_among(difference, table.rows, limits, company, excess=excess)
    return ExperimentDecision(
        experiment=result.name,
        action=said.action,
        reasons=said.reasons,
        trade_offs=weigh(result.footprint, reference.footprint),
        fold_gain=None if by_folds is None else Gain.of(by_folds),
        detectable=said.detectable,
        rows_needed=said.rows_needed,
    )


def _against(said: str, reference: str) -> str:
    """A sentence about the champion, said of another reference."""
    return said.replace("the champion's", f"that of {reference}")

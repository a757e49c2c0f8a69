"""Thresholds by group that treat groups alike: found on validation rows, with what they cost.

Fairlearn's `ThresholdOptimizer` (Hardt et al. 2016) finds the rates that all groups can have together at the least
loss. It reaches them by drawing lots between two thresholds; a person who asks twice must not get two answers, so here
each group gets the one threshold that comes nearest to those rates, and what of the constraint that keeps is reported.
How both are found lives in `thresholds`, how groups are compared in `assessment`, how a predictor applies
thresholds in `modeling/decision`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import FairnessLimits
from ml_lifecycle.errors import ConfigError, DataError
from ml_lifecycle.evaluation.fairness.assessment import FairnessReport, assess_fairness
from ml_lifecycle.evaluation.fairness.thresholds import RATES, Objective, ask_fairlearn, find_nearest
from ml_lifecycle.evaluation.inference.significance import paired_bootstrap
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle.features.cells import category_key
from ml_lifecycle.modeling.decision import GroupThresholds
from ml_lifecycle.parts import Parts

#: Columns of the table of what changes; low and high: the interval of the change, for metrics.
COLUMNS = ("measure", "column", "before", "after", "change", "low", "high")
#: Metrics of labels that thresholds may cost.
_METRICS = ("accuracy", "balanced_accuracy", "precision", "recall", "f1")
#: Groups are made of values; a column of more than this many has no groups.
MAX_GROUPS = 30
_FACTS = "mitigation.json"


@dataclass(frozen=True, slots=True)
class Mitigation:
    """Thresholds by group, and what they change on the rows they were found on.

    Args:
        thresholds: The thresholds; `thresholds.default` is the one that there was before.
        constraint: What is to be alike, such as `demographic_parity`.
        groups: A row per group and rate that is to be alike: group, rows, threshold, rate, asked (what all groups can
            have together), reached (by the one threshold).
        table: What changes; see `COLUMNS`. It flatters, as the thresholds were chosen on the same rows: judge them on
            others with `compare_thresholds`.
    """

    thresholds: GroupThresholds
    constraint: str
    groups: pd.DataFrame
    table: pd.DataFrame

    @property
    def missed_by(self) -> float:
        """How far from the rates that were asked for the single thresholds end, at most; 0 keeps the constraint."""
        return float((self.groups["reached"] - self.groups["asked"]).abs().max())

    def to_parts(self) -> Parts:
        """The tables, and a JSON of the thresholds."""
        held = self.thresholds
        facts = {
            "constraint": self.constraint,
            "by_group": {"column": held.column, "thresholds": dict(held.thresholds), "default": held.default},
        }
        return Parts({"groups": self.groups, "table": self.table}, {_FACTS: json.dumps(facts, sort_keys=True).encode()})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put a mitigation together again."""
        facts = json.loads(parts.files[_FACTS])
        return cls(
            GroupThresholds(**facts["by_group"]), facts["constraint"], parts.tables["groups"], parts.tables["table"]
        )


def mitigate(
    frame: pd.DataFrame,
    y: np.ndarray,
    p: np.ndarray,
    limits: FairnessLimits,
    *,
    threshold: float = 0.5,
    column: str | None = None,
    objective: Objective = "accuracy_score",
    groups: np.ndarray | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Mitigation:
    """Find thresholds by group under which the constraint of the limits holds as nearly as thresholds can.

    Groups of fewer than `min_rows` rows, or with one class only, keep the threshold that there was.

    Args:
        frame: Raw validation rows, n of them, which the model did not learn from.
        y: Encoded targets, 0 or 1, shape (n,).
        p: Probabilities of the positive class, shape (n,).
        limits: Sensitive columns, constraint, fewest rows.
        threshold: The threshold that there was.
        column: The column that groups are made by; by default the sensitive one (of few values) whose groups now are
            farthest apart in the constraint's rates.
        objective: What is made best among all that satisfies the constraint.
        groups: Group of each row where rows are not independent, shape (n,); for the intervals of the cost.
        confidence: Level of those intervals.
        seed: Seed of their draws.

    Raises:
        ConfigError: No mitigation is asked for, the problem is not binary, there is no column of few values, or the
            extra is not installed.
        DataError: Fewer than two groups have rows enough.
    """
    _check_asked(p, limits)
    chosen = column or _choose_column(frame, y, p, limits, threshold)
    keys = _keys(frame, chosen)
    large = _large_groups(keys, y, limits.min_rows)
    if len(large) < 2:  # noqa: PLR2004 - there must be two to be alike
        raise DataError(
            f"groups of {chosen!r} cannot be treated alike by thresholds",
            expected=f"two groups of at least {limits.min_rows} rows and both classes",
            got=f"{len(large)} among {pd.Series(keys).nunique()} groups",
            advice="give more validation rows, or set evaluation.fairness.mitigation to none",
        )
    part = np.isin(keys.astype(str), large) & pd.notna(keys)
    asked = ask_fairlearn(y[part], p[part], keys[part], limits.mitigation, objective)
    rows: list[tuple[str, int, float, str, float, float]] = []
    found: dict[str, float] = {}
    for group in large:
        its = keys == group
        found[group], reached = find_nearest(y[its], p[its], asked[group])
        rows += [(group, int(its.sum()), found[group], name, asked[group][name], reached[name]) for name in reached]
    thresholds = GroupThresholds(chosen, found, threshold)
    table = compare_thresholds(
        frame, y, p, limits, thresholds, threshold=threshold, groups=groups, confidence=confidence, seed=seed
    )
    per_group = pd.DataFrame(rows, columns=["group", "rows", "threshold", "rate", "asked", "reached"])
    return Mitigation(thresholds, limits.mitigation, per_group, table)


def compare_thresholds(
    frame: pd.DataFrame,
    y: np.ndarray,
    p: np.ndarray,
    limits: FairnessLimits,
    thresholds: GroupThresholds,
    *,
    threshold: float | None = None,
    groups: np.ndarray | None = None,
    confidence: float = 0.95,
    resamples: int = 500,
    seed: int = 0,
) -> pd.DataFrame:
    """What thresholds by group change against one threshold: metrics of labels, and the named measures of fairness.

    Args:
        frame: Raw rows, n of them.
        y: Encoded targets, 0 or 1, shape (n,).
        p: Probabilities of the positive class, shape (n,).
        limits: Sensitive columns, fewest rows.
        thresholds: The thresholds by group.
        threshold: The one threshold; the default of the others where none is given.
        groups: Group of each row where rows are not independent, shape (n,).
        confidence: Level of the intervals.
        resamples: Draws behind the intervals.
        seed: Seed of the draws.

    Returns:
        The columns of `COLUMNS`; the change of a metric with its paired interval.
    """
    one = thresholds.default if threshold is None else threshold
    before, after = (p >= one).astype(np.float64), (p >= thresholds.of_rows(frame, len(p))).astype(np.float64)
    rows: list[tuple[object, ...]] = []
    for name in _METRICS:
        found = paired_bootstrap(
            METRICS[name], y, after, before, groups=groups, resamples=resamples, confidence=confidence, seed=seed
        )
        rows.append((name, "", found.b, found.a, found.difference, found.low, found.high))
    held = [_compare_groups(frame, y, labels, limits, groups, confidence).measures for labels in (before, after)]
    both = held[0].merge(held[1], on=["column", "measure"], suffixes=("_before", "_after"))
    both["change"] = both["value_after"] - both["value_before"]
    both["low"], both["high"] = np.nan, np.nan
    shown = both[["measure", "column", "value_before", "value_after", "change", "low", "high"]]
    rows += shown.itertuples(index=False, name=None)
    types = {name: "object" if name in {"measure", "column"} else "float64" for name in COLUMNS}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(types)


def _compare_groups(
    frame: pd.DataFrame,
    y: np.ndarray,
    labels: np.ndarray,
    limits: FairnessLimits,
    groups: np.ndarray | None,
    confidence: float,
) -> FairnessReport:
    return assess_fairness(frame, y, labels, Kind.BINARY, limits, groups=groups, confidence=confidence)


def _check_asked(p: np.ndarray, limits: FairnessLimits) -> None:
    if limits.mitigation == "none" or not limits.sensitive or p.ndim != 1:
        raise ConfigError(
            "there is nothing to choose thresholds by group for",
            expected="two classes, a sensitive column and evaluation.fairness.mitigation",
            got=f"mitigation {limits.mitigation}, sensitive columns {list(limits.sensitive)}, {p.ndim}-d predictions",
            advice="set evaluation.fairness.mitigation to demographic_parity or another constraint",
        )


def _choose_column(frame: pd.DataFrame, y: np.ndarray, p: np.ndarray, limits: FairnessLimits, threshold: float) -> str:
    few = tuple(name for name in limits.sensitive if name in frame and frame[name].nunique() <= MAX_GROUPS)
    if not few:
        raise ConfigError(
            "no sensitive column can have thresholds by group",
            expected=f"a column of at most {MAX_GROUPS} values",
            got=f"{list(limits.sensitive)}",
            advice="make a column of few values of it, such as bands of age, and name that one",
        )
    report = assess_fairness(
        frame, y, p, Kind.BINARY, limits.model_copy(update={"sensitive": few}), threshold=threshold
    )
    gaps = report.gaps[report.gaps["column"].isin(few) & report.gaps["measure"].isin(RATES[limits.mitigation])]
    return few[0] if gaps.empty else str(gaps.sort_values(["sure_gap", "gap"]).iloc[-1]["column"])


def _keys(frame: pd.DataFrame, column: str) -> np.ndarray:
    """The text of each row's group, None where it is missing; as `modeling/decision` looks it up."""
    if column not in frame:
        raise ConfigError(
            f"the sensitive column {column!r} is not in the rows",
            expected="a column of the data",
            got=f"columns {', '.join(map(str, frame.columns[:20]))}",
            advice="mend evaluation.fairness.sensitive, or keep the column out of dataset.drop",
        )
    codes, values = pd.factorize(frame[column])
    return np.array([*(category_key(value) for value in values), None], dtype=object)[codes]


def _large_groups(keys: np.ndarray, y: np.ndarray, min_rows: int) -> list[str]:
    counts = pd.DataFrame({"key": keys, "y": y}).groupby("key")["y"].agg(["size", "nunique"])
    return [str(key) for key in counts.index[(counts["size"] >= min_rows) & (counts["nunique"] > 1)]]

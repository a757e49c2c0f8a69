"""Several candidates against one reference on the same rows, corrected for how many they are.

One candidate against the champion is `champion`, whose decision a gate asks for; nothing is promoted here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import ceil, isnan
from typing import Any, Self

import numpy as np
import pandas as pd

from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.evaluation.comparison.champion import query_of
from ml_lifecycle.evaluation.comparison.footprint import Footprint
from ml_lifecycle.evaluation.inference.corrections import Correction, correct_p_values
from ml_lifecycle.evaluation.inference.paired_tests import PairedTest, run_tests
from ml_lifecycle.evaluation.metrics import Metric
from ml_lifecycle.parts import Parts

_TABLE, _FILE, _TESTS = "candidates", "candidates.json", "tests"
#: Draws per comparison and unit of alpha: fewer could not give a p-value small enough to survive the correction.
_DRAWS_PER_TEST = 10


@dataclass(frozen=True, slots=True)
class CandidateTable:
    """Candidates beside their reference.

    Args:
        table: One row per model, the best first: `rank`, `name`, `value`, `difference` (by how much it is better than
            the reference), `low` and `high` (each at confidence 1 - alpha, for this comparison by itself), `p_value`,
            `p_corrected` (for all of them together), `better` (surely, all comparisons counted), and the costs as
            `Footprint` names them. The reference has no difference.
        reference: Name of the reference.
        metric: Name of the metric.
        rows: Rows that all were judged on.
        alpha: The chance of calling any candidate better that is not.
        margin: By how much a candidate must be better.
        correction: How p-values were corrected.
        tests: What every test that applies found, by candidate, the one that decides first; none is corrected.
    """

    table: pd.DataFrame
    reference: str
    metric: str
    rows: int
    alpha: float
    margin: float
    correction: Correction
    tests: Mapping[str, tuple[PairedTest, ...]] = field(default_factory=dict)

    def of(self, name: str) -> dict[str, Any]:
        """The row of one model."""
        row = self.table.loc[self.table["name"] == name].iloc[0]
        return {str(key): value for key, value in row.items()}

    def markdown(self) -> str:
        """The table, and how to read it."""
        columns = [name for name in self.table.columns if name == "name" or self.table[name].notna().any()]
        rows = [[_shown(row[name]) for name in columns] for row in self.table.to_dict("records")]
        lines = [columns, ["---"] * len(columns), *rows]
        said = (
            f"{self.metric} on {self.rows:,} rows, each against {self.reference}; p-values corrected by "
            f"{self.correction}: {self.alpha:.0%} is the chance of calling any of them better that is not."
        )
        return "\n".join([said, "", *("| " + " | ".join(line) + " |" for line in lines)])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        records = json.loads(self.table.to_json(orient="records"))
        return {**self._facts(), "candidates": records}

    def to_parts(self) -> Parts:
        """The table, and the facts as JSON."""
        return Parts({_TABLE: self.table}, {_FILE: json.dumps(self._facts(), sort_keys=True).encode()})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put it together again."""
        table = parts.tables[_TABLE].sort_values("rank", kind="stable", ignore_index=True)
        facts: dict[str, Any] = json.loads(parts.files[_FILE])
        stored = facts.pop(_TESTS, {})
        tests = {name: tuple(PairedTest(**test) for test in found) for name, found in stored.items()}
        return cls(table=table, tests=tests, **facts)

    def _facts(self) -> dict[str, Any]:
        tests = {name: [asdict(test) for test in found] for name, found in self.tests.items()}
        return {**{name: getattr(self, name) for name in _FACTS}, _TESTS: tests}


_FACTS = ("reference", "metric", "rows", "alpha", "margin", "correction")


def compare_many(
    y: np.ndarray,
    reference_predictions: np.ndarray,
    candidates: Mapping[str, np.ndarray],
    *,
    metric: Metric,
    config: EvaluationConfig,
    reference: str = "reference",
    query: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    footprints: Mapping[str, Footprint] | None = None,
    seed: int = 0,
) -> CandidateTable:
    """Compare named candidates with one reference by the test that `evaluation.comparison` names.

    Args:
        y: Encoded targets of rows that none has learnt from, shape (n,).
        reference_predictions: The reference's predictions, shape (n,) or (n, k).
        candidates: Predictions by name, same shape.
        metric: What counts.
        config: Resamples, threshold; the test, alpha, margin and correction.
        reference: Name of the reference.
        query: Query of each row, shape (n,); for ranking `groups` is taken where this is not given.
        groups: Group of each row where rows are not independent, shape (n,).
        footprints: What each costs, by name; the reference may be among them.
        seed: Seed of the draws.

    Raises:
        ConfigError: The test that is to decide is about another metric.
    """
    metric, limits = metric.at(config.threshold), config.comparison
    query, costs = query_of(metric, query, groups), footprints or {}
    draws = max(config.bootstrap, ceil(_DRAWS_PER_TEST * len(candidates) / limits.alpha))
    config = config.model_copy(update={"bootstrap": draws})
    rows: list[dict[str, Any]] = [
        {"name": reference, "value": metric(y, reference_predictions, query), **_costs(costs.get(reference))}
    ]
    tests: dict[str, tuple[PairedTest, ...]] = {}
    for name, predictions in candidates.items():
        pair = run_tests(
            y,
            predictions,
            reference_predictions,
            metric=metric,
            config=config,
            query=query,
            groups=groups,
            seed=seed,
        )
        found, tests[name] = asdict(pair.deciding), pair.tests
        figures = {key: found[key] for key in ("difference", "low", "high", "p_value")}
        rows.append({"name": name, "value": metric(y, predictions, query), **figures, **_costs(costs.get(name))})
    table = _tabulate(rows, metric, correction=limits.correction, alpha=limits.alpha, margin=limits.margin)
    return CandidateTable(
        table, reference, metric.name, len(y), limits.alpha, limits.margin, correction=limits.correction, tests=tests
    )


def _costs(footprint: Footprint | None) -> dict[str, float | int | None]:
    return asdict(footprint or Footprint())


def _tabulate(
    rows: list[dict[str, Any]], metric: Metric, *, correction: Correction, alpha: float, margin: float
) -> pd.DataFrame:
    table = pd.DataFrame(rows)
    for name in ("difference", "low", "high", "p_value"):
        table[name] = table[name].astype(float) if name in table else np.nan
    tested = table["p_value"].notna()
    table["p_corrected"] = np.nan
    table.loc[tested, "p_corrected"] = correct_p_values(table.loc[tested, "p_value"].to_numpy(), correction)
    table["better"] = (table["low"] > margin) & (table["p_corrected"] <= alpha)
    table["rank"] = (
        table["value"].rank(ascending=not metric.greater_is_better, method="min").fillna(len(table)).astype(int)
    )
    costs = list(asdict(Footprint()))
    table[costs] = table[costs].astype(float)
    first = ["rank", "name", "value", "difference", "low", "high", "p_value", "p_corrected", "better"]
    return table[[*first, *costs]].sort_values("rank", kind="stable", ignore_index=True)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return "" if isnan(value) else f"{value:.5g}"
    return str(value)

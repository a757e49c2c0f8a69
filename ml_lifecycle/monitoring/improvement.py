"""What a cycle has shown of a model's weak sides, put together: failure modes, slices, features, gates that were close.

Everything is read from what was measured elsewhere; nothing is measured here. What to try next, by which rule, lives in
`improvement_rules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import pandas as pd

from ml_lifecycle.config.improvement import ImprovementConfig
from ml_lifecycle.evaluation.comparison.champion import Comparison
from ml_lifecycle.evaluation.report import EvaluationReport
from ml_lifecycle.monitoring.improvement_gates import find_close_gates
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Verdict

_NO_ROWS = pd.DataFrame()
#: Columns of each table, so that an empty one can be stored and read.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "failures": ("where", "what", "rows", "detail"),
    "slices": ("where", "slice", "rows", "value", "low", "high"),
    "features": ("feature", "windows_drifted", "windows", "worst", "last_drifted"),
    "gates": ("gate", "state", "detail"),
    "suggestions": ("try", "because", "rule"),
}
_TITLES = {
    "failures": "Failure modes",
    "slices": "Worst slices",
    "features": "Drifting features",
    "gates": "Gates that failed or were close",
    "suggestions": "What to try next",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """All that a cycle has measured; what is not there is None.

    Args:
        evaluation: The latest candidate on its test split.
        comparison: It and the champion on rows new to both.
        verdicts: The latest verdict of every checkpoint, by `<asset>.<check>`.
        drift: Drift of every feature, a row per window: `feature`, `drifted`, `value`, `limit`, `window`.
        performance: The champion's performance, a row per window: `window`, `status`, `value`, `lost`.
        slices: Slices in production, as `monitoring` keeps them: `slice`, `rows`, `value`, `low`, `high`,
            `lost`, `window`.
    """

    evaluation: EvaluationReport | None = None
    comparison: Comparison | None = None
    verdicts: Mapping[str, Verdict | None] = field(default_factory=dict)
    drift: pd.DataFrame | None = None
    performance: pd.DataFrame | None = None
    slices: pd.DataFrame | None = None


@dataclass(frozen=True, slots=True)
class ImprovementReport:
    """What a cycle has shown, each a table with the columns of `COLUMNS`.

    Args:
        failures: What errors have in common, and which classes are taken for which.
        slices: Where the model is worst, at evaluation and in production, with intervals.
        features: Which features have drifted, in how many of the last windows.
        gates: Which gates failed, or let pass by a narrow margin.
        suggestions: What to try next, with the figure that speaks for it and the rule it follows from.
    """

    failures: pd.DataFrame
    slices: pd.DataFrame
    features: pd.DataFrame
    gates: pd.DataFrame
    suggestions: pd.DataFrame

    def markdown(self) -> str:
        """Each table under its title; one that is empty says so."""
        parts = []
        for name, title in _TITLES.items():
            table = getattr(self, name)
            parts += [f"### {title}", "", _as_markdown(table) if len(table) else "Nothing was found.", ""]
        return "\n".join(parts).rstrip()

    def to_parts(self) -> Parts:
        """The tables."""
        return Parts(tables={name: getattr(self, name) for name in COLUMNS})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put a report together again."""
        return cls(**{name: parts.tables[name] for name in COLUMNS})


def assess_improvement(measured: Measured, config: ImprovementConfig) -> ImprovementReport:
    """Put together what a cycle has shown.

    Args:
        measured: What was measured.
        config: How far to look back, and how much to show.
    """
    from ml_lifecycle.monitoring.improvement_rules import suggest

    features = _drifting(measured.drift, config)
    return ImprovementReport(
        failures=_table("failures", _failures(measured, config), config),
        slices=_table("slices", _worst_slices(measured, config), config),
        features=_table("features", features, config),
        gates=_table("gates", find_close_gates(measured.verdicts, config), None),
        suggestions=_table("suggestions", suggest(measured, features, config), None),
    )


def _failures(measured: Measured, config: ImprovementConfig) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    tables = {} if measured.evaluation is None else measured.evaluation.tables
    for row in tables.get("common_errors", _NO_ROWS).head(config.shown).itertuples():
        detail = f"{row.share_of_worst:.0%} of the worst rows, {row.share_of_all:.0%} of all"
        found.append(("evaluation", f"{row.column} = {row.value}", row.rows, detail))
    for row in tables.get("confusions", _NO_ROWS).head(config.shown).itertuples():
        detail = f"{row.share_of_class:.0%} of its class"
        found.append(("evaluation", f"{row.truth} taken for {row.predicted}", row.rows, detail))
    lost = _lost_windows(measured.performance, config)
    if len(lost):
        said = f"lost in {len(lost)} of the last {config.windows} windows, last in {lost.iloc[-1]['window']}"
        found.insert(0, ("production", "performance", int(lost.get("rows", pd.Series([0])).sum()), said))
    return found


def _lost_windows(performance: pd.DataFrame | None, config: ImprovementConfig) -> pd.DataFrame:
    if performance is None or "lost" not in performance.columns:
        return _NO_ROWS
    last = _last_windows(performance, config)
    return last[last["lost"].astype(bool)]


def _worst_slices(measured: Measured, config: ImprovementConfig) -> list[tuple[object, ...]]:
    """The slices whose gap is surely widest; of production those of the last window that has any, lost ones first."""
    found: list[tuple[object, ...]] = []
    if measured.evaluation is not None and len(measured.evaluation.slices):
        table = measured.evaluation.slices.sort_values("sure_gap", ascending=False, kind="stable")
        found += [("evaluation", *_slice(row)) for _, row in table.head(config.shown).iterrows()]
    if measured.slices is not None and len(measured.slices):
        last = measured.slices[measured.slices["window"] == measured.slices["window"].max()]
        last = last.sort_values("lost", ascending=False, kind="stable")  # those that are surely worse than tolerated
        found += [(f"production {row['window']}", *_slice(row)) for _, row in last.head(config.shown).iterrows()]
    return found


def _slice(row: pd.Series) -> tuple[object, ...]:
    return (str(row["slice"]), int(row["rows"]), *(float(row[name]) for name in ("value", "low", "high")))


def _drifting(drift: pd.DataFrame | None, config: ImprovementConfig) -> list[tuple[object, ...]]:
    """Features by the number of the last windows in which they have drifted."""
    if drift is None or not len(drift):
        return []
    last = _last_windows(drift, config)
    count = int(last["window"].nunique())
    found: list[tuple[object, ...]] = []
    for name, rows in last[last["drifted"].astype(bool)].groupby("feature", sort=False):
        worst = float((rows["value"] / rows["limit"]).max())
        found.append((str(name), int(rows["window"].nunique()), count, round(worst, 3), str(rows["window"].max())))
    return sorted(found, key=lambda item: (-int(str(item[1])), str(item[0])))


def _last_windows(table: pd.DataFrame, config: ImprovementConfig) -> pd.DataFrame:
    kept = sorted(table["window"].unique())[-config.windows :]
    return table[table["window"].isin(kept)]


def _table(name: str, rows: list[tuple[object, ...]], config: ImprovementConfig | None) -> pd.DataFrame:
    """A table of the columns of its name; of a side of the model as many rows as are wanted of each source."""
    most = None if config is None else 2 * config.shown
    frame = pd.DataFrame(rows[:most], columns=list(COLUMNS[name]))
    numbers = {"rows", "value", "low", "high", "windows_drifted", "windows", "worst"}
    return frame.astype({column: "float64" if column in numbers else "object" for column in frame.columns})


def _as_markdown(table: pd.DataFrame) -> str:
    head = "| " + " | ".join(table.columns) + " |"
    rule = "|" + " --- |" * len(table.columns)
    lines = ["| " + " | ".join(_cell(value) for value in row) + " |" for row in table.itertuples(index=False)]
    return "\n".join([head, rule, *lines])


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value).replace("|", "/")

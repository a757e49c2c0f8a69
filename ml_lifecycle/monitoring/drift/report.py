"""`DriftReport`: what the comparison of a window with the reference has found, for machines and for people.

How it is found lives in `assessment`, what follows from it in `verdicts` and in `retraining`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import isnan
from typing import Any, Final, Self

import numpy as np
import orjson
import pandas as pd

from ml_lifecycle.monitoring.drift.statistics import STATISTICS
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Fact

FEATURE, OUTPUT, TARGET, MULTIVARIATE = "feature", "prediction", "target", "multivariate"
#: A statistic's column in the table; its limit and its flag stand in `<statistic>_limit` and `<statistic>_drifted`.
VALUE_OF: Final = {"psi": "value", "missing": "missing_share", "other": "other_share"} | {
    "out_of_range": "out_of_range_share"
}
_TEXT: Final = ("feature", "role", "kind", "statistic", "causes")
_SHARES: Final = ("reference_missing_share", "reference_other_share", "mean", "reference_mean")


def value_column(statistic: str) -> str:
    """The table's column of a statistic."""
    return VALUE_OF.get(statistic, statistic)


def limit_column(statistic: str) -> str:
    """The table's column of its limit."""
    return "limit" if statistic == "psi" else f"{statistic}_limit"


def flag_column(statistic: str) -> str:
    """The table's column that says whether it is above its limit."""
    return f"{statistic}_drifted"


def _columns() -> tuple[str, ...]:
    own = [name for one in STATISTICS for name in (value_column(one), limit_column(one), flag_column(one))]
    first = ["feature", "role", "kind", "statistic", "value", "limit", "drifted", "causes", "severity", "p_value"]
    return tuple(dict.fromkeys([*first, *own, *_SHARES]))


_COLUMNS: Final = _columns()
_BLANKS: Final[Mapping[str, object]] = {
    name: "" if name in _TEXT else False if name.endswith("drifted") else float("nan") for name in _COLUMNS
}


def make_table(*parts: tuple[Mapping[str, object], int]) -> pd.DataFrame:
    """A table with all columns of a report, in their order; what is not given is empty.

    Args:
        parts: Columns and their number of rows; the parts come one below the other. A text stands for all rows.
    """
    index = pd.RangeIndex(sum(rows for _, rows in parts))
    return pd.DataFrame({name: _column(name, parts) for name in _COLUMNS}, index=index, copy=False)


def _column(name: str, parts: tuple[tuple[Mapping[str, object], int], ...]) -> np.ndarray:
    blank = _BLANKS[name]
    kind = object if isinstance(blank, str) else type(blank)
    filled = [np.empty(rows, dtype=kind) for _, rows in parts]
    for cells, (columns, _) in zip(filled, parts, strict=True):
        cells[:] = columns.get(name, blank)
    return filled[0] if len(filled) == 1 else np.concatenate(filled)


@dataclass(frozen=True)
class DriftReport:
    """What the comparison of one window has found.

    Args:
        table: One row per feature, per column of the model's output, for the target and per multivariate statistic
            (`role` tells them apart): feature, role, kind; statistic, value and limit (the population stability index,
            of multivariate rows their own statistic); drifted, causes (the statistics beyond their limits, the
            farthest first), severity (the largest value / limit) and the smallest p_value; every other statistic with
            its limit and flag; shares of missing values, of values that the reference never held and of those beyond
            its range; means, each also of the reference.
        rows: Rows of the window.
        reference_rows: Rows of the reference.
        judged: Whether the window had rows enough; nothing counts as drifted otherwise.
        min_rows: So many are enough.
        skipped: Columns that are not watched, with the reason.
        chance: The chance without drift at which a single statistic counts, after correction for all of them.
        labelled: Rows with a known outcome.
    """

    table: pd.DataFrame
    rows: int
    reference_rows: int
    judged: bool
    min_rows: int
    skipped: Mapping[str, str] = field(default_factory=dict)
    chance: float = float("nan")
    labelled: int = 0

    @cached_property
    def features(self) -> pd.DataFrame:
        """The rows of the features, those farthest beyond their limit first."""
        return self._ranked(FEATURE)

    @cached_property
    def prediction(self) -> pd.DataFrame:
        """The rows of the model's output: one, or two for many classes; none if it is not watched."""
        return self._ranked(OUTPUT)

    @cached_property
    def target(self) -> pd.DataFrame:
        """The row of the outcomes; none if they or the reference's are not known."""
        return self._ranked(TARGET)

    @cached_property
    def multivariate(self) -> pd.DataFrame:
        """The rows of the statistics that look at all features together."""
        return self._ranked(MULTIVARIATE)

    def _ranked(self, role: str) -> pd.DataFrame:
        places = self._order[self.table["role"].to_numpy()[self._order] == role]
        return self.table.take(places).set_axis(pd.RangeIndex(len(places)))

    @cached_property
    def _order(self) -> np.ndarray:
        return np.argsort(-self.table["severity"].to_numpy(dtype=np.float64), kind="stable")

    @cached_property
    def ranked(self) -> Mapping[str, list[dict[str, Any]]]:
        """The table's rows by role, those farthest beyond their limit first: many times faster to read than a frame."""
        names = list(self.table.columns)
        rows = [dict(zip(names, row, strict=True)) for row in self.table.to_numpy(dtype=object).tolist()]
        found: dict[str, list[dict[str, Any]]] = {role: [] for role in (FEATURE, OUTPUT, TARGET, MULTIVARIATE)}
        for place in self._order.tolist():
            found.setdefault(rows[place]["role"], []).append(rows[place])
        return found

    @cached_property
    def sentences(self) -> Mapping[str, str]:
        """What was found for the rows of each role, with the figure that decided."""
        from ml_lifecycle.monitoring.drift.text import describe

        return {role: describe(self, role) for role in (FEATURE, OUTPUT, TARGET, MULTIVARIATE)}

    def _any_drifted(self, role: str) -> bool:
        return any(row["drifted"] for row in self.ranked[role])

    @property
    def drifted(self) -> bool:
        """Whether any feature has drifted."""
        return self._any_drifted(FEATURE)

    @property
    def prediction_drifted(self) -> bool:
        """Whether the model's output has drifted."""
        return self._any_drifted(OUTPUT)

    @property
    def target_drifted(self) -> bool:
        """Whether the outcomes have drifted."""
        return self._any_drifted(TARGET)

    @property
    def multivariate_drifted(self) -> bool:
        """Whether the features depend on each other in another way, or a classifier tells the window apart."""
        return self._any_drifted(MULTIVARIATE)

    @property
    def anything_drifted(self) -> bool:
        """Whether a feature, the output, the outcomes or the features' dependence has drifted."""
        return self.drifted or self.prediction_drifted or self.target_drifted or self.multivariate_drifted

    @property
    def drifted_features(self) -> tuple[str, ...]:
        """The drifted features, the farthest beyond its limit first."""
        return tuple(row["feature"] for row in self.ranked[FEATURE] if row["drifted"])

    @property
    def severity(self) -> float:
        """The largest statistic in units of its limit; 0 where nothing was judged."""
        return float(self.table["severity"].max()) if self.judged and self.table["severity"].notna().any() else 0.0

    def facts(self) -> dict[str, Fact]:
        """The figures in plain JSON."""
        return {
            "rows": self.rows,
            "reference_rows": self.reference_rows,
            "judged": self.judged,
            "features": len(self.ranked[FEATURE]),
            "drifted": self.drifted,
            "drifted_features": list(self.drifted_features),
            "prediction_drifted": self.prediction_drifted,
            "target_drifted": self.target_drifted,
            "multivariate_drifted": self.multivariate_drifted,
            "severity": round(self.severity, 4),
            "values": self.figures(FEATURE),
            "prediction_values": self.figures(OUTPUT),
        }

    def figures(self, role: str) -> dict[str, Fact]:
        """The deciding figures of the rows of a role in plain JSON."""
        return {
            row["feature"]: {
                row["statistic"]: round(row["value"], 4),
                "limit": round(row["limit"], 4),
                "drifted": row["drifted"],
                "causes": row["causes"],
            }
            for row in self.ranked[role]
            if not isnan(row["value"])  # NaN is no JSON
        }

    def finding(self) -> dict[str, Fact]:
        """What the decision on retraining reads: whether anything has drifted, what, and how far beyond its limit."""
        from ml_lifecycle.monitoring.drift.text import summarise

        found = (self.drifted, self.prediction_drifted, self.target_drifted, self.multivariate_drifted)
        return {
            "drifted": any(found),
            "summary": summarise(self),
            "severity": round(self.severity, 4),
            "rows": self.rows,
        }

    def to_parts(self) -> Parts:
        """The table, and the rest as JSON."""
        names = ("rows", "reference_rows", "judged", "min_rows", "chance", "labelled")
        rest = {key: getattr(self, key) for key in names}
        return Parts({"drift": self.table}, {"drift.json": orjson.dumps({**rest, "skipped": dict(self.skipped)})})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put the report together again."""
        rest = orjson.loads(parts.files["drift.json"])
        chance = rest.pop("chance", None)
        return cls(parts.tables["drift"], **rest, chance=float("nan") if chance is None else chance)

    def markdown(self, most: int = 20) -> str:
        """The report for people: a sentence, and a table of at most `most` features."""
        from ml_lifecycle.monitoring.drift.text import write_markdown

        return write_markdown(self, most)

    def brief(self) -> str:
        """The report in a few sentences, without its table: what a run over many windows says of each."""
        from ml_lifecycle.monitoring.drift.text import write_sentences

        return "\n".join(write_sentences(self))

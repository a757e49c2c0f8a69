"""Drift: has production moved away from the data that the model was trained on?

Each feature and the model's output are compared, by population stability index over the reference's cells, with a limit
that knows what sampling noise does in a window of this size. The reference lives in `profile`, the distances in
`divergence`, the picture for people in `drift_html`, what follows from drift in `retraining`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self, TypeAlias

import numpy as np
import orjson
import pandas as pd

from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.errors import PackageError
from ml_lifecycle.monitoring import divergence
from ml_lifecycle.monitoring.column_profile import NUMERIC, ColumnProfile, prediction_columns
from ml_lifecycle.monitoring.profile import ReferenceProfile
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Fact, Severity, Verdict

__all__ = [
    "ReferenceProfile",
    "DriftReport",
    "assess_drift",
    "judge_drift",
    "judge_prediction_drift",
]

FEATURE, OUTPUT = "feature", "prediction"
_Row: TypeAlias = dict[str, str | float | int | bool]


@dataclass(frozen=True)
class DriftReport:
    """What the comparison of one window has found.

    Args:
        table: One row per feature and per column of the model's output (`role` tells them apart): feature, role, kind,
            statistic, value, limit, drifted, p_value, ks and js distance, the shares of missing values and of values
            that the reference never held, and means, each also of the reference.
        rows: Rows of the window.
        reference_rows: Rows of the reference.
        judged: Whether the window had rows enough; nothing counts as drifted otherwise.
        min_rows: So many are enough.
        skipped: Columns that are not watched, with the reason.
    """

    table: pd.DataFrame
    rows: int
    reference_rows: int
    judged: bool
    min_rows: int
    skipped: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def features(self) -> pd.DataFrame:
        """The rows of the features, those farthest beyond their limit first."""
        return self._ranked(FEATURE)

    @cached_property
    def prediction(self) -> pd.DataFrame:
        """The rows of the model's output: one, or two for many classes; none if it is not watched."""
        return self._ranked(OUTPUT)

    def _ranked(self, role: str) -> pd.DataFrame:
        rows = self.table[self.table["role"] == role]
        order = (rows["value"] / rows["limit"]).sort_values(ascending=False, kind="stable").index
        return rows.loc[order].reset_index(drop=True)

    @property
    def drifted(self) -> bool:
        """Whether any feature has drifted."""
        return bool(self.features["drifted"].any())

    @property
    def prediction_drifted(self) -> bool:
        """Whether the model's output has drifted."""
        return bool(self.prediction["drifted"].any())

    @property
    def drifted_features(self) -> tuple[str, ...]:
        """The drifted features, the farthest beyond its limit first."""
        return tuple(self.features.loc[self.features["drifted"], "feature"])

    def facts(self) -> dict[str, Fact]:
        """The figures in plain JSON."""
        return {
            "rows": self.rows,
            "reference_rows": self.reference_rows,
            "judged": self.judged,
            "features": len(self.features),
            "drifted": self.drifted,
            "drifted_features": list(self.drifted_features),
            "prediction_drifted": self.prediction_drifted,
            "values": _figures(self.features),
            "prediction_values": _figures(self.prediction),
        }

    def markdown(self, most: int = 20) -> str:
        """The report for people: a sentence, and a table of at most `most` features."""
        shown = pd.concat([self.prediction, self.features.head(most)], ignore_index=True)
        lines = [
            _sentence(self, FEATURE),
            "",
            "| column | | PSI | limit | drifted | KS | JS | missing | unseen |",
            "|---|---|--:|--:|---|--:|--:|--:|--:|",
        ]
        for row in shown.to_dict("records"):
            name = str(row["feature"]).replace("|", "\\|")
            mark = "**yes**" if row["drifted"] else "no"
            lines.append(
                f"| {name} | {row['role']} | {row['value']:.3f} | {row['limit']:.3f} | {mark} | {row['ks']:.3f} | "
                f"{row['js']:.3f} | {row['missing_share']:.1%} | {row['other_share']:.1%} |"
            )
        hidden = len(self.features) - min(most, len(self.features))
        if hidden:
            lines += ["", f"{hidden} more features moved less."]
        return "\n".join(lines)

    def to_parts(self) -> Parts:
        """The table, and the rest as JSON."""
        rest = {key: getattr(self, key) for key in ("rows", "reference_rows", "judged", "min_rows")}
        return Parts({"drift": self.table}, {"drift.json": orjson.dumps({**rest, "skipped": dict(self.skipped)})})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put the report together again."""
        return cls(parts.tables["drift"], **orjson.loads(parts.files["drift.json"]))


def assess_drift(
    profile: ReferenceProfile,
    current: pd.DataFrame,
    predictions: np.ndarray | None,
    config: DriftConfig,
    *,
    classes: Sequence[str] = (),
) -> DriftReport:
    """Compare a window of production with the reference.

    The limit of each column is `max(min_effect, noise)`, where noise is what a stable window of this size exceeds with
    chance `false_alarm_rate` over all columns together (Bonferroni; see `divergence.noise_limit`).

    Args:
        profile: The reference, from training.
        current: Raw columns of the window, shape (m, f); a profiled column that is absent counts as missing throughout.
        predictions: The model's output on these rows, see `prediction_columns`; None for none.
        config: Limits.
        classes: Names of the classes in the order of the probabilities, if the caller knows them: they must be those
            of the reference. Where the reference has no names, classes go by number on both sides.

    Raises:
        PackageError: The reference was made for other classes, or in another order.
    """
    _require_same_classes(profile, classes)
    output = prediction_columns(predictions, profile.classes)
    watched = [(FEATURE, column, _column(current, column.name)) for column in profile.columns]
    watched += [(OUTPUT, column, output[column.name]) for column in profile.predictions if column.name in output]
    judged = len(current) >= config.min_rows
    chance = config.false_alarm_rate / max(1, len(watched))
    rows = [_compare(role, column, series, config, chance=chance, judged=judged) for role, column, series in watched]
    table = pd.DataFrame(rows, columns=list(_BLANK)).astype({"drifted": bool, "value": float, "limit": float})
    return DriftReport(table, len(current), profile.rows, judged, config.min_rows, dict(profile.skipped))


_BLANK: _Row = {
    "feature": "",
    "role": "",
    "kind": "",
    "statistic": "psi",
    "value": float("nan"),
    "limit": float("nan"),
    "drifted": False,
    "p_value": float("nan"),
    "ks": float("nan"),
    "js": float("nan"),
    "missing_share": float("nan"),
    "reference_missing_share": float("nan"),
    "other_share": float("nan"),
    "reference_other_share": float("nan"),
    "mean": float("nan"),
    "reference_mean": float("nan"),
}


def _require_same_classes(profile: ReferenceProfile, classes: Sequence[str]) -> None:
    names = tuple(str(name) for name in classes)
    if names and profile.classes and names != profile.classes:
        raise PackageError(
            "the reference profile is not of this model",
            expected=f"the classes {list(profile.classes[:10])}",
            got=f"{list(names[:10])}",
            advice="compare with the profile in the model's own package",
        )


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name] if name in frame.columns else pd.Series(np.full(len(frame), np.nan))


def _compare(
    role: str, column: ColumnProfile, series: pd.Series, config: DriftConfig, *, chance: float, judged: bool
) -> _Row:
    """One row of the report's table."""
    reference_mean = float("nan") if column.mean is None else column.mean
    found: _Row = {
        **_BLANK,
        "feature": column.name,
        "role": role,
        "kind": column.kind,
        "reference_mean": reference_mean,
    }
    counts, other, missing, mean = column.count(series)
    rows, reference = len(series), np.asarray(column.counts)
    if rows == 0 or column.rows == 0:
        return found
    starts = divergence.merge_small(reference, rows)
    grouped = [np.add.reduceat(side, starts) if len(starts) else side for side in (reference, counts)]
    p = np.append(grouped[0], [column.other, column.missing])
    q = np.append(grouped[1], [other, missing])
    occupied = int(np.count_nonzero(p + q))
    value = divergence.population_stability(p, q)
    limit = max(config.min_effect, divergence.noise_limit(column.rows, rows, occupied, chance))
    return found | {
        "value": value,
        "limit": limit,
        "drifted": judged and value > limit,
        "p_value": divergence.p_value(value, column.rows, rows, occupied),
        "ks": divergence.kolmogorov_smirnov(reference, counts) if column.kind == NUMERIC else float("nan"),
        "js": divergence.jensen_shannon(p, q),
        "missing_share": missing / rows,
        "reference_missing_share": column.missing / column.rows,
        "other_share": other / rows,
        "reference_other_share": column.other / column.rows,
        "mean": mean,
    }


def _figures(rows: pd.DataFrame) -> dict[str, Fact]:
    return {
        str(name): {"psi": round(value, 4), "limit": round(limit, 4), "drifted": bool(drifted)}
        for name, value, limit, drifted in zip(
            rows["feature"], rows["value"], rows["limit"], rows["drifted"], strict=True
        )
        if value == value  # noqa: PLR0124 - NaN is no JSON
    }


def judge_drift(report: DriftReport) -> Verdict:
    """Gate `no_drift`: no feature has moved beyond its limit; only warns, since drift need not hurt."""
    return Verdict(
        gate="no_drift",
        passed=not report.drifted,
        severity=Severity.WARN,
        summary=_sentence(report, FEATURE),
        facts=report.facts(),
        advice="look whether the source of these columns has changed; if the world has, let the model be trained again",
    )


def judge_prediction_drift(report: DriftReport) -> Verdict:
    """Gate `no_prediction_drift`: the model's output is distributed as it was at training; only warns."""
    return Verdict(
        gate="no_prediction_drift",
        passed=not report.prediction_drifted,
        severity=Severity.WARN,
        summary=_sentence(report, OUTPUT),
        facts={"rows": report.rows, "judged": report.judged, "values": _figures(report.prediction)},
        advice="compare with the drifted features, and with outcomes as soon as they have come",
    )


def _sentence(report: DriftReport, role: str) -> str:
    """What was found, with the figure that decided."""
    rows = report.features if role == FEATURE else report.prediction
    what = f"{len(rows)} features" if role == FEATURE else "predictions"
    if not len(rows):
        return "not judged: the model's output is not on record" if role == OUTPUT else "not judged: no features"
    if not report.judged:
        return f"not judged: {report.rows} rows, at least {report.min_rows} are needed"
    top = rows.iloc[0]
    figure = f"{top['feature']} has PSI {top['value']:.3f}, limit {top['limit']:.3f}"
    drifted = int(rows["drifted"].sum())
    if not drifted:
        return f"no drift in {what} over {report.rows} rows; farthest: {figure}"
    return f"{drifted} of {what} drifted over {report.rows} rows: {figure}" if role == FEATURE else f"drift: {figure}"

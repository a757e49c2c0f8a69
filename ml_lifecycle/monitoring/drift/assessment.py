"""`assess_drift`: a window of production against the reference of training.

The statistics live in `statistics`, their limits in `noise` and `calibration`, what looks at all columns together in
`multivariate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.errors import PackageError
from ml_lifecycle.monitoring.column_profile import CellCounts, ColumnProfile, prediction_columns
from ml_lifecycle.monitoring.drift.calibration import calibrated_chance, layout_for, size_class
from ml_lifecycle.monitoring.drift.multivariate import can_compare, compare_together
from ml_lifecycle.monitoring.drift.noise import chances, limits
from ml_lifecycle.monitoring.drift.report import (
    FEATURE,
    OUTPUT,
    TARGET,
    DriftReport,
    flag_column,
    limit_column,
    make_table,
    value_column,
)
from ml_lifecycle.monitoring.drift.statistics import STATISTICS, measure
from ml_lifecycle.monitoring.profile import ReferenceProfile

#: The part of the false alarm rate that is given out: limits are estimates, and their error makes alarms, not fewer.
_CAUTION = 0.85


class _Watched(NamedTuple):
    """A column of the reference and the window's values."""

    role: str
    profile: ColumnProfile
    values: pd.Series


def assess_drift(
    profile: ReferenceProfile,
    current: pd.DataFrame,
    predictions: np.ndarray | None,
    config: DriftConfig,
    *,
    classes: Sequence[str] = (),
    outcomes: pd.Series | np.ndarray | None = None,
) -> DriftReport:
    """Compare a window of production with the reference.

    A column has drifted where one of its statistics is above its limit: the larger of `min_effect` and what a stable
    window of this size exceeds so rarely that `false_alarm_rate` holds for all statistics of all columns together.

    Args:
        profile: The reference, from training.
        current: Raw columns of the window, shape (m, f); a profiled column that is absent counts as missing throughout.
        predictions: The model's output on these rows, see `prediction_columns`; None for none.
        config: Limits.
        classes: Names of the classes in the order of the probabilities, if the caller knows them: they must be those
            of the reference. Where the reference has no names, classes go by number on both sides.
        outcomes: What has become known of these rows, as the reference's `target` was given; missing where unknown.

    Raises:
        PackageError: The reference was made for other classes, or in another order.
    """
    _require_same_classes(profile, classes)
    known = pd.Series(np.empty(0) if outcomes is None else outcomes).dropna().reset_index(drop=True)
    watched = [one for one in _watch(profile, current, predictions, known) if one.profile.rows]
    judged = len(current) >= config.min_rows
    together = judged and can_compare(profile, config)
    rate = _CAUTION * config.false_alarm_rate
    columns, chance = _compare(
        watched,
        config,
        rate=rate * (1 - config.multivariate_share) if together else rate,
        rows=len(current),
        judged=judged,
    )
    joint = compare_together(profile, current, config, rate=rate * config.multivariate_share) if together else []
    table = make_table(
        (columns, len(watched)),
        ({name: [row[name] for row in joint] for name in joint[0]}, len(joint)) if joint else ({}, 0),
    )
    skipped = dict(profile.skipped)
    return DriftReport(
        table, len(current), profile.rows, judged, config.min_rows, skipped, chance=chance, labelled=len(known)
    )


def _require_same_classes(profile: ReferenceProfile, classes: Sequence[str]) -> None:
    names = tuple(str(name) for name in classes)
    if names and profile.classes and names != profile.classes:
        raise PackageError(
            "the reference profile is not of this model",
            expected=f"the classes {list(profile.classes[:10])}",
            got=f"{list(names[:10])}",
            advice="compare with the profile in the model's own package",
        )


def _watch(
    profile: ReferenceProfile, current: pd.DataFrame, predictions: np.ndarray | None, known: pd.Series
) -> list[_Watched]:
    nothing = pd.Series(np.full(len(current), np.nan))
    found = [_Watched(FEATURE, column, current.get(column.name, nothing)) for column in profile.columns]
    output = prediction_columns(predictions, profile.classes)
    found += [_Watched(OUTPUT, one, output[one.name]) for one in profile.predictions if one.name in output]
    if profile.target is not None and len(known):
        found.append(_Watched(TARGET, profile.target, known))
    return found


def _compare(
    watched: list[_Watched], config: DriftConfig, *, rate: float, rows: int, judged: bool
) -> tuple[dict[str, object], float]:
    """The table's columns without what looks at all inputs together, and the chance at which a statistic counts."""
    named: dict[str, object] = {
        "feature": [one.profile.name for one in watched],
        "role": [one.role for one in watched],
        "kind": [one.profile.kind for one in watched],
        "statistic": "psi",
        "reference_mean": [np.nan if one.profile.mean is None else one.profile.mean for one in watched],
    }
    if not watched or rows == 0:
        return named, float("nan")
    columns = tuple(one.profile for one in watched)
    size = size_class(rows)
    layout = layout_for(columns, size)
    counted = [one.profile.count(one.values) for one in watched]
    enough = np.array([judged and len(one.values) >= config.min_rows for one in watched])
    chance = calibrated_chance(columns, size, rate)
    with np.errstate(all="ignore"):
        measured = measure(layout, layout.place(counted))
        smallest = np.stack(list(chances(measured.found, measured.sizes).values()))
        bounds = limits(chance, config.min_effect, measured.sizes)
        found = _flag(measured.found, bounds, enough)
    named["p_value"] = np.nan_to_num(smallest, nan=1.0).min(axis=0)
    return named | found | _describe(columns, counted), chance


def _flag(values: dict[str, np.ndarray], bounds: dict[str, np.ndarray], enough: np.ndarray) -> dict[str, object]:
    """Values, limits and flags of all statistics, what raised the column's flag, and how far it is beyond."""
    found: dict[str, object] = {}
    ratios = np.stack([np.nan_to_num(values[name] / bounds[name], nan=0.0) for name in STATISTICS])
    flags = (ratios > 1) & enough
    for at, name in enumerate(STATISTICS):
        found |= {
            value_column(name): values[name],
            limit_column(name): np.where(np.isnan(values[name]), np.nan, bounds[name]),
            flag_column(name): flags[at],
        }
    ranks = np.argsort(-ratios, axis=0, kind="stable")
    causes = [
        ", ".join(STATISTICS[at] for at in ranks[:, column] if flags[at, column]) if flags[:, column].any() else ""
        for column in range(flags.shape[1])
    ]
    return found | {"drifted": flags.any(axis=0), "causes": causes, "severity": ratios.max(axis=0)}


def _describe(columns: Sequence[ColumnProfile], counted: Sequence[CellCounts]) -> dict[str, object]:
    return {
        "reference_missing_share": [column.missing / column.rows for column in columns],
        "reference_other_share": [column.other / column.rows for column in columns],
        "mean": [one.mean for one in counted],
    }

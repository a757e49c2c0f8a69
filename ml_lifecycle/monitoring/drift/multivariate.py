"""Drift of the columns together: what each column's own distribution does not show.

The reference's side lives in `dependence`, the classifier in `classifier`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from ml_lifecycle.config.drift import DriftConfig
from ml_lifecycle.monitoring.drift.classifier import tell_apart
from ml_lifecycle.monitoring.drift.dependence import Dependence, correlate, dependence_of, rebuild_errors
from ml_lifecycle.monitoring.drift.report import MULTIVARIATE
from ml_lifecycle.monitoring.profile import ReferenceProfile


def can_compare(profile: ReferenceProfile, config: DriftConfig) -> bool:
    """Whether the YAML wants the columns' dependence watched, and the reference can say something about it."""
    return config.multivariate != "never" and dependence_of(profile, config.pca_variance) is not None


def compare_together(
    profile: ReferenceProfile, current: pd.DataFrame, config: DriftConfig, *, rate: float
) -> list[dict[str, object]]:
    """Rows of the report's table, one per multivariate statistic; none where `can_compare` says no.

    Args:
        profile: The reference.
        current: The window; at most `multivariate_rows` of its rows are looked at, evenly spread.
        config: What is compared.
        rate: False alarms that these statistics together may raise.
    """
    known = dependence_of(profile, config.pca_variance)
    if known is None:
        return []
    rows = len(current)
    chosen = np.unique(np.linspace(0, rows - 1, min(rows, config.multivariate_rows)).round().astype(np.intp))
    matrix = known.scores.transform(current.iloc[chosen])
    wanted = {"pca": 2, "classifier": 1, "both": 3}.get(config.multivariate, 1)
    found = []
    if config.multivariate in {"pca", "both"}:
        found += [_pca(known, matrix, rate / wanted), _correlation(known, matrix, rate / wanted, config.min_effect)]
    if config.multivariate in {"classifier", "both"}:
        found.append(_classifier(known, matrix, rate / wanted))
    return found


def _row(
    name: str, statistic: str, value: float, limit: float, *, p_value: float, severity: float
) -> dict[str, object]:
    return {
        "feature": name,
        "role": MULTIVARIATE,
        "kind": MULTIVARIATE,
        "statistic": statistic,
        "value": value,
        "limit": limit,
        "drifted": severity > 1,
        "causes": statistic if severity > 1 else "",
        "severity": severity,
        "p_value": p_value,
    }


def _pca(known: Dependence, matrix: np.ndarray, rate: float) -> dict[str, object]:
    """Relative change of the mean distance to what the components rebuild (Welch's t over rows)."""
    errors, expected = rebuild_errors(matrix, known.basis), known.errors
    own = errors.var(ddof=1) / len(errors)
    deviation = np.sqrt(own + expected.var(ddof=1) / len(expected))
    freedom, level = min(len(errors), len(expected)) - 1, max(float(expected.mean()), 1e-9)
    gap = abs(float(errors.mean()) - level)
    limit = float(-stdtrit(freedom, rate / 2) * deviation) / level
    chance = float(2 * stdtr(freedom, -gap / max(deviation, 1e-12)))
    value = gap / level
    return _row("reconstruction error", "pca_error", value, limit, p_value=chance, severity=value / max(limit, 1e-12))


def _correlation(known: Dependence, matrix: np.ndarray, rate: float, effect: float) -> dict[str, object]:
    """The pair whose correlation is farthest beyond its limit, over all pairs (Bonferroni), as |z - z'| of Fisher."""
    gaps = np.abs(correlate(matrix, known.pairs) - known.correlations)
    deviations = np.sqrt(known.variances * (1 / max(1, len(matrix) - 3) + 1 / (len(known.matrix) - 3)))
    bounds = np.maximum(-ndtri(rate / (2 * max(1, len(gaps)))) * deviations, np.sqrt(effect))
    at = int(np.argmax(gaps / bounds))
    first, second = (known.scores.names[places[at]] for places in known.pairs)
    chance = float(min(1.0, 2 * ndtr(-gaps[at] / deviations[at]) * len(gaps)))
    return _row(
        f"{first} x {second}",
        "correlation",
        float(gaps[at]),
        float(bounds[at]),
        p_value=chance,
        severity=float(gaps[at] / bounds[at]),
    )


def _classifier(known: Dependence, matrix: np.ndarray, rate: float) -> dict[str, object]:
    """How well a classifier tells rows of the window from the reference's, as AUC on rows it was not fitted on."""
    found = tell_apart(known.matrix, matrix)
    limit = 0.5 - float(ndtri(rate)) * found.deviation
    chance = float(ndtr(-(found.auc - 0.5) / found.deviation))
    severity = max(0.0, found.auc - 0.5) / (limit - 0.5)
    return _row("domain classifier", "auc", found.auc, limit, p_value=chance, severity=severity)

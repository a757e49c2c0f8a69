"""How far labels can be believed: equal rows with different labels, and labels that a cross-fitted model contradicts.

Wrong labels and what no feature tells look alike in this: the share is an upper bound of the wrong ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.rows import ROW_ID

#: Robust standard deviations from which a residual contradicts a number: one in 1.7 million where errors are normal.
_FAR = 5.0
#: Of a normal distribution, the standard deviation over the median absolute deviation.
_NORMAL = 1.4826


@dataclass(frozen=True, slots=True)
class LabelQuality:
    """What speaks against the labels.

    Args:
        disagreeing: Share of rows whose label is not the usual one of the rows with the same features; NaN for a
            target of numbers.
        contradicted: Share of rows whose label a model contradicts that has not seen it; NaN in ranking.
    """

    disagreeing: float
    contradicted: float

    @property
    def worst(self) -> float:
        """The larger of both shares; NaN where neither is known."""
        known = [share for share in (self.disagreeing, self.contradicted) if not np.isnan(share)]
        return max(known, default=float("nan"))


def share_disagreeing(rows: pd.DataFrame, project: ProjectConfig) -> float:
    """Share of rows whose label is not the most frequent one among the rows that look the same to a model.

    Args:
        rows: Training rows.
        project: Names the target, and the columns that are no features.
    """
    columns = [name for name in rows.columns if name not in project.non_features | {ROW_ID}]
    if not columns:
        return float("nan")
    looks = pd.util.hash_pandas_object(rows[columns].astype(str), index=False)
    counts = pd.crosstab(looks.to_numpy(), rows[project.brief.target].astype(str).to_numpy()).to_numpy()
    return float(1 - counts.max(axis=1).sum() / len(rows))


def share_contradicted(kind: Kind, y: np.ndarray, predictions: np.ndarray) -> float:
    """Share of rows whose label a model contradicts that did not learn from them.

    Classes: confident learning (Northcutt, Jiang and Chuang 2021). A row belongs confidently to a class where its
    probability is at least the mean one of the rows with that label; it is contradicted where the most probable of such
    classes is not its label. Numbers: the residual is more than five robust standard deviations from the median one.

    Args:
        kind: The kind of problem; of a ranking nothing is said.
        y: Encoded targets, shape (n,).
        predictions: Out of fold, shape (n,) or (n, k).
    """
    if kind is Kind.RANKING:
        return float("nan")
    if kind is Kind.REGRESSION:
        residuals = y - predictions
        away = np.abs(residuals - np.median(residuals))
        spread = _NORMAL * float(np.median(away))
        return float((away > _FAR * spread).mean()) if spread > 0 else float("nan")
    p = np.column_stack([1 - predictions, predictions]) if predictions.ndim == 1 else predictions
    labels = y.astype(np.intp)
    present = np.unique(labels)
    usual = np.full(p.shape[1], np.inf)
    usual[present] = [p[labels == code, code].mean() for code in present]
    sure = np.where(p >= usual, p, -1.0)
    return float(((sure.max(axis=1) >= 0) & (sure.argmax(axis=1) != labels)).mean())

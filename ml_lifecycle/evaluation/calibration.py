"""Whether probabilities are frequencies: the reliability table.

How they are corrected lives in `modeling/calibrator`; the calibration error in `measures/labels`; how the gate judges,
in `gates`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml_lifecycle.evaluation.inference.intervals import share_interval
from ml_lifecycle.evaluation.inference.resampling import Units
from ml_lifecycle.evaluation.measures.forms import Scored
from ml_lifecycle.evaluation.measures.labels import CALIBRATION_BINS, confidence_and_hit

#: The columns of the reliability table: predicted and observed are means within the bin.
COLUMNS = ("from", "to", "rows", "predicted", "observed", "low", "high")


def reliability(
    y: np.ndarray,
    p: np.ndarray,
    bins: int = CALIBRATION_BINS,
    *,
    groups: np.ndarray | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Predicted probability against observed frequency, by bins of about equally many rows.

    Args:
        y: Class codes, shape (n,).
        p: Probabilities: of the positive class, shape (n,), or of k classes, shape (n, k); then the most probable class
            is judged, and whether it was right.
        bins: Bins at most; tied probabilities share one.
        groups: Group of each row where rows are not independent, shape (n,).
        confidence: Level of Wilson's interval of the observed frequency.

    Returns:
        The columns of `COLUMNS`, a row per bin.
    """
    confident, hit = confidence_and_hit(Scored.of(y, p))
    edges = np.unique(np.quantile(confident, np.linspace(0, 1, bins + 1)))
    place = np.clip(np.searchsorted(edges, confident, side="left") - 1, 0, max(len(edges) - 2, 0))
    found = []
    for code in np.unique(place):
        rows = place == code
        units = Units.of(int(rows.sum()), None if groups is None else groups[rows])
        observed = share_interval(np.column_stack([hit[rows], np.ones(int(rows.sum()))]), units, confidence=confidence)
        inside = confident[rows]
        found.append(
            (inside.min(), inside.max(), len(inside), inside.mean(), observed.value, observed.low, observed.high)
        )
    return pd.DataFrame(found, columns=list(COLUMNS))

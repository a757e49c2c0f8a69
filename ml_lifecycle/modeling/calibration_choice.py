"""Whether probabilities need a calibration, and which: tried out on rows that the calibration was not fitted on.

How a calibration is fitted and used lives in `calibrator`.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from ml_lifecycle.modeling.calibrator import Calibrator, Method

#: Parts of the rows; each is corrected by a calibration of the others.
_PARTS: Final = 5
#: Isotonic regression overfits below about so many rows (Niculescu-Mizil and Caruana 2005).
_ISOTONIC_ROWS: Final = 2_000
#: Fewer rows of the rarest class in all do not say how to correct.
_LEAST_CLASS_ROWS: Final = 20
#: Standard errors by which the log loss must fall.
_SURE: Final = 2.0
_TINY: Final = 1e-12


def choose_calibration(p: np.ndarray, y: np.ndarray, *, seed: int = 0) -> Literal["none"] | Method:
    """The calibration that lowers the log loss of rows it was not fitted on beyond chance; `none` where none does.

    A model that is stopped early for the sake of an order, as by ROC AUC, is often too unsure of itself; correcting it
    leaves the order as it is. Isotonic regression is taken where it is surely better than the sigmoid again.

    Args:
        p: Probabilities, shape (n,), or (n, k) for k classes.
        y: Class codes, shape (n,).
        seed: Seed of the parts.

    >>> rng = np.random.default_rng(0)
    >>> true = rng.random(2_000)
    >>> y = (rng.random(2_000) < true).astype(int)
    >>> choose_calibration(0.4 + 0.2 * true, y), choose_calibration(true, y)
    ('sigmoid', 'none')
    """
    chosen: Literal["none"] | Method = "none"
    counts = np.bincount(y.astype(np.int64), minlength=2 if p.ndim == 1 else p.shape[1])
    if counts.min() < _LEAST_CLASS_ROWS:
        return chosen
    order = np.lexsort((np.random.default_rng(seed).permutation(len(y)), y))
    part = np.empty(len(y), dtype=np.int64)
    part[order] = np.arange(len(y)) % _PARTS  # every class in even parts
    best = _losses(p, y)
    methods: tuple[Method, ...] = ("sigmoid", "isotonic") if len(y) >= _ISOTONIC_ROWS else ("sigmoid",)
    for method in methods:
        losses = _cross_fitted(p, y, part, method)
        gain = best - losses
        if gain.mean() > _SURE * gain.std() / np.sqrt(len(gain)):
            chosen, best = method, losses
    return chosen


def _cross_fitted(p: np.ndarray, y: np.ndarray, part: np.ndarray, method: Method) -> np.ndarray:
    losses = np.empty(len(y))
    for held in range(_PARTS):
        out = part == held
        losses[out] = _losses(Calibrator.fit(p[~out], y[~out], method).transform(p[out]), y[out])
    return losses


def _losses(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The log loss of each row."""
    codes = y.astype(np.int64)
    of_truth = np.where(codes == 1, p, 1 - p) if p.ndim == 1 else p[np.arange(len(p)), codes]
    return np.asarray(-np.log(np.clip(of_truth, _TINY, 1.0)))

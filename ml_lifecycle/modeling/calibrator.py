"""`Calibrator`: probabilities corrected so that they match frequencies. How well they match is judged in `evaluation`.

Fitted on rows the model has not learnt from: validation rows, or training rows that models of the other folds predicted
(`cross_fitting`). Its state is JSON and its use needs numpy only.

Several classes are corrected one against the rest and normalised (Zadrozny and Elkan 2002). A single temperature for
all would keep the most probable class as it is, and with it every bias between classes, such as augmentation leaves
behind; that bias is what most needs correcting here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from ml_lifecycle.errors import ModelError, PackageError

Method: TypeAlias = Literal["isotonic", "sigmoid"]
_TINY = 1e-12
_STEPS = 100


@dataclass(frozen=True, slots=True)
class Curve:
    """A rising line from probability to corrected probability.

    Args:
        method: Isotonic: points joined by straight lines. Sigmoid: 1 / (1 + exp(-(slope * logit(p) + offset))).
        first: Isotonic: where the points lie. Sigmoid: the slope.
        second: Isotonic: their heights. Sigmoid: the offset.
    """

    method: Method
    first: tuple[float, ...]
    second: tuple[float, ...]

    def __call__(self, p: np.ndarray) -> np.ndarray:
        """Correct probabilities of any shape."""
        if self.method == "isotonic":
            return np.asarray(np.interp(p, self.first, self.second))
        return np.asarray(1 / (1 + np.exp(-(self.first[0] * _logit(p) + self.second[0]))))


@dataclass(frozen=True, slots=True)
class Calibrator:
    """One curve for a binary target, one per class (against the rest, then normalised) for more.

    Args:
        curves: The curves.

    >>> p, y = np.array([0.2, 0.4, 0.6, 0.8] * 50), np.array([0, 0, 0, 1] * 50)
    >>> Calibrator.fit(p, y, "isotonic").transform(np.array([0.6, 0.8])).round(2).tolist()
    [0.0, 1.0]
    """

    curves: tuple[Curve, ...]

    @classmethod
    def fit(cls, p: np.ndarray, y: np.ndarray, method: Method) -> Calibrator:
        """Fit on the validation rows.

        Isotonic regression as in Zadrozny and Elkan (2002), kept away from 0 and 1 by what so few rows can show
        (1 / (n + 2)); sigmoid as in Platt (1999), on the log odds, with his smoothed targets.

        Args:
            p: Probabilities, shape (n,), or (n, k) for k classes.
            y: Class codes, shape (n,).
            method: `isotonic` needs about a thousand rows; `sigmoid` makes do with fewer.

        Raises:
            ModelError: There are no rows.
        """
        if len(p) == 0:
            raise ModelError(
                "probabilities cannot be calibrated",
                expected="validation rows",
                got="none",
                advice="set modeling.calibration to none, or give validation more rows",
            )
        fit_one = _fit_isotonic if method == "isotonic" else _fit_sigmoid
        if p.ndim == 1:
            return cls((fit_one(p, y == 1),))
        return cls(tuple(fit_one(p[:, code], y == code) for code in range(p.shape[1])))

    def transform(self, p: np.ndarray) -> np.ndarray:
        """Correct probabilities: shape (n,), or (n, k) whose rows then sum to 1 again."""
        if p.ndim == 1:
            return self.curves[0](p)
        raised = np.column_stack([curve(p[:, code]) for code, curve in enumerate(self.curves)])
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        return {
            "curves": [
                {"method": curve.method, "first": list(curve.first), "second": list(curve.second)}
                for curve in self.curves
            ]
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Calibrator:
        """Make a calibrator of what `to_dict` gave.

        Raises:
            PackageError: The state is damaged.
        """
        try:
            return cls(tuple(_curve_from(curve) for curve in state["curves"]))
        except (KeyError, TypeError, ValueError) as error:
            raise PackageError(
                "the stored calibration cannot be read",
                expected="curves with method, first and second",
                got=f"{type(error).__name__}: {error}",
                advice="package the model again",
            ) from error


def _curve_from(state: Mapping[str, Any]) -> Curve:
    method, first, second = state["method"], tuple(map(float, state["first"])), tuple(map(float, state["second"]))
    if method not in ("isotonic", "sigmoid") or not first or len(first) != len(second):
        msg = f"a curve of method {method!r} with {len(first)} and {len(second)} figures"
        raise ValueError(msg)
    return Curve(method, first, second)


def _fit_isotonic(p: np.ndarray, hit: np.ndarray) -> Curve:
    from sklearn.isotonic import IsotonicRegression

    margin = 1 / (len(p) + 2)
    fitted = IsotonicRegression(y_min=margin, y_max=1 - margin, out_of_bounds="clip").fit(p, hit.astype(np.float64))
    return Curve(
        "isotonic",
        tuple(float(value) for value in fitted.X_thresholds_),
        tuple(float(value) for value in fitted.y_thresholds_),
    )


def _fit_sigmoid(p: np.ndarray, hit: np.ndarray) -> Curve:
    """Newton's method on the two parameters, with the safeguards of Lin, Lin and Weng (2007)."""
    hits = int(hit.sum())
    goal = np.where(hit, (hits + 1) / (hits + 2), 1 / (len(hit) - hits + 2))
    design = np.column_stack([_logit(p), np.ones(len(p))])
    weights = np.array([0.0, np.log((hits + 1) / (len(hit) - hits + 1))])
    loss = _log_loss(design @ weights, goal)
    for _ in range(_STEPS):
        q = 1 / (1 + np.exp(-(design @ weights)))
        gradient = design.T @ (q - goal)
        hessian = (design * (q * (1 - q))[:, None]).T @ design + _TINY * np.eye(2)
        move = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size > _TINY and _log_loss(design @ (weights - size * move), goal) > loss:
            size /= 2
        weights, before = weights - size * move, loss
        loss = _log_loss(design @ weights, goal)
        if before - loss <= _TINY * abs(before):
            break
    return Curve("sigmoid", (float(weights[0]),), (float(weights[1]),))


def _log_loss(logits: np.ndarray, goal: np.ndarray) -> float:
    return float((np.logaddexp(0, logits) - goal * logits).sum())


def _logit(p: np.ndarray) -> np.ndarray:
    clipped = np.clip(p, _TINY, 1 - _TINY)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))

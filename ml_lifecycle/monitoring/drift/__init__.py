"""Drift: has production moved away from the data that the model was trained on?

Each feature, the model's output, the known outcomes and the dependence of the features are compared with the reference
that was stored with the model, with limits that know what sampling noise does in a window of this size. The reference
lives in `monitoring.profile`, the picture for people in `monitoring.drift_html`, what follows from drift in
`monitoring.retraining`.
"""

from ml_lifecycle.monitoring.drift.assessment import assess_drift
from ml_lifecycle.monitoring.drift.report import DriftReport
from ml_lifecycle.monitoring.drift.verdicts import (
    judge_drift,
    judge_everything,
    judge_multivariate_drift,
    judge_prediction_drift,
    judge_target_drift,
)
from ml_lifecycle.monitoring.profile import ReferenceProfile

__all__ = [
    "ReferenceProfile",
    "DriftReport",
    "assess_drift",
    "judge_drift",
    "judge_prediction_drift",
    "judge_target_drift",
    "judge_multivariate_drift",
    "judge_everything",
]

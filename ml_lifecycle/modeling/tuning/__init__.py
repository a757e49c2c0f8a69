"""The search for hyperparameters, and the one door to Optuna. How one model is fitted lives in `training`.

`tuner` is the whole of it, `result` what comes out. `methods` draws and prunes, `queue` says what is tried before and
after, `trial` is one trial, `loop`, `session` and `workers` run many, `study` and `journal` keep what was found,
`latency` weighs speed against quality, `final` fits what was chosen.
"""

from ml_lifecycle.modeling.tuning.result import TuningResult
from ml_lifecycle.modeling.tuning.tuner import tune

__all__ = ["TuningResult", "tune"]

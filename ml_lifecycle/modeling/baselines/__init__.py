"""Baselines: what a model must beat to be worth its keep. Fitted on training rows, scored on validation rows.

Constants and chance; the newest label that is known (persistence); popularity or one feature for rankings; a linear
model and a shallow tree on a bounded number of rows, so that all cost a second or two at any size. Whether the tuned
model beats the best is judged in `evaluation/gates`.
"""

from ml_lifecycle.modeling.baselines.fitting import fit_baselines
from ml_lifecycle.modeling.baselines.record import Baselines

__all__ = ["Baselines", "fit_baselines"]

"""Which scorer a method's name means. Each lives in a module of `scorers`; what is kept and why, in `selection`."""

from __future__ import annotations

from collections.abc import Mapping

from ml_lifecycle.features.scorers.base import CLEAR_DISTANCE, Scorer, Scores
from ml_lifecycle.features.scorers.elimination import score_by_elimination
from ml_lifecycle.features.scorers.gain import score_by_gain
from ml_lifecycle.features.scorers.information import score_by_information
from ml_lifecycle.features.scorers.lasso import score_by_l1
from ml_lifecycle.features.scorers.null_importance import score_by_null_importance
from ml_lifecycle.features.scorers.permutation import score_by_permutation

__all__ = ["CLEAR_DISTANCE", "SCORERS", "Scorer", "Scores"]

SCORERS: Mapping[str, Scorer] = {
    "gain": score_by_gain,
    "mutual_info": score_by_information,
    "permutation": score_by_permutation,
    "l1": score_by_l1,
    "rfe": score_by_elimination,
    "null_importance": score_by_null_importance,
}

"""Quality and latency: what one row costs a model, and which trial to take of those that none beats in both.

What is searched for is the work of a prediction, counted rather than measured, so that a search can be repeated. The
measured latency is kept beside it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from optuna import Study
from optuna.trial import FrozenTrial

from ml_lifecycle.modeling.estimators import FittedModel
from ml_lifecycle.modeling.latency import ask_rows, measure_latency
from ml_lifecycle.modeling.search import Search
from ml_lifecycle.modeling.search_space import Parameter
from ml_lifecycle.modeling.tuning.study import find_best, list_complete, read_facts, score_of, work_of

#: Predictions of one row that a trial may cost: those whose median is kept, and those before.
REPEATS, WARMUP = 50, 5
_LEAVES = ("num_leaves", "max_leaf_nodes", "max_leaves")
_DEPTHS = ("max_depth", "depth")
#: Depth that is assumed where no hyperparameter bounds it.
_DEPTH = 6.0


def count_work(model: FittedModel) -> float:
    """Comparisons that one row passes: rounds, times trees per round, times the depth of a balanced tree."""
    return float(model.iterations * model.facts.goal.outputs * _depth(model.parameters))


def time_trial(model: FittedModel, values: np.ndarray) -> float:
    """Median time of the prediction of one row, in microseconds."""
    return measure_latency(ask_rows(model, values), repeats=REPEATS, warmup=WARMUP).p50_ms * 1e3


def choose_trial(study: Study, search: Search) -> FrozenTrial:
    """The trial whose parameters are taken: the best, or the least work within the tolerance of the best score.

    Raises:
        ValueError: No trial is complete.
    """
    best = find_best(study, search)
    if best is None:
        raise ValueError("expected a complete trial, got none")
    if not search.for_latency:
        return best
    allowed = search.config.search.tolerance
    near = [trial for trial in list_complete(study) if abs(score_of(trial) - score_of(best)) <= allowed]
    return min(near, key=lambda trial: (work_of(trial), abs(score_of(trial) - score_of(best)), trial.number))


def tabulate_front(study: Study, search: Search, chosen: int) -> pd.DataFrame:
    """The trials that none beats in both score and work, by their work: the Pareto front."""
    if not search.for_latency:
        return pd.DataFrame()
    rows = [
        {
            "number": trial.number,
            "value": score_of(trial),
            "work": work_of(trial),
            "latency_us": float(read_facts(trial).get("latency_us", "nan")),
            "params": json.dumps(trial.params, sort_keys=True),
            "chosen": trial.number == chosen,
        }
        for trial in sorted(study.best_trials, key=lambda trial: (work_of(trial), trial.number))
    ]
    return pd.DataFrame(rows)


def _depth(parameters: Mapping[str, Parameter]) -> float:
    leaves = [float(parameters[name]) for name in _LEAVES if name in parameters]
    depths = [float(parameters[name]) for name in _DEPTHS if name in parameters and float(parameters[name]) > 0]
    if leaves:
        return min(max(math.log2(max(leaves[0], 2.0)), 1.0), *depths, math.inf)
    return depths[0] if depths else _DEPTH

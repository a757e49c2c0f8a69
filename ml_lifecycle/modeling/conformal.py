"""`ConformalInterval`: how far the truth may lie from a prediction of a number. Its use is cheap for a single row.

Split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018): the errors on validation rows, which the model
has not learnt from, say how wide an interval must be to hold the truth of a new row with the wanted probability. Where
errors grow and shrink with the row, they are divided by an estimate of how difficult the row is (locally weighted
intervals, Lei et al. 2018, section 5.2). Which of the two is better, the interval score says (Gneiting and Raftery
2007, equation 43): the width, and for a truth outside its distance to the interval times 2 / (1 - coverage). The mean
width alone, at equal coverage, would favour intervals far too wide for easy rows and far too narrow for others.

The coverage holds for rows that are exchangeable with the validation rows. Where time orders the rows it is a coverage
of the recent past, not a promise: a drift makes intervals too narrow, and monitoring must watch their coverage. Search
and early stopping looked at the validation rows too, which makes errors there slightly smaller than on new rows.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.dataset.rows import hash_values
from ml_lifecycle.errors import ModelError, PackageError
from ml_lifecycle.modeling.estimators import FittedModel, Goal, Rounds, get_family, load_model
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.sampling import cap_rows
from ml_lifecycle.modeling.search_space import Parameter

INTERVAL_FILE = "interval.json"
DIFFICULTY_FOLDER = "difficulty/"
#: Validation rows below which difficulty is not estimated: half of them must carry the quantile.
LEAST_ROWS = 400
#: By how much better the score of weighted intervals must be: less is noise, and plain ones cost no second model.
LEAST_GAIN = 0.02
#: Most rows that the difficulty is learnt from, and its trees: it is a small model beside the main one.
MOST_ROWS = 20_000
TREES = 60
_PARAMETERS: Mapping[str, Parameter] = {
    "learning_rate": 0.1,
    "num_leaves": 8,
    "min_data_in_leaf": 20,
    "lambda_l2": 1.0,
    "feature_fraction": 0.8,
}
#: No row counts as easier than this share of the mean error: an estimate near 0 would make others endless.
_FLOOR_SHARE = 0.1
_QUARTERS = 4
#: 10 * 0.9 may be a little more than 9.
_ROUNDING = 1e-9
_FIGURES = ("coverage", "width", "rows", "floor", "plain", "weighted")


class IntervalFigures(NamedTuple):
    """How good intervals are.

    Args:
        width: Mean width.
        score: Mean interval score; less is better.
    """

    width: float
    score: float


@dataclass(frozen=True, slots=True)
class ConformalInterval:
    """Intervals around predictions.

    Args:
        coverage: The share of truths that they are to hold.
        width: Half the interval, in units of the difficulty, or of the target where none is estimated.
        rows: Rows that the width was taken from.
        difficulty: Estimates the absolute error of a row from its features; None: all rows are equally difficult.
        floor: The least difficulty.
        plain: Width and score of plain intervals on the rows that decided; None where nothing was compared.
        weighted: Those of weighted intervals of the same coverage on the same rows.
    """

    coverage: float
    width: float
    rows: int
    difficulty: FittedModel | None = None
    floor: float = 0.0
    plain: IntervalFigures | None = None
    weighted: IntervalFigures | None = None

    def around(self, predictions: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Lower and upper ends for many rows, shape (n, 2).

        Args:
            predictions: Shape (n,).
            values: Features of the same rows, shape (n, f), as the model takes them.
        """
        half = self.width * self._difficulty_of(values)
        return np.column_stack([predictions - half, predictions + half])

    def around_one(self, prediction: float, values: np.ndarray) -> tuple[float, float]:
        """Lower and upper end for one row of (f,) features; the same as `around` gives."""
        half = self.width
        if self.difficulty is not None:
            half *= max(float(self.difficulty.predict_row(values)), self.floor)
        return prediction - half, prediction + half

    def _difficulty_of(self, values: np.ndarray) -> np.ndarray:
        if self.difficulty is None:
            return np.ones(len(values))
        return np.asarray(np.maximum(self.difficulty.predict(values), self.floor))

    def describe(self) -> dict[str, float | int | str]:
        """Figures to log and to show, plain JSON."""
        said: dict[str, float | int | str] = {
            "method": "plain" if self.difficulty is None else "weighted by difficulty",
            "coverage": self.coverage,
            "rows": self.rows,
        }
        for name, figures in (("plain", self.plain), ("weighted", self.weighted)):
            if figures is not None:
                said |= {f"{name}_width": figures.width, f"{name}_score": figures.score}
        return said

    def to_files(self) -> dict[str, bytes]:
        """The figures as JSON, and the files of the difficulty."""
        state = {name: getattr(self, name) for name in _FIGURES}
        model = {} if self.difficulty is None else self.difficulty.to_files()
        folder = {f"{DIFFICULTY_FOLDER}{name}": content for name, content in model.items()}
        return {INTERVAL_FILE: json.dumps(state, sort_keys=True).encode(), **folder}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> ConformalInterval | None:
        """Make an interval of what `to_files` gave; None where there is none among the files.

        Raises:
            PackageError: A file is damaged.
        """
        if INTERVAL_FILE not in files:
            return None
        model = {
            name.removeprefix(DIFFICULTY_FOLDER): content
            for name, content in files.items()
            if name.startswith(DIFFICULTY_FOLDER)
        }
        try:
            state = json.loads(files[INTERVAL_FILE])
            for name in ("plain", "weighted"):
                state[name] = IntervalFigures(*state[name]) if state[name] else None
            return cls(**state, difficulty=load_model(model) if model else None)
        except (ValueError, TypeError, KeyError) as error:
            raise PackageError(
                f"{INTERVAL_FILE} of a package cannot be read",
                expected="the figures of conformal intervals",
                got=f"{type(error).__name__}: {error}",
                advice="package the model again",
            ) from error


def fit_intervals(
    valid: Samples,
    predictions: np.ndarray,
    coverage: float,
    *,
    seed: int = 0,
    threads: int = 1,
    groups: np.ndarray | None = None,
) -> ConformalInterval:
    """Take the width of intervals from validation rows.

    With few rows all of them give one width. Otherwise a half of the rows (by the hash of the row, or of its group)
    decides whether difficulty is worth estimating: two parts of it judge each other, and at equal coverage the weighted
    intervals must score better by `LEAST_GAIN`. The other half, which decided nothing, gives the width.

    Args:
        valid: Validation rows with the features of the model.
        predictions: What the model predicts for them, shape (n,).
        coverage: The share of truths to hold, such as 0.9.
        seed: Seed of the halves and of the difficulty.
        threads: Threads of fitting.
        groups: Codes of rows that belong together and stay on one side, shape (n,).

    Raises:
        ModelError: There are too few rows for such a coverage.
    """
    errors = np.abs(valid.y - predictions)
    if len(valid) < LEAST_ROWS or not errors.any():
        return ConformalInterval(coverage, _width(errors, coverage), len(errors))
    quarter = _deal(valid.row_ids if groups is None else groups, seed)
    deciding, measuring = np.flatnonzero(quarter < 2), np.flatnonzero(quarter >= 2)  # noqa: PLR2004 - the two halves
    if min(len(deciding), len(measuring)) < LEAST_ROWS // 4 or len(np.unique(quarter)) < _QUARTERS:
        return ConformalInterval(coverage, _width(errors, coverage), len(errors))  # a few large groups
    goal = Goal(Kind.REGRESSION, seed=seed, threads=threads)
    decided = valid.take(deciding)
    plain, weighted = _compare(decided, errors[deciding], quarter[deciding], coverage, goal)
    if weighted.score > (1 - LEAST_GAIN) * plain.score:
        width = _width(errors[measuring], coverage)
        return ConformalInterval(coverage, width, len(measuring), plain=plain, weighted=weighted)
    difficulty, floor = _learn_difficulty(decided, errors[deciding], goal)
    relative = errors[measuring] / np.maximum(difficulty.predict_matrix(valid.take(measuring).matrix), floor)
    return ConformalInterval(coverage, _width(relative, coverage), len(measuring), difficulty, floor, plain, weighted)


def _width(errors: np.ndarray, coverage: float) -> float:
    """The quantile of the errors with the correction for a finite number of rows (Lei et al. 2018, theorem 2.2).

    Raises:
        ModelError: So few rows cannot promise the coverage.
    """
    place = math.ceil((len(errors) + 1) * coverage - _ROUNDING)
    if place > len(errors):
        least = math.ceil(coverage / (1 - coverage) - _ROUNDING)
        raise ModelError(
            "intervals cannot be fitted",
            expected=f"at least {least} validation rows for a coverage of {coverage:g}",
            got=f"{len(errors)}",
            advice="give validation more rows, or set modeling.intervals lower",
        )
    return float(np.partition(errors, place - 1)[place - 1])


def _deal(ids: np.ndarray, seed: int) -> np.ndarray:
    """A quarter for each row, by the hash of its id: 0 and 1 decide, 2 and 3 measure."""
    return np.asarray(hash_values(pd.Series(ids), seed=seed) % np.uint64(_QUARTERS), dtype=np.int64)


def _compare(
    rows: Samples, errors: np.ndarray, part: np.ndarray, coverage: float, goal: Goal
) -> tuple[IntervalFigures, IntervalFigures]:
    """How good plain and weighted intervals are that hold the same share of these rows.

    Difficulty is estimated on each of the two parts for the other.
    """
    difficulty = np.empty(len(errors))
    for own in np.unique(part):
        here = part == own
        model, floor = _learn_difficulty(rows.take(~here), errors[~here], goal)
        difficulty[here] = np.maximum(model.predict_matrix(rows.take(here).matrix), floor)
    plain = np.full(len(errors), _width(errors, coverage))
    weighted = _width(errors / difficulty, coverage) * difficulty
    return _judge(errors, plain, coverage), _judge(errors, weighted, coverage)


def _judge(errors: np.ndarray, half: np.ndarray, coverage: float) -> IntervalFigures:
    outside = np.maximum(errors - half, 0)
    return IntervalFigures(float(2 * half.mean()), float((2 * half + 2 / (1 - coverage) * outside).mean()))


def _learn_difficulty(rows: Samples, errors: np.ndarray, goal: Goal) -> tuple[FittedModel, float]:
    """A small model of the absolute error, and the least difficulty."""
    family = get_family("lightgbm")
    part = cap_rows(replace(rows, y=errors, query=None), MOST_ROWS, goal)
    parameters = {**family.default_parameters(len(part), goal), **_PARAMETERS}
    model = family.fit(family.prepare(part, None, goal, parameters), parameters, Rounds(most=TREES)).model
    return model, _FLOOR_SHARE * float(errors.mean())

"""What any model must be able to do: learn a few rows by heart, and answer a row the same whatever stands beside it.

Both are found out here and judged in `model_gates.judge_sanity`, together with the shuffled labels, which
`modeling/training` fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.evaluation.measures.chance import chance_score
from ml_lifecycle.evaluation.measures.forms import divide
from ml_lifecycle.evaluation.metrics import METRICS, Metric
from ml_lifecycle.evaluation.plain import plain
from ml_lifecycle.modeling.search_space import Parameter
from ml_lifecycle.verdict import Fact

if TYPE_CHECKING:  # the families bring their libraries with them, which who only judges does not need
    from ml_lifecycle.modeling.estimators import Family, Goal
    from ml_lifecycle.modeling.samples import Samples

#: From positions of rows, in any order and number, to their predictions.
PredictAt: TypeAlias = Callable[[np.ndarray], np.ndarray]
#: A batch that is small enough for every family to learn by heart, in so many rounds.
BATCH_ROWS, BATCH_ROUNDS = 100, 200
#: How much of the way from chance to the best that is possible a model must go on rows it has learnt by heart.
NEAR = 0.8
#: The same for a linear model: how much it must explain of what least squares do.
HALF = 0.5
#: Less than this to be learnt, as a share of the best, is nothing: all rows look alike, or all targets are the same.
_NOTHING = 1e-9
#: Rows whose predictions are compared in another order, and how many of them one by one.
ORDER_ROWS, ORDER_SINGLES = 200, 20
#: Sums in another order differ in the last bits; what is larger than this, as a share of the predictions' spread, is
#: another answer.
TOLERANCE = 1e-9
#: Of a seed's random streams the one for the other order: data made from the same seed must not resemble it.
_STREAM = 6
#: Hyperparameters that hold a family back, let loose; a family takes those that it knows.
_LOOSE: Mapping[str, Parameter] = {
    **dict.fromkeys(("min_data_in_bin", "min_data_in_leaf", "min_samples_leaf", "min_data_per_group"), 1),
    **dict.fromkeys(("feature_fraction", "bagging_fraction", "max_features", "subsample"), 1.0),
    **dict.fromkeys(("colsample_bytree", "colsample_bylevel", "colsample_bynode", "rsm"), 1.0),
    **dict.fromkeys(("lambda_l1", "lambda_l2", "l2_regularization", "reg_lambda", "reg_alpha", "cat_l2"), 0.0),
    **dict.fromkeys(("min_child_weight", "min_gain_to_split", "gamma", "cat_smooth", "ccp_alpha"), 0.0),
    **dict.fromkeys(("path_smooth", "random_strength", "bagging_temperature"), 0.0),
    **dict.fromkeys(("num_leaves", "max_leaf_nodes"), 255),
    "learning_rate": 0.3,
    "bagging_freq": 0,
    "bootstrap": False,
    "boosting_type": "Plain",
    "one_hot_max_size": 255,
    "C": 1e4,
    "alpha": 1e-2,
    "depth": 8,
    "extra_trees": False,
    "l2_leaf_reg": 1e-6,
    "max_depth": 32,
    "min_samples_split": 2,
    "min_sum_hessian_in_leaf": 1e-9,
    "n_neighbors": 1,
}
#: Families whose form cannot follow any rows whatever, however loose they are.
_STIFF = frozenset({"linear"})


@dataclass(frozen=True, slots=True)
class SmallBatch:
    """What a family learnt of a few rows, and what could be learnt of them.

    Args:
        family: The family.
        y: Encoded targets of the rows, shape (n,).
        p: What the model predicts of the rows it was fitted on.
        best: The best that any model can: the mean target of the rows with the same features. For a stiff family what
            least squares find in the numbers.
        query: Query of each row; ranking only.
        is_stiff: Whether the family cannot follow any rows whatever (a linear model).
    """

    family: str
    y: np.ndarray
    p: np.ndarray
    best: np.ndarray
    query: np.ndarray | None = None
    is_stiff: bool = False


@dataclass(frozen=True, slots=True)
class OrderProbe:
    """How far predictions of the same rows differ, asked in another order and one by one.

    Args:
        rows: Rows that were asked in another order.
        singles: Rows that were asked one by one.
        permuted: The largest difference in another order.
        single: The largest difference one by one.
        spread: Standard deviation of the predictions; differences are held against it.
    """

    rows: int
    singles: int
    permuted: float
    single: float
    spread: float

    @property
    def differs(self) -> bool:
        """Whether some row gets another answer, beyond the last bits of a sum."""
        return not self.largest <= TOLERANCE * (self.spread or 1.0)

    @property
    def largest(self) -> float:
        """The larger of both differences; NaN where an answer is no number."""
        return float(np.max([self.permuted, self.single]))


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of the sanity gate: whether it holds, one sentence, and its figures."""

    holds: bool
    said: str
    facts: dict[str, Fact]


def fit_small_batch(
    train: Samples,
    family: Family,
    *,
    goal: Goal,
    rows: int = BATCH_ROWS,
    rounds: int = BATCH_ROUNDS,
) -> SmallBatch | None:
    """Fit a few rows without regularisation, constraints and early stopping, and predict the same rows.

    What is minimised is the usual loss of the kind: some others (a quantile, a robust loss) are slow on few rows.

    Args:
        train: Training rows; `rows` of them are drawn, with all classes where there is room.
        family: The family of the candidate.
        goal: What is fitted.
        rows: How many rows.
        rounds: How many rounds.

    Returns:
        What came out; None where the rows hold only one target, so that there is nothing to learn.
    """
    from ml_lifecycle.modeling.estimators import Rounds
    from ml_lifecycle.modeling.sampling import cap_rows

    goal = replace(goal, monotone={}, objective="auto", level=None)
    part = replace(cap_rows(train, rows, goal), weight=None).by_query()
    if bool((part.y == part.y[0]).all()):
        return None
    defaults = family.default_parameters(len(part), goal)
    known = set(defaults) | set(family.also_known) | set(family.space(len(part), goal))
    loose = {name: value for name, value in _LOOSE.items() if name in known}
    parameters = defaults | loose
    fit = family.fit(family.prepare(part, None, goal, parameters), parameters, Rounds(most=rounds))
    found, is_stiff = fit.model.predict_matrix(part.matrix), family.name in _STIFF
    return SmallBatch(family.name, part.y, found, _best(part, goal, is_stiff=is_stiff), part.query, is_stiff)


def probe_order(
    predict: PredictAt, count: int, *, rows: int = ORDER_ROWS, singles: int = ORDER_SINGLES, seed: int = 0
) -> OrderProbe:
    """Ask for the same rows in their order, in another one, and one by one.

    Args:
        predict: From positions to predictions, such as `lambda rows: predictor.predict(frame.iloc[rows])`.
        count: How many rows there are to choose from.
        rows: How many are asked at most.
        singles: How many of them are asked one by one.
        seed: Seed of the choice and of the other order.
    """
    rng = np.random.default_rng([seed, _STREAM])
    chosen = np.sort(rng.choice(count, min(rows, count), replace=False))
    order = rng.permutation(len(chosen))
    straight = np.asarray(predict(chosen))
    mixed = np.empty_like(straight)
    mixed[order] = predict(chosen[order])
    alone = rng.choice(len(chosen), min(singles, len(chosen)), replace=False)
    each = np.stack([np.asarray(predict(chosen[[place]]))[0] for place in alone])
    return OrderProbe(
        len(chosen),
        len(alone),
        float(np.abs(mixed - straight).max()),
        float(np.abs(each - straight[alone]).max()),
        float(straight.std()),
    )


def find_batch(metric: Metric, batch: SmallBatch) -> Finding:
    """Whether the model went most of the way from chance to the best that these rows allow.

    Rows with equal features and different targets cannot be told apart by any model: the best is what their means
    score. Numbers are scored by their root mean squared error, since other metrics may hang on a single row. A stiff
    family (a linear model) is held to the share of the targets' variance that least squares explain.
    """
    if Kind.REGRESSION in metric.kinds:
        metric = METRICS["rmse"]
    if batch.is_stiff:
        best, chance, reached, sign = _explained(batch.y, batch.best), 0.0, _explained(batch.y, batch.p), 1
    else:
        best, reached = (metric(batch.y, p, batch.query) for p in (batch.best, batch.p))
        chance, sign = chance_score(metric, batch.y, batch.best, query=batch.query), metric.sign
    facts: dict[str, Fact] = {
        "family": batch.family,
        "metric": "explained variance" if batch.is_stiff else metric.name,
        "rows": len(batch.y),
        "value": plain(reached),
        "best": plain(best),
        "chance": plain(chance),
    }
    if not sign * (best - chance) > _NOTHING * max(1.0, abs(best)):
        return Finding(holds=True, said=f"{len(batch.y)} rows hold nothing to learn by heart", facts=facts)
    way, asked = (reached - chance) / (best - chance), HALF if batch.is_stiff else NEAR
    said = f"of {len(batch.y)} rows learnt by heart, {way:.0%} of what there is was learnt"
    return Finding(bool(way >= asked), said, {**facts, "way": plain(way), "asked": asked})


def find_order(probe: OrderProbe) -> Finding:
    """Whether predictions stay the same, asked in another order and one by one."""
    facts: dict[str, Fact] = {
        "rows": probe.rows,
        "singles": probe.singles,
        "largest_difference": plain(probe.largest),
        "permuted": plain(probe.permuted),
        "single": plain(probe.single),
        "equal_bits": probe.permuted == 0 and probe.single == 0,
    }
    holds = not probe.differs
    said = f"{probe.rows} rows in another order and {probe.singles} one by one are answered "
    return Finding(holds, said + ("the same" if holds else f"otherwise, by up to {probe.largest:.3g}"), facts)


def _best(part: Samples, goal: Goal, *, is_stiff: bool) -> np.ndarray:
    truth = _columns(part.y, goal.outputs)
    found = _fit_least_squares(part, truth) if is_stiff else _mean_of_alike(part.matrix.values, truth)
    return found if goal.outputs > 1 else found[:, 0]


def _columns(y: np.ndarray, outputs: int) -> np.ndarray:
    """Targets as columns: one of numbers, or one per class of zeros and ones."""
    return (y[:, None] == np.arange(outputs) if outputs > 1 else y[:, None]).astype(np.float64)


def _mean_of_alike(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The mean target of the rows with the same features, shape (n, k)."""
    alike = np.unique(np.nan_to_num(values, nan=np.inf), axis=0, return_inverse=True)[1].reshape(-1)
    means = [np.bincount(alike, column) / np.bincount(alike) for column in truth.T]
    return np.column_stack(means)[alike]


def _fit_least_squares(part: Samples, truth: np.ndarray) -> np.ndarray:
    """What least squares find in the features that are numbers, missing ones at their mean, shape (n, k)."""
    numbers = np.delete(part.matrix.values, list(part.matrix.categorical), axis=1).astype(np.float64)
    known = np.isfinite(numbers)
    means = np.where(known, numbers, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, numbers - means, 0)
    design = np.column_stack([np.ones(len(truth)), centred])
    return np.asarray(design @ np.linalg.lstsq(design, truth, rcond=None)[0])


def _explained(y: np.ndarray, p: np.ndarray) -> float:
    """The share of the targets' variance that predictions explain, whatever their scale and offset."""
    outputs = 1 if p.ndim == 1 else p.shape[1]
    truth, found = _columns(y, outputs), p.reshape(len(y), outputs)
    truth, found = truth - truth.mean(axis=0), found - found.mean(axis=0)
    shared = np.maximum((truth * found).sum(axis=0), 0)
    of_found = (found**2).sum(axis=0)
    gained = divide(shared**2, of_found, 0)
    return float(gained.sum() / max(float((truth**2).sum()), np.finfo(np.float64).tiny))

"""How much of the target columns say: the share of it that they explain in rows that were not learnt from.

Classes: 1 - log loss / entropy (the uncertainty coefficient of Theil 1972); amounts: R2. 0 is chance, 1 is certainty.
What follows from it is said in `single` and `copies`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from ml_lifecycle.discovery.risks.finding import grade
from ml_lifecycle.discovery.risks.table import Codes, Column, Floats, Mask, RiskTable, Target

_FOLDS = 5
_CELLS = 200
_LEAST_CELLS = 16
_ROWS_A_CELL = 25
_LEAST_PROBABILITY = 1e-4
_MOST_CLASSES = 8  # rarer ones are one class together: what is asked is how much is explained, not which class
_PRIOR_ROWS = 1.0
_TREE_FOLDS = 2
_TREE_ROWS = 10_000
_ROUNDS = 50
_TREES = {
    "learning_rate": 0.12,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "min_sum_hessian_in_leaf": 1.0,
    "max_bin": 63,
    "verbosity": -1,
    "deterministic": True,
    # Threads of several libraries on a few cores cost more than they bring on so few rows.
    "num_threads": 1,
}
_MOST_CODES = 200
_LEAST_WITNESS = 0.03  # of the target, which others must explain for their silence to mean something
_LEFTOVER = ((0.002, 14.0), (0.012, 0.0), (0.05, -8.0), (0.1, -14.0), (0.2, -26.0), (0.5, -32.0))
_NOTHING_LEFT = 0.04
_REACH = 10  # neighbours on each side, in the order of the target


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be explained.

    Args:
        truth: (m, k) truths of classes, or (m, 1) amounts.
        classes: Which of the two.
    """

    truth: Floats
    classes: bool

    @classmethod
    def of_codes(cls, codes: Codes) -> Goal:
        """Classes by their codes from 0; beyond the eighth they are one class."""
        codes = np.minimum(codes, _MOST_CLASSES - 1)
        return cls(np.eye(int(codes.max(initial=0)) + 1)[codes], classes=True)

    @classmethod
    def of_amounts(cls, values: Floats) -> Goal:
        """Amounts."""
        return cls(values[:, None], classes=False)

    def take(self, rows: Codes) -> Goal:
        """The goal of some rows."""
        return Goal(self.truth[rows], self.classes)

    def explained(self, guess: Floats) -> float:
        """Explained share, at least 0, by (m, k) guesses."""
        if not self.classes:
            spread = float(self.truth.var())
            return max(0.0, 1 - float(((self.truth - guess) ** 2).mean()) / spread) if spread > 0 else 0.0
        shares = self.truth.mean(axis=0)
        entropy = -float((shares[shares > 0] * np.log(shares[shares > 0])).sum())
        loss = -float(np.log(np.clip((self.truth * guess).sum(axis=1), _LEAST_PROBABILITY, 1)).mean())
        return max(0.0, 1 - loss / entropy) if entropy > 0 else 0.0


def goals_of(target: Target, rows: Codes) -> list[Goal]:
    """What is to be explained of the target: classes; or amounts, as they are and as normal scores.

    Normal scores (van der Waerden) keep a few huge amounts from deciding alone.
    """
    if target.has_classes:
        return [Goal.of_codes(target.codes[rows])]
    values = target.numbers[rows]
    return [Goal.of_amounts(values), Goal.of_amounts(normal_scores(values))]


def normal_scores(values: Floats) -> Floats:
    """(m,) normal scores of the ranks."""
    scores: Floats = stats.norm.ppf((stats.rankdata(values) - 0.5) / max(len(values), 1))
    return scores


def power_of(table: RiskTable, column: Column) -> float:
    """Explained share of the target by one column alone, or by a number inside its texts."""
    return max(_power_of_one(table, read) for read in (column, *column.readings))


def _power_of_one(table: RiskTable, column: Column) -> float:
    cells = cells_of(column, table.sample)
    by_cells = max(power_of_cells(goal, cells, table.seed) for goal in goals_of(table.target, table.sample))
    return by_cells if table.target.has_classes else max(by_cells, _power_of_line(table, column))


def _power_of_line(table: RiskTable, column: Column) -> float:
    """Explained share by a straight line, which few rows suffice for; at once with what is missing as its middle."""
    values, truth = column.numbers[table.sample], table.target.numbers[table.sample]
    known = np.isfinite(values)
    if not known.any() or values[known].std() == 0 or truth.std() == 0:
        return 0.0
    filled = np.where(known, values, values[known].mean())
    ranked = np.corrcoef(normal_scores(filled), normal_scores(truth))[0, 1]
    return float(max(np.corrcoef(filled, truth)[0, 1] ** 2, ranked**2))


def power_of_cells(goal: Goal, cells: Codes, seed: int) -> float:
    """Explained share by (m,) cells alone: each row is guessed by the mean of its cell in the other folds."""
    return goal.explained(cell_means(goal.truth, cells, seed))


def cell_means(truth: Floats, cells: Codes, seed: int) -> Floats:
    """(m, k) mean of each row's cell over the other folds, drawn to the overall mean where the cell is nearly empty."""
    folds = np.random.default_rng(seed).permutation(len(cells)) % _FOLDS
    count = int(cells.max(initial=0)) + 1
    place = folds * count + cells
    rows = np.bincount(place, minlength=_FOLDS * count).reshape(_FOLDS, count)
    guesses = np.empty_like(truth)
    for column in range(truth.shape[1]):
        sums = np.bincount(place, weights=truth[:, column], minlength=_FOLDS * count).reshape(_FOLDS, count)
        others = sums.sum(axis=0) - sums
        means = (others + _PRIOR_ROWS * truth[:, column].mean()) / (rows.sum(axis=0) - rows + _PRIOR_ROWS)
        guesses[:, column] = means.reshape(-1)[place]
    return guesses


def cells_of(column: Column, rows: Codes) -> Codes:
    """Put the values of a column into cells: equal values, or for many different numbers the quantile they lie in."""
    most = min(_CELLS, max(_LEAST_CELLS, len(rows) // _ROWS_A_CELL))
    if column.distinct <= most or not (column.is_number or column.is_time):
        return np.asarray(np.unique(column.codes[rows], return_inverse=True)[1], dtype=np.int64)
    return quantile_cells(column.numbers[rows], most)


def quantile_cells(numbers: Floats, most: int = _CELLS) -> Codes:
    """(m,) quantile that a number lies in, from 1; 0 where it is missing."""
    known = np.isfinite(numbers)
    if not known.any():
        return np.zeros(len(numbers), dtype=np.int64)
    edges = np.unique(np.quantile(numbers[known], np.linspace(0, 1, most + 1)[1:-1]))
    return np.where(known, np.searchsorted(edges, numbers, side="right") + 1, 0)


def power_together(table: RiskTable, columns: Sequence[Column]) -> float:
    """Explained share of the target by boosted trees on several columns together."""
    rows = _few(table)
    return max(explain_by_trees(table, goal, columns, rows) for goal in goals_of(table.target, rows))


def explain_by_trees(table: RiskTable, goal: Goal, columns: Sequence[Column], rows: Codes) -> float:
    """Explained share of any goal by boosted trees on the columns; `rows` of shape (m,) as the goal's."""
    if not columns or len(rows) < 4 * _TREES["min_data_in_leaf"]:
        return 0.0
    values = np.column_stack([_tree_values(column)[rows] for column in columns]).astype(np.float32)
    categorical = [place for place, c in enumerate(columns) if not (c.is_number or c.is_time or c.readings)]
    folds = np.random.default_rng(table.seed).permutation(len(rows)) % _TREE_FOLDS
    guesses = np.empty_like(goal.truth)
    for fold in range(_TREE_FOLDS):
        learnt = folds != fold
        guesses[~learnt] = _fit_and_guess(goal, values, categorical, learnt)
    return goal.explained(guesses)


def leftover_by_others(table: RiskTable, column: Column, others: Sequence[Column]) -> float:
    """Share of what the target leaves open of a column that the other columns explain.

    What follows from the target alone, such as a noisy copy, has nothing left that other columns could explain: given
    the target, it is independent of them. What the target follows from has: given the outcome, causes depend on each
    other (explaining away, Pearl 1988), the more the less of it is noise. Nothing found is therefore no proof.
    """
    rows = _few(table)
    target = table.target
    values = _as_amounts(table, column, rows)
    if target.has_classes:
        left = values - cell_means(values[:, None], target.codes[rows], table.seed)[:, 0]
    else:
        rows, left = _left_by_amount(rows, values, target.numbers[rows], table.seed)
    return explain_by_trees(table, Goal.of_amounts(left), others, rows)


def weigh_leftover(left: float, rest: float) -> float:
    """What the witness of the other columns adds to a confidence, or takes from it; nothing where they know nothing.

    Args:
        left: What they explain of the column beyond the target, by `leftover_by_others`.
        rest: What they explain of the target.
    """
    return grade(left, *_LEFTOVER) if rest >= _LEAST_WITNESS or left > _NOTHING_LEFT else 0.0


def _left_by_amount(rows: Codes, values: Floats, truth: Floats, seed: int) -> tuple[Codes, Floats]:
    """What each value differs from its neighbours in the order of the target; rows without neighbours are left out."""
    shuffled = np.random.default_rng(seed).permutation(len(rows))
    order = shuffled[np.argsort(truth[shuffled], kind="stable")]
    sums = np.concatenate([[0.0], np.cumsum(values[order])])
    inside = np.arange(_REACH, len(order) - _REACH)
    means = (sums[inside + _REACH + 1] - sums[inside - _REACH] - values[order][inside]) / (2 * _REACH)
    return rows[order][inside], values[order][inside] - means


def _as_amounts(table: RiskTable, column: Column, rows: Codes) -> Floats:
    """A column as amounts without gaps: normal scores of numbers, the mean of the target for anything else."""
    if (column.is_number or column.is_time) and not column.missing.any():
        return normal_scores(column.numbers[rows])
    truth = table.target.numbers[rows][:, None]
    return cell_means(truth, cells_of(column, rows), table.seed)[:, 0]


def _few(table: RiskTable) -> Codes:
    rows = table.sample
    if len(rows) <= _TREE_ROWS:
        return rows
    return np.sort(np.random.default_rng(table.seed).choice(rows, _TREE_ROWS, replace=False))


def _tree_values(column: Column) -> Floats:
    """Numbers as they are, those inside texts too; categories by falling frequency, the rarest together."""
    if column.readings:
        return column.readings[0].numbers
    if column.is_number or column.is_time:
        return column.numbers
    codes = column.codes
    counts = np.bincount(codes[codes >= 0], minlength=max(column.distinct, 1))
    rank = np.empty(len(counts) + 1)
    rank[np.argsort(-counts, kind="stable")] = np.minimum(np.arange(len(counts)), _MOST_CODES)
    rank[-1] = np.nan
    return rank[codes]


def _fit_and_guess(goal: Goal, values: npt.NDArray[np.float32], categorical: list[int], learnt: Mask) -> Floats:
    import lightgbm

    width = goal.truth.shape[1]
    truth = goal.truth.argmax(axis=1) if goal.classes else goal.truth[:, 0]
    objective: dict[str, object] = {"objective": "regression"}
    if goal.classes:
        objective = {"objective": "multiclass", "num_class": width} if width > 2 else {"objective": "binary"}  # noqa: PLR2004 - more than two classes
    data = lightgbm.Dataset(values[learnt], truth[learnt], categorical_feature=categorical)
    found = lightgbm.train({**_TREES, **objective}, data, num_boost_round=_ROUNDS).predict(values[~learnt])
    guess = np.asarray(found, dtype=np.float64).reshape(len(found), -1)
    return np.column_stack([1 - guess, guess]) if goal.classes and width == 2 else guess  # noqa: PLR2004 - binary

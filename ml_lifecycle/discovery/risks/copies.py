"""The target under another name or encoding: renamed, recoded, one-hot, scaled, rounded, banded, cut out of a number.

Copies of the target of another row, earlier or later, are looked for in `lookahead`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import stats

from ml_lifecycle.discovery.risks.finding import Finding, copy_found, grade
from ml_lifecycle.discovery.risks.power import (
    Goal,
    leftover_by_others,
    power_of_cells,
    power_together,
    quantile_cells,
    weigh_leftover,
)
from ml_lifecycle.discovery.risks.rough_copies import agreement_of, find_rough_copy, partners_of
from ml_lifecycle.discovery.risks.table import Codes, Column, Floats, Mask, RiskTable

_LEAST_AGREEMENT = 0.6  # beyond chance (kappa), from which a column of classes is looked at
_SURE_AGREEMENT = 0.985  # from which no other column could make it harmless
_MORE_VALUES = 3  # a copy may write a class in a few ways more, or leave it out
_LEAST_CLASS_ROWS = 30
_RANK_STEPS = ((0.998, 0.0), (0.9995, 92.0), (0.99999, 99.0))
_LEAST_DISTINCT = 20
_LEAST_KNOWN = 200  # filled cells from which a column of many gaps may be a copy
_BANDS = 50
_LEAST_BAND = 0.02  # share of the second most frequent band
_LEAST_FROM_TARGET = 0.65
#: Agreement of classes with intervals of a number: an honest measure separates them nearly, a definition wholly.
_CUT_STEPS = ((0.985, 0.0), (0.99, 80.0), (0.997, 90.0), (0.9999, 98.0))


def find_copies(table: RiskTable, *, apart: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Look for copies of the target, column by column.

    Args:
        table: The rows.
        apart: Columns that are not looked at, such as the target of an earlier row.
    """
    for column in table:
        if column.name in apart or column.distinct < 1:
            continue
        found = next((copy for copy in _copies(table, column) if copy is not None), None)
        if found is not None:
            yield found


def _copies(table: RiskTable, column: Column) -> Iterator[Finding | None]:
    """The column as a copy, then the numbers inside its texts, then a copy with many gaps or many wrong rows."""
    look = _copy_of_classes if table.target.has_classes else _copy_of_amounts
    for read in (column, *column.readings):
        yield look(table, read)
        yield find_rough_copy(table, read)


def _copy_of_classes(table: RiskTable, column: Column) -> Finding | None:
    truth = table.target.codes[table.sample]
    classes = int(truth.max(initial=0)) + 1
    codes = column.codes[table.sample] + 1
    if column.distinct > classes + _MORE_VALUES:
        return _cut_of_number(table, column, truth, classes)
    if len(np.unique(codes)) < 2:  # noqa: PLR2004 - a constant copies nothing
        return None
    agreement, text = agreement_of(codes, truth), "each value stands for one class"
    if classes > 2:  # noqa: PLR2004 - with two classes, one indicator is the whole target
        indicated, code = _indicated(codes, truth) if column.distinct <= 2 else (0.0, 0)  # noqa: PLR2004 - an indicator
        if indicated > agreement:
            agreement, text = indicated, f"it says whether the class is {table.target.classes[code]}"
    if agreement < _LEAST_AGREEMENT:
        return None
    errors = 1 - _same(codes, truth)
    confidence = grade(agreement, (0.6, 66), (0.75, 76), (0.85, 84), (0.95, 92), (0.99, 98))
    evidence: dict[str, float] = {"agreement_beyond_chance": agreement, "differing_rows": errors}
    if agreement < _SURE_AGREEMENT:
        confidence = _weigh_witnesses(table, column, confidence, agreement, evidence)
    return copy_found(column.name, confidence, f"{text} in all but {errors:.1%} of the rows", evidence)


def _cut_of_number(table: RiskTable, column: Column, truth: Codes, classes: int) -> Finding | None:
    """A number whose intervals are the classes, as a delay of more than 15 minutes is `late`."""
    values = column.numbers[table.sample]
    known = np.isfinite(values)
    counts = np.bincount(truth[known], minlength=classes)
    if not (column.is_number or column.is_time) or counts.min() < _LEAST_CLASS_ROWS:
        return None
    medians = np.array([np.median(values[known & (truth == code)]) for code in range(classes)])
    place = np.argsort(np.argsort(medians, kind="stable"), kind="stable")[truth]
    cuts = [_best_cut(values[known], place[known] > below) for below in range(classes - 1)]
    told = np.where(known, np.searchsorted(np.maximum.accumulate(cuts), values, side="right"), classes)
    agreement = agreement_of(told.astype(np.int64), truth)
    if agreement < _CUT_STEPS[0][0]:
        return None
    text = f"its intervals are the classes in all but {np.mean(told != place):.2%} of the rows"
    return copy_found(column.name, grade(agreement, *_CUT_STEPS), text, {"agreement_beyond_chance": agreement})


def _best_cut(values: Floats, above: Mask) -> float:
    """The least value from which a row is more likely above than not, so that the fewest rows are on the wrong side."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    wrong = np.concatenate([[0], np.cumsum(np.where(above[order], 1, -1))])
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1], True])
    best = int(starts[np.argmin(wrong[starts])])
    return float(ordered[best]) if best < len(ordered) else float("inf")


def _copy_of_amounts(table: RiskTable, column: Column) -> Finding | None:
    truth, rows = table.target.numbers[table.sample], table.sample
    if column.is_number or column.is_time:
        rank = _rank_correlation(column.numbers[rows], truth)
        if abs(rank) >= _RANK_STEPS[0][0] and column.distinct >= _LEAST_DISTINCT:
            confidence = grade(abs(rank), *_RANK_STEPS)
            return copy_found(
                column.name, confidence, f"it orders the rows as the target does ({rank:.5f})", {"rank": rank}
            )
    recoded = _recoded(table, column)
    if recoded is not None:
        return recoded
    return _bands(table, column)


def _same(codes: Codes, truth: Codes) -> float:
    joint, best = partners_of(codes, truth)
    return float(sum(joint[value, cls] for value, cls in best) / joint.sum())


def _indicated(codes: Codes, truth: Codes) -> tuple[float, int]:
    """The best agreement with one class against all others, and which class that is."""
    counts = np.bincount(truth)
    usual = codes != np.bincount(codes).argmax()
    best, which = 0.0, 0
    for code in np.flatnonzero((counts >= _LEAST_CLASS_ROWS) & (counts <= len(truth) - _LEAST_CLASS_ROWS)).tolist():
        agreement = agreement_of(usual.astype(np.int64), (truth == code).astype(np.int64))
        if agreement > best:
            best, which = agreement, int(code)
    return best, which


def _rank_correlation(values: Floats, truth: Floats) -> float:
    known = np.isfinite(values)
    if known.sum() < _LEAST_DISTINCT or known.sum() < min(0.5 * len(known), max(_LEAST_KNOWN, 0.05 * len(known))):
        return 0.0
    one, other = stats.rankdata(values[known]), stats.rankdata(truth[known])
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _recoded(table: RiskTable, column: Column) -> Finding | None:
    """A code for each amount, in no order: rows of one value have one amount, and other values have others."""
    target, rows = table.target.column, table.sample
    repeats = column.distinct * 3 <= len(table) and target.distinct * 3 <= len(table)
    if not repeats or column.distinct < _LEAST_DISTINCT or not 0.5 <= column.distinct / target.distinct <= 2:  # noqa: PLR2004 - about as many
        return None
    goal = Goal.of_amounts(table.target.numbers[rows])
    power = power_of_cells(goal, column.codes[rows] + 1, table.seed)
    ordered = power_of_cells(goal, quantile_cells(column.numbers[rows]), table.seed) if column.is_number else 0.0
    confidence = grade(power, (0.97, 60), (0.99, 93), (0.999, 98))
    if power < 0.97 or ordered > power - 0.1:  # noqa: PLR2004 - what order alone explains is no code
        return None
    return copy_found(
        column.name, confidence, f"each value stands for one amount ({power:.2%} explained)", {"power": power}
    )


def _bands(table: RiskTable, column: Column) -> Finding | None:
    """The amount cut into bands: the target says which band, whatever the other columns are."""
    codes = column.codes[table.sample] + 1
    shares = np.sort(np.bincount(codes) / len(codes))[::-1]
    if column.distinct > _BANDS or len(shares) < 2 or shares[1] < _LEAST_BAND:  # noqa: PLR2004 - a second band
        return None
    ranked = np.argsort(-np.bincount(codes), kind="stable").argsort()[codes]
    cells = quantile_cells(table.target.numbers[table.sample])
    power = power_of_cells(Goal.of_codes(ranked), cells, table.seed)
    if power < _LEAST_FROM_TARGET:
        return None
    confidence = grade(power, (0.65, 60), (0.75, 72), (0.82, 82), (0.9, 90), (0.97, 97))
    evidence = {"explained_by_target": power}
    if power < 0.97:  # noqa: PLR2004 - up to where another column could make it harmless
        confidence = _weigh_witnesses(table, column, confidence, power, evidence)
    return copy_found(column.name, confidence, f"the target says which value it has ({power:.1%})", evidence)


def _weigh_witnesses(
    table: RiskTable, column: Column, confidence: float, strength: float, evidence: dict[str, float]
) -> float:
    """Ask the other columns whether a column follows from the target alone, which a copy does."""
    others = [other for other in table if other.name != column.name]
    rest = power_together(table, others)
    left = leftover_by_others(table, column, others)
    evidence |= {"others_together": rest, "left_for_others": left}
    weight = weigh_leftover(left, rest)
    if weight < 0:
        return confidence + (min(weight, -40) if rest >= strength else weight)
    # The more a column differs, the more it may be a good test for the target rather than a copy of it.
    return min(confidence + weight, grade(strength, (0.6, 83), (0.9, 89), (0.97, 96), (0.985, 99)))

"""Means and sums of the target that hold the row's own: by subject over all rows, or running up to the row itself.

Windows over neighbouring rows, such as a mean of seven days, are looked for in `lookahead`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ml_lifecycle.discovery.risks.finding import Finding, RiskKind, grade, rounded, whole
from ml_lifecycle.discovery.risks.table import Codes, Column, Floats, Mask, RiskTable

_LEAST_DISTINCT = 4
_LEAST_GROUPS = 10
_LEAST_ROWS = 100
_LEAST_SHARE = 0.1  # of all rows, which must have a group that proves something
_LEAST_EXACT = 0.9
_CLOSE = 1e-3  # distance, as a share of the spread of the target, that counts as equal
_COARSEST = 0.02  # the same, up to which a rounded column may differ
_MOST_EQUAL = 0.5  # share of rows with one value, beyond which agreement proves nothing
_MOST_CLASSES = 8
_MOST_SUBJECTS = 8
_MOST_IN_ORDER = 5_000
_LEAST_IN_ORDER = 100
_SMALLEST_STEP = -6


@dataclass(frozen=True, slots=True)
class _Summary:
    """What the target is within each subject.

    Args:
        subject: The column that names the subjects.
        word: How it was summed up.
        rows: (m,) positions in the table.
        made: (m,) the sum or mean.
        telling: (m,) rows in which it is not what it would be anyway.
        spread: Spread of the target.
    """

    subject: str
    word: str
    rows: Codes
    made: Floats
    telling: Mask
    spread: float


def find_encodings(table: RiskTable, *, apart: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Look for columns that were made of the target of all rows, the row's own among them.

    Args:
        table: The rows.
        apart: Columns that are not looked at.
    """
    columns = [c for c in table if c.is_number and c.name not in apart and c.distinct >= _LEAST_DISTINCT]
    subjects = _subjects(table)
    summaries = list(_summaries(table, subjects)) if columns else []
    for column in columns:
        found = [_of_own_value(table, column), _running(table, column, subjects), _of_subjects(column, summaries)]
        sure = [finding for finding in found if finding is not None]
        if sure:
            yield max(sure, key=lambda finding: finding.confidence)


def _subjects(table: RiskTable) -> list[Column]:
    """Columns that may name whom a row is about."""
    chosen = [
        column
        for column in [*table.roles.values(), *table]
        if not column.is_time
        and (column.is_whole or not column.is_number)
        and _LEAST_GROUPS <= column.distinct <= len(table) / 1.5
    ]
    return sorted(chosen, key=lambda column: -column.distinct)[:_MOST_SUBJECTS]


def _truths(table: RiskTable) -> Iterator[Floats]:
    """(n,) amounts, or whether a row is of a class; NaN where not known."""
    target = table.target
    if not target.has_classes:
        yield target.numbers
        return
    for code in range(min(len(target.classes), _MOST_CLASSES)):
        yield np.where(target.known, target.codes == code, np.nan)


def _of_own_value(table: RiskTable, column: Column) -> Finding | None:
    """Rows of one value have just that value as their mean target: exact only if they were counted themselves.

    An honest guess is right on average too, but misses the mean of so few rows by their noise.
    """
    for truth in _truths(table):
        between = (column.numbers > np.nanmin(truth)) & (column.numbers < np.nanmax(truth))
        if between.sum() < max(_LEAST_ROWS, _LEAST_SHARE * len(table)):
            continue
        rows = np.flatnonzero(np.isfinite(truth) & (column.codes >= 0))
        codes = column.codes[rows]
        counts = np.bincount(codes)
        if (counts > 1).sum() < _LEAST_GROUPS:
            return None
        means = np.bincount(codes, weights=truth[rows]) / np.maximum(counts, 1)
        values = column.numbers[rows]
        telling = (counts[codes] > 1) & between[rows]
        exact = _share_exact(values, means[codes], telling, float(truth[rows].std()))
        if exact is not None:
            text = "its values are the exact mean of the target over the rows that have them"
            return _finding(column, exact, text)
    return None


def _of_subjects(column: Column, summaries: Sequence[_Summary]) -> Finding | None:
    """The sum over a subject, or the mean over its other rows, those to come among them."""
    for summary in summaries:
        if summary.subject == column.name:
            continue
        values = column.numbers[summary.rows]
        exact = _share_exact(values, summary.made, summary.telling & np.isfinite(values), summary.spread)
        if exact is not None:
            return _finding(column, exact, f"it is the {summary.word} of the target for each {summary.subject}")
    return None


def _summaries(table: RiskTable, subjects: Sequence[Column]) -> Iterator[_Summary]:
    """What the target is within each subject: computed over all rows, kept for some."""
    random = np.random.default_rng(table.seed)
    for truth in _truths(table):
        for subject in subjects:
            inside = np.flatnonzero(np.isfinite(truth) & (subject.codes >= 0))
            if len(inside) < _LEAST_ROWS:
                continue
            codes = subject.codes[inside]
            sums: Floats = np.bincount(codes, weights=truth[inside], minlength=subject.distinct).astype(np.float64)
            counts = np.bincount(codes, minlength=subject.distinct)
            rows = inside if len(inside) <= _MOST_IN_ORDER else random.choice(inside, _MOST_IN_ORDER, replace=False)
            own, total, count = truth[rows], sums[subject.codes[rows]], counts[subject.codes[rows]]
            others = (total - own) / np.maximum(count - 1, 1)
            least, spread = float(truth[inside].min()), float(truth[inside].std())
            moves = (count > 1) & (total > least) & (total != own)
            yield _Summary(subject.name, "sum", rows, total, moves, spread)
            # Of two rows, each is the other's mean.
            moves = (count > 2) & (others > least) & (others != own)  # noqa: PLR2004
            yield _Summary(subject.name, "mean of the other rows", rows, others, moves, spread)


def _share_exact(values: Floats, made: Floats, telling: Mask, spread: float) -> float | None:
    """Share of the telling rows in which a column is what it would be if it were made so; None where that is not it."""
    if telling.sum() < max(_LEAST_ROWS, _LEAST_SHARE * len(values)):
        return None
    one, other = values[telling], made[telling]
    if len(np.unique(other)) < _LEAST_GROUPS:
        return None
    half = 0.51 * _step(one)
    close = max(1e-6 * spread, half if half <= _COARSEST * spread else 0.0)
    if np.unique(np.round(other / close), return_counts=True)[1].max() > _MOST_EQUAL * len(other):
        return None
    exact = float((np.abs(one - other) <= close).mean())
    return exact if exact >= _LEAST_EXACT else None


def _running(table: RiskTable, column: Column, subjects: Sequence[Column]) -> Finding | None:
    """A value that goes on from the row before by the row's own target: a running sum or mean, what is left to come."""
    target = table.target
    if target.has_classes and len(target.classes) != 2:  # noqa: PLR2004 - codes of more are no amounts
        return None
    ordered = table.order[target.known[table.order] & np.isfinite(column.numbers[table.order])]
    for subject in [None, *subjects]:
        if subject is None:
            rows, same = ordered[:_MOST_IN_ORDER], np.ones(min(len(ordered), _MOST_IN_ORDER), dtype=bool)
        else:
            if subject.name == column.name:
                continue
            rows = ordered[np.argsort(subject.codes[ordered], kind="stable")][:_MOST_IN_ORDER]
            same = np.r_[False, subject.codes[rows][1:] == subject.codes[rows][:-1]] if len(rows) else np.zeros(0, bool)
        exact = _goes_on(column.numbers[rows], target.numbers[rows], same)
        if exact is not None:
            within = "" if subject is None else f" within each {subject.name}"
            return _finding(column, exact, f"it goes on from row to row{within} by the row's own target")
    return None


def _goes_on(values: Floats, truth: Floats, same: Mask) -> float | None:
    """Share of rows in which a value, or the sum of a mean, is made of the last one and of the row's own target."""
    inside = same[1:] & same[:-1] if same.all() else same[1:]
    if inside.sum() < _LEAST_IN_ORDER or values.std() == 0 or truth.std() == 0:
        return None
    place = _place(same)
    for numbers, weight in ((values, np.ones(len(values))), (values * place, place)):
        now, before, own = numbers[1:][inside], numbers[:-1][inside], truth[1:][inside]
        if own.std() == 0 or (now == before).all():
            continue
        change = now - before
        table = np.column_stack([own, before / max(float(np.abs(before).max()), 1e-300), np.ones(len(own))])
        factors = np.linalg.lstsq(table, now, rcond=None)[0]
        moved = abs(float(factors[0])) * float(own.std())
        # The own target must move the value, and by as much as the value moves at all.
        if moved < 0.02 * float(change.std()) or moved == 0:
            continue
        close = np.minimum(
            np.maximum(_CLOSE * moved, 1.02 * _step(values) * weight[1:][inside]), 10 * _COARSEST * moved
        )
        exact = float((np.abs(now - table @ factors) <= close).mean())
        alone = np.linalg.lstsq(table[:, 1:], now, rcond=None)[0]
        if exact >= _LEAST_EXACT + 0.05 and (np.abs(now - table[:, 1:] @ alone) <= close).mean() < 0.5:  # noqa: PLR2004 - it does not follow without it
            return exact
    return None


def _place(same: Mask) -> Floats:
    """(m,) place of each row among those of its subject, from 1."""
    starts = np.flatnonzero(~same)
    if not len(starts) or starts[0] != 0:
        starts = np.r_[0, starts]
    begun = np.repeat(starts, np.diff(np.r_[starts, len(same)]))
    return (np.arange(len(same)) - begun + 1).astype(np.float64)


def _step(values: Floats) -> float:
    """The power of ten that values were rounded to; 0 where they were not."""
    for power in range(0, _SMALLEST_STEP - 1, -1):
        scaled = values / 10.0**power
        if (np.abs(scaled - np.round(scaled)) < 1e-6 * np.maximum(1, np.abs(scaled) * 1e-6)).all():
            return 10.0**power
    return 0.0


def _finding(column: Column, exact: float, why: str) -> Finding:
    return Finding(
        kind=RiskKind.TARGET_LEAK,
        columns=(column.name,),
        confidence=whole(grade(exact, (_LEAST_EXACT, 84), (0.98, 93), (1.0, 96))),
        summary=f"{column.name} was made of the target of the row itself: {why} ({exact:.1%} agree).",
        evidence={"rows_that_agree": rounded(exact)},
        advice=f"make {column.name} of earlier rows only, such as with shift(1), or add it to dataset.drop",
    )

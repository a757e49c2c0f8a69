"""Columns that together make the target in most rows: some rows are wrong, the target was rounded, a part is missing.

Combinations that hold in every row are found in `combinations`, which asks here when it finds none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ml_lifecycle.discovery.risks.finding import Finding, RiskKind, grade, rounded, whole
from ml_lifecycle.discovery.risks.table import Codes, Column, Floats, Mask, RiskTable

_ROWS = 1_500
_LEAST_ROWS = 100
_ROWS_PER_COLUMN = 8
_FILLED = 0.7  # share of rows from which a column takes part everywhere; below, where it is filled
_MOST_GAPS = 10  # columns with many gaps that are tried
_CLOSE = 1e-3  # distance, as a share of the middle half of the target, that counts as equal
_LEAST_OBEY = 0.8  # share of rows that must be so close
_COARSEST = 0.25  # step of a rounded target, as a share of its middle half
_LEAST_ROUNDED = 0.97  # share of rows that must be within half a step
_KEPT = 0.75  # share of rows that each step of the robust fit learns from
_STEPS = 12
_DRAWS = 8
_WHOLE = 0.02
_MOST_PARTS = 5
_LARGEST_POWER = 2
_MOST_LOG = 40.0  # largest target that may be a logarithm
_USUAL = 0.1  # share of the most frequent target from which its rows prove nothing
_LEAST_DISTINCT = 100
_LEAST_EITHER = 0.97


@dataclass(frozen=True, slots=True)
class _Goal:
    """What is to be made.

    Args:
        label: How the target is written in a formula.
        truth: (m,) the values.
        close: (m,) distance that counts as equal, with the rounding of the target.
        strict: (m,) the same without it.
        rows: (m,) positions in the table.
    """

    label: str
    truth: Floats
    close: Floats
    strict: Floats
    rows: Codes

    def take(self, kept: Mask) -> _Goal:
        """The goal of some rows."""
        return _Goal(self.label, self.truth[kept], self.close[kept], self.strict[kept], self.rows[kept])


@dataclass(frozen=True, slots=True)
class _Term:
    """One thing that may be a part: a column, or a discount or surcharge made of it."""

    column: Column
    label: str
    values: Floats


@dataclass(frozen=True, slots=True)
class _Made:
    """How most rows are made: by which terms, with which factors, and in which share of the rows."""

    terms: tuple[_Term, ...]
    factors: tuple[float, ...]
    share: float
    exactly: float


def find_rough_combination(table: RiskTable, columns: Sequence[Column]) -> Finding | None:
    """Find a sum or product that most rows obey, or two columns of which one is the target.

    The fit is by least trimmed squares (Rousseeuw 1984): each step learns from the rows that the last one fits best.

    Args:
        table: The rows; the target holds amounts.
        columns: Columns of numbers that may be parts.
    """
    for rows, candidates in _cases(table, columns):
        for goal in _goals(table, rows):
            found = _sum(goal, candidates) or _product(goal, candidates)
            if found is not None:
                return found
    return _either(table, columns)


def _cases(table: RiskTable, columns: Sequence[Column]) -> Iterator[tuple[Codes, list[Column]]]:
    """Rows in which some columns are complete: those with few gaps, and each other one with them."""
    random = np.random.default_rng(table.seed)
    filled = {column.name: np.isfinite(column.numbers[table.sample]) for column in columns}
    full = [column for column in columns if filled[column.name].mean() >= _FILLED]
    complete = np.ones(len(table.sample), dtype=bool)
    for column in full:
        complete &= filled[column.name]
    gaps = [column for column in columns if column not in full][:_MOST_GAPS]
    for extra in [None, *gaps]:
        rows = table.sample[complete if extra is None else complete & filled[extra.name]]
        if len(rows) > _ROWS:
            rows = random.choice(rows, _ROWS, replace=False)
        candidates = full if extra is None else [*full, extra]
        candidates = [column for column in candidates if np.ptp(column.numbers[rows]) > 0] if len(rows) else []
        if len(rows) >= max(_LEAST_ROWS, _ROWS_PER_COLUMN * len(candidates)):
            yield rows, candidates


def _goals(table: RiskTable, rows: Codes) -> Iterator[_Goal]:
    """The target as it is, and as what it may be the logarithm or the root of."""
    truth = table.target.numbers[rows]
    values, counts = np.unique(truth, return_counts=True)
    if counts.max() > _USUAL * len(rows):
        rows, truth = rows[truth != values[counts.argmax()]], truth[truth != values[counts.argmax()]]
    if len(truth) < _LEAST_ROWS:
        return
    yield _goal("", truth, rows, _step(truth))
    if truth.min() >= 0 and truth.max() < _MOST_LOG:
        yield _goal("log1p", np.expm1(truth), rows, 0.0)
        yield _goal("root", truth**2, rows, 0.0)


def _goal(label: str, truth: Floats, rows: Codes, step: float) -> _Goal:
    width = float(np.subtract(*np.quantile(truth, [0.75, 0.25])))
    strict = np.full(len(truth), max(_CLOSE * width, 1e-12))
    close = strict if step > _COARSEST * width else np.maximum(strict, 0.51 * step)
    return _Goal(label, truth, close, strict, rows)


def _step(truth: Floats) -> float:
    """The largest power of ten that all values are a multiple of."""
    for power in range(6, -4, -1):
        scaled = truth / 10.0**power
        if (np.abs(scaled - np.round(scaled)) < 1e-6).all():  # noqa: PLR2004 - rounding of the division
            return 10.0**power
    return 0.0


def _sum(goal: _Goal, columns: Sequence[Column]) -> Finding | None:
    terms = [_Term(column, column.name, column.numbers[goal.rows]) for column in columns]
    made = _fit(goal, terms)
    return None if made is None else _finding(goal, made, " + ".join(_written(made)))


def _product(goal: _Goal, columns: Sequence[Column]) -> Finding | None:
    """Products and ratios are sums of logarithms; what lies between 0 and 1 may be a discount."""
    usable = goal.truth > 0
    terms = []
    for column in columns:
        values = column.numbers[goal.rows]
        if (values > 0).mean() >= _FILLED:
            terms.append((column, column.name, values))
            usable &= values > 0
        for unit in (1.0, 100.0):
            if values.min() >= 0 and values.max() < unit and (unit == 1 or values.max() > 1):
                label = column.name if unit == 1 else f"{column.name}/100"
                terms += [(column, f"(1 {s} {label})", 1 + f * values / unit) for s, f in (("-", -1), ("+", 1))]
    if len(terms) < 2 or usable.mean() < _FILLED:  # noqa: PLR2004 - a product
        return None
    few = goal.take(usable)
    truth = np.log(few.truth)
    width = float(np.subtract(*np.quantile(truth, [0.75, 0.25])))
    strict = np.maximum(_CLOSE * width, few.strict / few.truth * 0.1)
    close = np.maximum(strict, np.where(few.close > few.strict, few.close / few.truth, 0.0))
    logs = _Goal(few.label, truth, close, strict, few.rows)
    made = _fit(logs, [_Term(column, label, np.log(values[usable])) for column, label, values in terms])
    if made is None or not all(_is_whole(factor) for factor in made.factors):
        return None
    return _finding(goal, made, " * ".join(_written(made, power=True)))


def _fit(goal: _Goal, terms: Sequence[_Term]) -> _Made | None:
    """Fit robustly, then leave out every term that the rows which obey do not miss."""
    terms = [term for term in terms if np.ptp(term.values) > 0]
    if len(terms) < 2 or len(goal.truth) < max(_LEAST_ROWS, _ROWS_PER_COLUMN * len(terms)):  # noqa: PLR2004 - a combination
        return None
    values = np.column_stack([term.values for term in terms])
    left = _trim(values, goal)
    obey = left <= goal.close
    if obey.mean() < _LEAST_OBEY:
        return None
    inside = goal.take(obey)
    chosen = list(range(len(terms)))
    factors = _solve(values[obey], inside.truth)
    for place in np.argsort(np.abs(factors[:-1]) * values.std(axis=0)).tolist():
        without = [other for other in chosen if other != place]
        if without and (_left(values[obey][:, without], inside.truth) <= inside.close).mean() >= _LEAST_ROUNDED:
            chosen = without
    factors = _solve(values[obey][:, chosen], inside.truth)
    left = np.abs(goal.truth - values[:, chosen] @ factors[:-1] - factors[-1])
    made = _Made(
        tuple(terms[place] for place in chosen),
        tuple(map(float, factors[:-1])),
        float((left <= goal.close).mean()),
        float((left <= goal.strict).mean()),
    )
    return made if _is_sound(made) else None


def _is_sound(made: _Made) -> bool:
    """Whether it is a combination, and no accident: of few parts, and what rounding hides must have whole factors."""
    if not 2 <= len(made.terms) <= _MOST_PARTS or made.share < _LEAST_OBEY:  # noqa: PLR2004 - a combination
        return False
    whole_factors = all(_is_whole(factor) for factor in made.factors)
    return made.exactly >= _LEAST_OBEY or (whole_factors and made.share >= _LEAST_ROUNDED)


def _trim(values: Floats, goal: _Goal) -> Floats:
    """(m,) distance of each row from the fit that most rows agree on."""
    kept = _start(values, goal)
    best = np.inf
    left = np.zeros(len(goal.truth))
    for _ in range(_STEPS):
        factors = _solve(values[kept], goal.truth[kept])
        left = np.abs(goal.truth - values @ factors[:-1] - factors[-1])
        far = left / goal.close
        edge = float(np.quantile(far, _KEPT))
        if edge > 0.97 * best or edge < 1e-3:  # noqa: PLR2004 - it has settled
            break
        best, kept = edge, far <= edge
    return left


def _start(values: Floats, goal: _Goal) -> Mask:
    """Rows to begin with: all, or those that agree with the exact solution of a few drawn rows, where they agree more.

    Strong honest columns may hold a fit of all rows far from the exact one; a few rows without a wrong one find it.
    """
    random = np.random.default_rng(len(goal.truth))
    lefts = [_far(_solve(values, goal.truth), values, goal)]
    for _ in range(_DRAWS):
        drawn = random.choice(len(goal.truth), values.shape[1] + 1, replace=False)
        lefts.append(_far(_solve(values[drawn], goal.truth[drawn]), values, goal))
    edges = [float(np.quantile(far, _KEPT)) for far in lefts]
    place = int(np.argmin(edges))
    return np.ones(len(goal.truth), dtype=bool) if place == 0 else lefts[place] <= edges[place]


def _far(factors: Floats, values: Floats, goal: _Goal) -> Floats:
    far: Floats = np.abs(goal.truth - values @ factors[:-1] - factors[-1]) / goal.close
    return far


def _left(values: Floats, truth: Floats) -> Floats:
    factors = _solve(values, truth)
    left: Floats = np.abs(truth - values @ factors[:-1] - factors[-1])
    return left


def _solve(values: Floats, truth: Floats) -> Floats:
    """(k + 1,) factors and the constant."""
    size = np.maximum(np.abs(values).max(axis=0), 1e-300)
    factors = np.linalg.lstsq(np.column_stack([values / size, np.ones(len(truth))]), truth, rcond=None)[0]
    factors[:-1] /= size
    return np.asarray(factors, dtype=np.float64)


def _is_whole(factor: float) -> bool:
    return 0.5 < abs(factor) < _LARGEST_POWER + 0.5 and abs(factor - round(factor)) < _WHOLE  # noqa: PLR2004 - rounds to zero


def _either(table: RiskTable, columns: Sequence[Column]) -> Finding | None:
    """Two columns of which one or the other is the target, as the larger of two bids or a value and its correction."""
    rows = table.sample[:_ROWS]
    truth = table.target.numbers[rows]
    if len(np.unique(truth)) < min(_LEAST_DISTINCT, len(rows)) or len(rows) < _LEAST_ROWS:
        return None
    if np.unique(truth, return_counts=True)[1].max() > _USUAL * len(rows):
        return None
    close = float(_goal("", truth, rows, 0.0).strict[0]) / 10
    same = np.array([np.abs(column.numbers[rows] - truth) <= close for column in columns]).reshape(len(columns), -1)
    shares = same.mean(axis=1)
    either = shares[:, None] + shares[None, :] - (same.astype(float) @ same.T.astype(float)) / len(rows)
    either[(shares[:, None] + 0 * either < 0.05) | (shares[None, :] + 0 * either < 0.05)] = 0  # noqa: PLR2004 - both take part
    np.fill_diagonal(either, 0)
    if either.size == 0 or either.max() < _LEAST_EITHER:
        return None
    one, other = sorted(np.unravel_index(int(either.argmax()), either.shape))
    names = (columns[int(one)].name, columns[int(other)].name)
    share = float(either.max())
    formula = f"{names[0]} or {names[1]}"
    return _report(names, grade(share, (_LEAST_EITHER, 86), (1.0, 94)), formula, {"rows_that_obey": share})


def _written(made: _Made, *, power: bool = False) -> Iterator[str]:
    for term, factor in zip(made.terms, made.factors, strict=True):
        shown: float = round(factor) if _is_whole(factor) else round(factor, 4)
        if shown == 1:
            yield term.label
        else:
            yield f"{term.label}^{shown}" if power else f"{shown} {term.label}"


def _finding(goal: _Goal, made: _Made, formula: str) -> Finding:
    names = tuple(dict.fromkeys(term.column.name for term in made.terms))
    confidence = grade(max(made.exactly, made.share - 0.05), (0.8, 82), (0.95, 91), (1.0, 95))
    formula = f"{goal.label}({formula})" if goal.label else formula
    evidence = {"rows_that_obey": made.share, "rows_that_obey_exactly": made.exactly}
    return _report(names, confidence, formula, evidence)


def _report(names: tuple[str, ...], confidence: float, formula: str, evidence: dict[str, float]) -> Finding:
    return Finding(
        kind=RiskKind.TARGET_PARTS,
        columns=names,
        confidence=whole(confidence),
        summary=f"{', '.join(names)} together make the target in {evidence['rows_that_obey']:.1%} of the rows: "
        f"{formula}.",
        evidence={"formula": formula, **{name: rounded(value) for name, value in evidence.items()}},
        advice="add these columns to dataset.drop: what the target is made of is not known before it",
    )

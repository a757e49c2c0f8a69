"""Columns that together make the target: sums and differences, products and ratios, a border between two of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml_lifecycle.discovery.risks.finding import Finding, RiskKind, grade, rounded, whole
from ml_lifecycle.discovery.risks.rough_combinations import find_rough_combination
from ml_lifecycle.discovery.risks.table import Codes, Column, Floats, Mask, RiskTable

_ROWS = 3_000
_LEAST_ROWS_PER_COLUMN = 5
_LEAST_FILLED = 0.7  # share of rows in which a column must be filled to take part
_EXACT = 1e-4  # share of the target's spread that may be left
_CLEAN_EXACT = 1e-3  # the same where the coefficients are whole numbers
_WHOLE = 0.02  # distance from a whole number
_MOST_PARTS = 6
_PAIR_ROWS = 1_500
_PAIR_COLUMNS = 40
_SEPARATED = 0.998
_NOT_ALONE = 0.97
_NEARLY_ALONE = 0.995  # what a column may separate alone where the pair leaves nothing open
_WHOLLY_SEPARATED = 0.9999
_OF_ONE_SIZE = 8.0  # two columns of one unit do not differ by more than this factor in spread


@dataclass(frozen=True, slots=True)
class _Fit:
    """How a target is made.

    Args:
        parts: The columns.
        factors: One for each.
        left: Share of the spread that is left, in rows that were not fitted.
    """

    parts: tuple[Column, ...]
    factors: tuple[float, ...]
    left: float

    @property
    def is_whole(self) -> bool:
        """Whether all factors are whole numbers other than zero."""
        return all(abs(factor) > 0.5 and abs(factor - round(factor)) < _WHOLE for factor in self.factors)  # noqa: PLR2004 - rounds to zero


def find_combinations(
    table: RiskTable, *, apart: frozenset[str] = frozenset(), lags: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """Look for columns that make the target together.

    Args:
        table: The rows.
        apart: Columns that make it alone, or come from later rows.
        lags: Columns that hold the target of earlier rows: they may take part, and are not named for it.
    """
    columns = [column for column in table if (column.is_number or column.is_time) and column.name not in apart]
    columns = [column for column in columns if column.distinct > 1]
    if table.target.has_classes:
        yield from _borders(table, columns)
        return
    found = _of_amounts(table, columns) or find_rough_combination(table, columns)
    named = () if found is None else tuple(name for name in found.columns if name not in lags)
    if found is not None and named:
        yield replace(found, columns=named)


def _of_amounts(table: RiskTable, columns: Sequence[Column]) -> Finding | None:
    rows = _complete(table, columns)
    columns = [column for column in columns if np.isfinite(column.numbers[rows]).all()]
    truth = table.target.numbers[rows]
    if len(columns) < 2 or len(rows) < _LEAST_ROWS_PER_COLUMN * (len(columns) + 2):  # noqa: PLR2004 - a combination
        return None
    return _sum(columns, rows, truth) or _product(columns, rows, truth) or _scaled_sum(columns, rows, truth)


def _complete(table: RiskTable, columns: Sequence[Column]) -> Codes:
    """Rows in which every column that is nearly always filled is filled."""
    filled = [c for c in columns if np.isfinite(c.numbers[table.sample]).mean() >= _LEAST_FILLED]
    whole_rows: Mask = np.ones(len(table.sample), dtype=bool)
    for column in filled:
        whole_rows &= np.isfinite(column.numbers[table.sample])
    rows = table.sample[whole_rows]
    return rows if len(rows) <= _ROWS else np.random.default_rng(table.seed).choice(rows, _ROWS, replace=False)


def _sum(columns: Sequence[Column], rows: Codes, truth: Floats) -> Finding | None:
    fit = _fit_sparse(columns, np.column_stack([c.numbers[rows] for c in columns]), truth, np.ones(len(rows)))
    return None if fit is None else _finding(fit, " + ".join(_term(c, f) for c, f in _pairs(fit)))


def _product(columns: Sequence[Column], rows: Codes, truth: Floats) -> Finding | None:
    """Products and ratios are sums of logarithms."""
    positive = [column for column in columns if (column.numbers[rows] > 0).mean() >= _LEAST_FILLED]
    if len(positive) < 2 or (truth > 0).mean() < _LEAST_FILLED:  # noqa: PLR2004 - a combination
        return None
    usable = (truth > 0) & np.all([c.numbers[rows] > 0 for c in positive], axis=0)
    if usable.sum() < _LEAST_ROWS_PER_COLUMN * (len(positive) + 2):
        return None
    values = np.log(np.column_stack([column.numbers[rows][usable] for column in positive]))
    fit = _fit_sparse(positive, values, np.log(truth[usable]), np.ones(int(usable.sum())))
    if fit is None or not fit.is_whole:
        return None
    return _finding(fit, " * ".join(f"{c.name}^{round(f)}" for c, f in _pairs(fit)))


def _scaled_sum(columns: Sequence[Column], rows: Codes, truth: Floats) -> Finding | None:
    """A column times, or through, a sum of others, such as price * (1 - discount) or (b - a) / a."""
    for scale in columns:
        numbers = scale.numbers[rows]
        usable = np.abs(numbers) > 1e-9 * max(float(np.abs(numbers).max()), 1e-300)
        if usable.mean() < _LEAST_FILLED:
            continue
        others = [column for column in columns if column is not scale]
        values = np.column_stack([column.numbers[rows][usable] for column in others])
        for factor, sign in ((numbers[usable], "*"), (1 / numbers[usable], "/")):
            fit = _fit_sparse(others, values, truth[usable] / factor, factor, least=1)
            if fit is not None and fit.is_whole:
                made = _Fit((*fit.parts, scale), (*fit.factors, 1.0), fit.left)
                terms = " + ".join(_term(c, f) for c, f in _pairs(fit))
                return _finding(made, f"({terms} + c) {sign} {scale.name}")
    return None


def _fit_sparse(
    columns: Sequence[Column], values: Floats, truth: Floats, scale: Floats, *, least: int = 2
) -> _Fit | None:
    """Fit by least squares on half of the rows, drop every column that the other half does not miss."""
    half = len(truth) // 2
    spread = float((truth * scale)[half:].std())
    wanted = values.std(axis=0) > 0
    chosen = np.flatnonzero(wanted).tolist()
    if spread == 0 or len(chosen) < least:
        return None

    def fit(places: list[int]) -> tuple[Floats, float]:
        factors = _least_squares(values[:half][:, places], truth[:half], scale[:half])
        guess = values[half:][:, places] @ factors[:-1] + factors[-1]
        return factors, float(((truth[half:] - guess) * scale[half:]).std()) / spread

    factors, left = fit(chosen)
    if left > _CLEAN_EXACT:
        return None
    # A part moves the sum by its factor times its spread; what moves it least is tried first.
    for place in sorted(chosen, key=lambda c: abs(factors[chosen.index(c)]) * float(values[:, c].std())):
        without = [other for other in chosen if other != place]
        if len(without) >= 1:
            _, more = fit(without)
            if more <= max(2 * left, 1e-7) or (more <= _EXACT and left <= _EXACT and more < 10 * left):
                chosen = without
    factors, left = fit(chosen)
    found = _Fit(tuple(columns[place] for place in chosen), tuple(map(float, factors[:-1])), left)
    exact = left <= (_CLEAN_EXACT if found.is_whole else _EXACT)
    return found if least <= len(chosen) <= _MOST_PARTS and exact else None


def _least_squares(values: Floats, truth: Floats, scale: Floats) -> Floats:
    """(k + 1,) factors and the constant, columns of one size first, so that large ones do not drown others."""
    size = np.maximum(np.abs(values).max(axis=0), 1e-300)
    table = np.column_stack([values / size, np.ones(len(truth))]) * scale[:, None]
    factors = np.linalg.lstsq(table, truth * scale, rcond=None)[0]
    factors[:-1] /= size
    return np.asarray(factors, dtype=np.float64)


def _borders(table: RiskTable, columns: Sequence[Column]) -> Iterator[Finding]:
    """Pairs whose difference, sum or ratio lies on one side of a border in one class, and on the other in the other."""
    truth = table.target.codes[table.sample]
    if int(truth.max(initial=0)) != 1:
        return
    rows = _balanced(table, truth)
    classes = table.target.codes[rows].astype(bool)
    usable = [c for c in columns if np.isfinite(c.numbers[rows]).mean() >= _LEAST_FILLED][:_PAIR_COLUMNS]
    alone = {c.name: _separation(c.numbers[rows], classes) for c in usable}
    for place, one in enumerate(usable):
        for other in usable[place + 1 :]:
            most = max(alone[one.name], alone[other.name])
            if most >= _NEARLY_ALONE or not _of_one_size(one, other, rows):
                continue
            a, b = one.numbers[rows], other.numbers[rows]
            best, sign = max((_separation(a - b, classes), "-"), (_separation(a + b, classes), "+"))
            if best >= (_SEPARATED if most < _NOT_ALONE else _WHOLLY_SEPARATED):
                yield _border_finding(one, other, sign, best, most)


def _balanced(table: RiskTable, truth: Codes) -> Codes:
    """As many rows of one class as of the other, where there are enough."""
    random = np.random.default_rng(table.seed)
    sides = [table.sample[truth == code] for code in (0, 1)]
    return np.concatenate([random.permutation(side)[: _PAIR_ROWS // 2] for side in sides])


def _of_one_size(one: Column, other: Column, rows: Codes) -> bool:
    if one.is_time != other.is_time:
        return False
    spreads = sorted(float(np.nanstd(column.numbers[rows])) for column in (one, other))
    return spreads[0] > 0 and spreads[1] / spreads[0] <= _OF_ONE_SIZE


def _separation(values: Floats, classes: Mask) -> float:
    """Area under the ROC curve or its complement, whichever is larger."""
    known = np.isfinite(values)
    positives = int(classes[known].sum())
    negatives = int(known.sum()) - positives
    if min(positives, negatives) < 20:  # noqa: PLR2004 - a few rows are separated by chance
        return 0.0
    from scipy.stats import rankdata

    ranks = float(rankdata(values[known])[classes[known]].sum())
    area = (ranks - positives * (positives + 1) / 2) / (positives * negatives)
    return max(area, 1 - area)


def _pairs(fit: _Fit) -> Iterator[tuple[Column, float]]:
    yield from zip(fit.parts, fit.factors, strict=False)


def _term(column: Column, factor: float) -> str:
    shown = round(factor) if abs(factor - round(factor)) < _WHOLE and round(factor) else round(factor, 4)
    return column.name if shown == 1 else f"{shown} {column.name}"


def _finding(fit: _Fit, formula: str) -> Finding:
    confidence = grade(-np.log10(max(fit.left, 1e-12)), (3, 82), (4, 93), (6, 98)) + (2 if fit.is_whole else -6)
    return Finding(
        kind=RiskKind.TARGET_PARTS,
        columns=tuple(column.name for column in fit.parts),
        confidence=whole(confidence),
        summary=f"{', '.join(c.name for c in fit.parts)} together make the target: {formula}.",
        evidence={
            "formula": formula,
            "left_of_spread": float(f"{fit.left:.3g}"),
            "factors": [rounded(factor) for factor in fit.factors],
        },
        advice="add these columns to dataset.drop: what the target is made of is not known before it",
    )


def _border_finding(one: Column, other: Column, sign: str, best: float, alone: float) -> Finding:
    return Finding(
        kind=RiskKind.TARGET_PARTS,
        columns=(one.name, other.name),
        confidence=whole(grade(best, (0.998, 78), (0.9995, 88), (1.0, 93))),
        summary=f"{one.name} {sign} {other.name} decides the class (AUC {best:.4f}, alone {alone:.2f}).",
        evidence={"formula": f"{one.name} {sign} {other.name}", "auc": rounded(best), "best_alone": rounded(alone)},
        advice="find out which of the two is known only afterwards, and add it to dataset.drop",
    )

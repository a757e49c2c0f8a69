"""Values from after the moment of prediction: times that lie behind it, and the target of a later row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml_lifecycle.dataset.coercion import ColumnType, parse_times
from ml_lifecycle.discovery.risks.finding import Finding, RiskKind, grade, rounded, whole
from ml_lifecycle.discovery.risks.names import sounds_planned, words_of
from ml_lifecycle.discovery.risks.power import normal_scores
from ml_lifecycle.discovery.risks.rough_copies import agreement_of
from ml_lifecycle.discovery.risks.table import Codes, Column, Floats, Mask, RiskTable

_DAY = 86_400.0
_MINUTE = 60.0
_EPOCH: Final = (3.0e8, 4.1e9)  # seconds since 1970 of the years 1979 to 2099
_UNITS: Final = (1.0, 1e3, 1e6, 1e9)
_DATE_NUMBERS: Final = (19_790_101, 20_991_231)
_TIME_WORDS = frozenset({"time", "date", "at", "on", "ts", "timestamp", "epoch", "datetime", "unix"})
_SHIFTS: Final = (1, 2, 3, 4, 5, 6, 7, 12, 14, 24, 28, 30, 48, 52)
_MOST_IN_ORDER = 30_000
_LEAST_IN_ORDER = 60
_SAME = 0.9  # share of equal cells, or agreement beyond chance, from which a column is the target of another row
_LEFT = 0.02  # of the spread, which noise in such a copy may leave
_WINDOW = 7
_NOTHING = 1e-6  # of the spread: what rounding leaves
_COPY = 3.0  # times what a mean leaves open: a copy with noise leaves less


@dataclass(frozen=True, slots=True)
class Shifted:
    """A column that is the target of another row.

    Args:
        column: The column.
        shift: How many rows later (positive) or earlier; 0 for a mean that ends with the row itself.
        closeness: Share that agrees.
    """

    column: str
    shift: int
    closeness: float


def find_late_times(table: RiskTable) -> Iterator[Finding]:
    """Look for times after the event time, and for numbers that say how long the outcome took."""
    if table.times is None:
        return
    for column in table:
        moments = _moments(column, table.times)
        if moments is not None:
            yield from _late(column, moments, table.times)
        elif column.is_number:
            yield from _waiting(table, column)


def find_shifted(table: RiskTable) -> list[Shifted]:
    """Find columns that are the target of an earlier or a later row, in the order of time and within each subject."""
    found: dict[str, Shifted] = {}
    for order, subjects in _orders(table):
        for column in table:
            shifted = _shift_of(table, column, order, subjects)
            if shifted is not None and column.name not in found:
                found[column.name] = shifted
    return list(found.values())


def report_shifted(shifted: list[Shifted]) -> Iterator[Finding]:
    """Findings of the columns that hold the target of a later row; those of earlier rows are honest."""
    for item in shifted:
        if item.shift == 0:
            yield Finding(
                kind=RiskKind.LOOKAHEAD,
                columns=(item.column,),
                confidence=whole(grade(item.closeness, (_SAME, 86), (0.98, 94), (1.0, 96))),
                summary=f"{item.column} is made of the targets of earlier rows and of the row itself.",
                evidence={"rows_later": 0, "agreement": rounded(item.closeness)},
                advice=f"shift {item.column} by one row, or add it to dataset.drop",
            )
        if item.shift > 0:
            rows = "one row" if item.shift == 1 else f"{item.shift} rows"
            yield Finding(
                kind=RiskKind.LOOKAHEAD,
                columns=(item.column,),
                confidence=whole(grade(item.closeness, (_SAME, 86), (0.98, 96), (1.0, 98))),
                summary=f"{item.column} holds the target of {rows} later ({item.closeness:.1%} agree).",
                evidence={"rows_later": item.shift, "agreement": rounded(item.closeness)},
                advice=f"shift {item.column} the other way, or add it to dataset.drop",
            )


def _moments(column: Column, times: Floats) -> Floats | None:
    """(n,) seconds of a column that holds times: as times, as seconds or parts of them since 1970, as 20240531."""
    if column.is_time:
        return column.numbers
    if not column.is_whole or column.distinct < 2:  # noqa: PLR2004 - a constant is no time
        return None
    low, high = np.nanquantile(column.numbers, [0.01, 0.99])
    read = None
    if _DATE_NUMBERS[0] <= low and high <= _DATE_NUMBERS[1]:
        texts = (
            column.cells.astype("Int64").astype("string").str.replace(r"^(\d{4})(\d\d)(\d\d)$", r"\1-\2-\3", regex=True)
        )
        parsed = parse_times(texts.astype(object).where(texts.notna(), None))
        read = Column(column.name, ColumnType.TIME, parsed.column).numbers if not parsed.unreadable.any() else None
    for unit in _UNITS if read is None else ():
        if _EPOCH[0] <= low / unit and high / unit <= _EPOCH[1]:
            read = column.numbers / unit
    if read is None:
        return None
    both = np.isfinite(read) & np.isfinite(times)
    near = abs(np.median(read[both]) - np.median(times[both])) < 20 * 365 * _DAY if both.any() else False
    return read if near and (words_of(column.name) & _TIME_WORDS or _follows(read[both], times[both])) else None


def _follows(one: Floats, other: Floats) -> bool:
    return bool(len(one) > 2 and one.std() > 0 and other.std() > 0 and np.corrcoef(one, other)[0, 1] > 0.5)  # noqa: PLR2004 - two times of one thing move together


def _late(column: Column, moments: Floats, times: Floats) -> Iterator[Finding]:
    both = np.isfinite(moments) & np.isfinite(times)
    if both.sum() < _LEAST_IN_ORDER:
        return
    ahead = moments[both] - times[both]
    # A date without a time of day stands for the whole day.
    slack = _DAY if (times[both] % _DAY == 0).all() else 0.0
    late = ahead >= slack if slack else ahead > 0
    share = float(late.mean())
    if share < 0.0005:  # noqa: PLR2004 - a slip of the pen
        return
    confidence = grade(share, (0.0005, 55), (0.004, 80), (0.02, 88), (0.1, 94), (0.5, 96))
    typical = float(np.median(ahead[late]))
    steady = len(np.unique(np.round(ahead[late] / _MINUTE))) <= 6 and share > 0.5  # noqa: PLR2004 - terms of 14, 30 or 60 days
    if sounds_planned(column.name) or steady:
        confidence = min(confidence, 60)
    elif typical < _MINUTE:
        confidence = min(confidence, 70)
    yield Finding(
        kind=RiskKind.LOOKAHEAD,
        columns=(column.name,),
        confidence=whole(confidence),
        summary=f"{column.name} lies after the event time in {share:.1%} of the rows, by {typical / _DAY:.3g} days.",
        evidence={"share_after": rounded(share), "typical_days": rounded(typical / _DAY), "rows": int(both.sum())},
        advice=f"add {column.name} to dataset.drop, or name it as dataset.outcome_time",
    )


def _waiting(table: RiskTable, column: Column) -> Iterator[Finding]:
    """A number that says how long it took from the event to one of the times that are no features."""
    for role in table.roles.values():
        if not role.is_time or table.times is None or column.distinct < 5:  # noqa: PLR2004 - fewer tell nothing
            continue
        took = role.numbers - table.times
        both = np.isfinite(took) & np.isfinite(column.numbers)
        if both.sum() < _LEAST_IN_ORDER or np.std(took[both]) == 0 or np.median(took[both]) <= 0:
            continue
        close = np.corrcoef(normal_scores(took[both]), normal_scores(column.numbers[both]))[0, 1]
        if close >= 0.97:  # noqa: PLR2004 - days are rounded hours
            yield Finding(
                kind=RiskKind.LOOKAHEAD,
                columns=(column.name,),
                confidence=whole(grade(close, (0.97, 84), (0.995, 95))),
                summary=f"{column.name} says how long it took from the event to {role.name} ({close:.3f}).",
                evidence={"rank_correlation": rounded(close), "until": role.name},
                advice=f"add {column.name} to dataset.drop: it is known only then",
            )


def _orders(table: RiskTable) -> Iterator[tuple[Codes, Codes | None]]:
    """Orders in which a row may follow another: all rows, and the rows of each subject."""
    known = table.order[table.target.known[table.order]]
    yield known[:_MOST_IN_ORDER], None
    for role in table.roles.values():
        subjects = role.codes
        if not role.is_time and 2 <= role.distinct <= len(table) / 3:  # noqa: PLR2004 - some rows each
            by_subject = known[np.argsort(subjects[known], kind="stable")][:_MOST_IN_ORDER]
            yield by_subject, subjects[by_subject]


def _shift_of(table: RiskTable, column: Column, order: Codes, subjects: Codes | None) -> Shifted | None:
    if len(order) < _LEAST_IN_ORDER or column.distinct < 2:  # noqa: PLR2004 - a constant
        return None
    target = table.target
    if target.has_classes:
        if column.distinct > len(target.classes) + 3:
            binary = column.is_number and len(target.classes) == 2  # noqa: PLR2004 - two classes
            return _window(table, column, order, subjects) if binary else None
        near = {shift: _agree(column.codes[order] + 1, target.codes[order], shift, subjects) for shift in _all_shifts()}
    elif column.is_number and target.column.distinct >= 10:  # noqa: PLR2004 - amounts
        near = {s: _closeness(column.numbers[order], target.numbers[order], s, subjects) for s in _all_shifts()}
    else:
        return None
    best = max(near, key=lambda shift: near[shift])
    if best == 0:
        # A mean that ends with the row itself is nearest to it.
        return None if target.has_classes else _window(table, column, order, subjects)
    exact = near[best] > 1 - 1e-9
    window = None if target.has_classes or exact else _window(table, column, order, subjects)
    # The middle row of a mean is near to it, too.
    if window is not None and window.shift >= 0:
        return window
    second = max(near[shift] for shift in near if shift != best)
    least = _SAME if target.has_classes else 1 - _LEFT
    clear = exact or 1 - near[best] <= 0.5 * (1 - second)
    if near[best] >= least and clear:
        return Shifted(column.name, best, near[best])
    return window


def _all_shifts() -> list[int]:
    return [0, *_SHIFTS, *(-shift for shift in _SHIFTS)]


def _cut(values: np.ndarray, shift: int, *, later: bool) -> np.ndarray:
    """Rows that have a partner `shift` rows later: themselves, or the partners."""
    if shift == 0:
        return values
    early, late = values[: -abs(shift)], values[abs(shift) :]
    return late if later == (shift > 0) else early


def _partnered(shift: int, subjects: Codes | None, size: int) -> Mask:
    if subjects is None or shift == 0:
        return np.ones(max(size - abs(shift), 0), dtype=bool)
    return np.asarray(subjects[: -abs(shift)] == subjects[abs(shift) :], dtype=bool)


def _agree(codes: Codes, truth: Codes, shift: int, subjects: Codes | None) -> float:
    same = _partnered(shift, subjects, len(codes))
    one, other = _cut(codes, shift, later=False)[same], _cut(truth, shift, later=True)[same]
    enough = len(one) >= _LEAST_IN_ORDER and len(np.unique(other)) > 1
    return agreement_of(one, other) if enough else 0.0


def _closeness(values: Floats, truth: Floats, shift: int, subjects: Codes | None) -> float:
    """R2 of a straight line; what is equal throughout, or nearly, has 1."""
    same = _partnered(shift, subjects, len(values))
    one, other = _cut(values, shift, later=False)[same], _cut(truth, shift, later=True)[same]
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < _LEAST_IN_ORDER or one[known].std() == 0 or other[known].std() == 0:
        return 0.0
    return float(np.corrcoef(one[known], other[known])[0, 1] ** 2)


def _window(table: RiskTable, column: Column, order: Codes, subjects: Codes | None) -> Shifted | None:
    """A mean over neighbouring rows of the target: a straight sum of them that leaves nothing open."""
    if len(order) < 10 * _WINDOW:
        return None
    truth = table.target.numbers[order]
    shifts = list(range(-2 * _WINDOW, _WINDOW + 1))
    rows = np.arange(2 * _WINDOW, len(order) - _WINDOW)
    if subjects is not None:
        rows = rows[subjects[rows - 2 * _WINDOW] == subjects[rows + _WINDOW]]
    rows = rows[np.isfinite(column.numbers[order][rows])][:3_000]
    if len(rows) < 10 * _WINDOW:
        return None
    values = column.numbers[order][rows]
    if values.std() == 0:
        return None
    neighbours = np.column_stack([*(truth[rows + shift] for shift in shifts), np.ones(len(rows))])
    left, _ = _unexplained(values, neighbours)
    if left > _LEFT / 2:
        return None
    # In a smooth series one row says nearly what the next one does: only rows without which it fails are part of it.
    enough = max(2 * left, _NOTHING)
    for place, last in enumerate(shifts):
        early, factors = _unexplained(values, neighbours[:, [*range(place + 1), -1]])
        if early <= enough:
            used = int((np.abs(factors[:-1]) > 0.02 * np.abs(factors[:-1]).max()).sum())
            copy = last == 0 and _unexplained(values, neighbours[:, [place, -1]])[0] <= _COPY * enough
            return Shifted(column.name, last, 1 - left) if used > 1 and not copy else None
    return None


def _unexplained(values: Floats, neighbours: Floats) -> tuple[float, Floats]:
    """Share of the spread that a straight sum leaves open, and its factors."""
    factors = np.asarray(np.linalg.lstsq(neighbours, values, rcond=None)[0], dtype=np.float64)
    return float((values - neighbours @ factors).std() / values.std()), factors

"""Copies of the target that hold in most rows only: many cells are missing, or some are wrong.

Copies that hold throughout are looked for in `copies`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ml_lifecycle.discovery.risks.finding import Finding, copy_found, grade
from ml_lifecycle.discovery.risks.names import sounds_past, sounds_planned
from ml_lifecycle.discovery.risks.table import Codes, Column, Floats, RiskTable

_LEAST_KNOWN = (200, 0.05)  # filled cells, and their share of the rows
_GAPS = 0.05  # share of missing cells from which the filled ones are looked at alone
_LEAST_CLASS_ROWS = 30
_MORE_VALUES = 3
_LEAST_AGREEMENT = 0.9
_CLOSE = 1e-3  # distance, as a share of the middle half of the target, that counts as equal
_LEAST_EQUAL = 0.6
_KEPT = 0.55
_STEPS = 12
_USUAL = 0.1  # share of the most frequent target from which its rows prove nothing
_LEAST_DISTINCT = 30


def find_rough_copy(table: RiskTable, column: Column) -> Finding | None:
    """Judge one column on the rows in which it is filled.

    Args:
        table: The rows.
        column: One of its columns, or the numbers inside the texts of one.
    """
    known = table.sample[~column.missing[table.sample]]
    if len(known) < max(_LEAST_KNOWN[0], _LEAST_KNOWN[1] * len(table.sample)):
        return None
    if not table.target.has_classes:
        return _amounts(table, column)
    if len(known) > (1 - _GAPS) * len(table.sample):
        return None
    return _classes(table, column, known)


def _classes(table: RiskTable, column: Column, known: Codes) -> Finding | None:
    truth = table.target.codes[known]
    counts = np.bincount(truth)
    if column.distinct > len(counts) + _MORE_VALUES or (counts >= _LEAST_CLASS_ROWS).sum() < 2:  # noqa: PLR2004 - two classes
        return None
    agreement = agreement_of(column.codes[known], truth)
    if agreement < _LEAST_AGREEMENT:
        return None
    confidence = grade(agreement, (0.9, 74), (0.95, 84), (0.98, 91), (0.995, 95))
    text = f"where it is filled ({len(known) / len(table.sample):.0%}), each value stands for one class"
    return copy_found(column.name, confidence, text, {"agreement_beyond_chance": agreement, "filled": len(known)})


def _amounts(table: RiskTable, column: Column) -> Finding | None:
    """On one straight line with the target, as they are or as logarithms, in most rows and nearly exactly."""
    if not column.is_number:
        return None
    values, truth = column.numbers[table.sample], table.target.numbers[table.sample]
    kept = np.isfinite(values)
    known = int(kept.sum())
    for numbers in (values, truth):
        found, counts = np.unique(numbers[kept], return_counts=True)
        if len(counts) and counts.max() > _USUAL * known:
            kept &= numbers != found[counts.argmax()]
    values, truth = values[kept], truth[kept]
    # What is left must still stand for the column, and not be the rest of an idle one.
    if (
        len(values) < max(_LEAST_KNOWN[0], known / 2)
        or min(len(np.unique(values)), len(np.unique(truth))) < _LEAST_DISTINCT
    ):
        return None
    equal = max(_share_on_line(one, other) for one, other in _scales(values, truth))
    if equal < _LEAST_EQUAL:
        return None
    confidence = grade(equal, (0.6, 55), (0.8, 81), (0.9, 90), (0.97, 96))
    # An amount that was asked or known before is often the same in the end.
    confidence -= 15 if sounds_past(column.name) or sounds_planned(column.name) else 0
    text = f"it is the target, or its multiple, in {equal:.1%} of the rows"
    return copy_found(column.name, confidence, text, {"equal_rows": equal, "filled": known})


def _scales(values: Floats, truth: Floats) -> Iterator[tuple[Floats, Floats]]:
    yield values, truth
    if (values > 0).all():
        yield np.log(values), truth
        if (truth > 0).all():
            yield np.log(values), np.log(truth)
    if (truth > 0).all():
        yield values, np.log(truth)


def _share_on_line(values: Floats, truth: Floats) -> float:
    """Share of rows on the line that most of them agree on, by least trimmed squares (Rousseeuw 1984)."""
    width = float(np.subtract(*np.quantile(truth, [0.75, 0.25])))
    if width <= 0 or values.std() == 0:
        return 0.0
    kept = np.ones(len(truth), dtype=bool)
    best, left = np.inf, np.full(len(truth), np.inf)
    for _ in range(_STEPS):
        one, other = values[kept], truth[kept]
        spread = float(one.var())
        if spread == 0:
            return 0.0
        slope = float(((one - one.mean()) * (other - other.mean())).mean()) / spread
        left = np.abs(truth - other.mean() - slope * (values - one.mean()))
        edge = float(np.quantile(left, _KEPT))
        if edge > 0.97 * best or edge < 1e-3 * _CLOSE * width:
            break
        best, kept = edge, left <= edge
    return float((left <= _CLOSE * width).mean())


def agreement_of(codes: Codes, truth: Codes) -> float:
    """Share of rows beyond chance (Cohen's kappa) in which value and class are each other's most frequent partner."""
    joint, best = partners_of(codes, truth)
    rows = joint.sum()
    agree = sum(joint[value, cls] for value, cls in best)
    chance = sum(joint[value].sum() * joint[:, cls].sum() for value, cls in best) / rows**2
    return float((agree / rows - chance) / (1 - chance)) if chance < 1 else 0.0


def partners_of(codes: Codes, truth: Codes) -> tuple[Floats, list[tuple[int, int]]]:
    """Counts of (value, class), and the pairs that are each other's most frequent partner."""
    values, classes = int(codes.max(initial=0)) + 1, int(truth.max(initial=0)) + 1
    joint = np.bincount(codes * classes + truth, minlength=values * classes).reshape(values, classes).astype(float)
    # Shares within value and within class: of two classes, the rare one must be met by a value that is rare too.
    of_value = joint / np.maximum(joint.sum(axis=1, keepdims=True), 1)
    of_class = joint / np.maximum(joint.sum(axis=0, keepdims=True), 1)
    closeness = of_value * of_class
    best = [(int(value), int(closeness[value].argmax())) for value in range(values) if joint[value].any()]
    return joint, [(value, cls) for value, cls in best if int(closeness[:, cls].argmax()) == value]

"""Columns that name rows instead of describing them: counters, numbers drawn without repetition, codes in text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from ml_lifecycle.discovery.risks.finding import Finding, RiskKind, grade, rounded, whole
from ml_lifecycle.discovery.risks.names import sounds_like_identifier, words_of
from ml_lifecycle.discovery.risks.power import power_of
from ml_lifecycle.discovery.risks.table import Column, Floats, Mask, RiskTable
from ml_lifecycle.discovery.risks.wording import power_of_words

_LEAST_ROWS = 100
_UNIQUE = 0.98  # share of distinct values among those that are filled
_LEAST_UNIQUE = 0.5  # the same, before rows that stand there twice are set aside
_DENSE = 2.0  # a counter uses at least every second number of its range
_EXPECTED_TWINS = 12.0  # equal pairs that chance would give; none among them means: drawn without repetition
_BLOCKS = 50
_SPACED = 0.9  # spaces a text has on average from which it is no code
_PERSON = frozenset({"name", "person", "customer", "client", "contact", "holder", "patient", "passenger", "owner"})
_CODE = re.compile(r"[\w.:/#@+-]{3,64}")
_NAME = re.compile(r"[^\W_a-z]\S*(?:[ ,]+[^\W_a-z]\S*){1,3}")  # two to four words that begin with a capital or digit
_LONGEST_NAME = 50
_MOST_TOLD = 0.02  # of the target, which the words of a name may explain


def find_identifiers(table: RiskTable, *, apart: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Look for identifiers among the columns that a model would see.

    Args:
        table: The rows.
        apart: Columns that are not looked at.
    """
    if len(table) < _LEAST_ROWS:
        return
    likely = [column for column in table if column.distinct >= _LEAST_UNIQUE * len(table) * (~column.missing).mean()]
    once = _first_of_equal_rows(table) if likely else None
    for column in likely:
        if column.name in apart or column.is_time or once is None:
            continue
        filled = int((~column.missing & once).sum())
        if filled < _LEAST_ROWS or column.distinct < _UNIQUE * filled:
            continue
        judged = _number(column, once) if column.is_number else _text(table, column)
        if judged is not None:
            confidence, why = judged
            yield _finding(table, column, confidence, why, column.distinct / filled)


def _first_of_equal_rows(table: RiskTable) -> Mask:
    """(n,) rows without those that repeat an earlier one in every column: they repeat its name too."""
    codes = pd.DataFrame({name: column.codes for name, column in table.columns.items()})
    return ~codes.duplicated().to_numpy() if codes.shape[1] > 1 else np.ones(len(table), dtype=bool)


def _number(column: Column, once: Mask) -> tuple[float, str] | None:
    """Unique whole numbers are no names by themselves: amounts in cents are as unique as chance makes them."""
    if not column.is_whole:
        return None
    numbers = np.sort(column.numbers[np.isfinite(column.numbers) & once])
    named = sounds_like_identifier(column.name)
    span = numbers[-1] - numbers[0] + 1
    if span <= _DENSE * len(numbers):
        return (95 if named else 91), "it counts"
    expected, found = _twins(numbers)
    if expected >= _EXPECTED_TWINS and found <= 0.05 * expected:
        sure = grade(expected, (_EXPECTED_TWINS, 84), (100, 92))
        return sure + (3 if named else 0), f"chance would give {expected:.0f} equal pairs, there are {found:.0f}"
    return (85, "it is unique and called so") if named and len(numbers) == column.distinct else None


def _twins(numbers: Floats) -> tuple[float, float]:
    """Equal pairs that independent draws from the same density would give, and those there are."""
    blocks = np.array_split(numbers, _BLOCKS)
    expected = sum(len(block) * (len(block) - 1) / 2 / (block[-1] - block[0] + 1) for block in blocks if len(block) > 1)
    _, counts = np.unique(numbers, return_counts=True)
    return float(expected), float((counts * (counts - 1) / 2).sum())


def _text(table: RiskTable, column: Column) -> tuple[float, str] | None:
    texts = column.cells[~column.missing].astype(str)
    looked = texts.iloc[: 10 * _LEAST_ROWS].str.strip()
    if looked.str.count(" ").mean() >= _SPACED:
        named = float(looked.map(lambda text: len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None).mean())
        if named < 0.95 or power_of_words(table, column) > _MOST_TOLD:  # noqa: PLR2004 - names are names throughout
            return None
        return (86 if words_of(column.name) & _PERSON else 82), "every row has a name of its own"
    coded = float(looked.map(lambda text: _CODE.fullmatch(text) is not None).mean())
    digits = float(looked.str.contains(r"\d").mean())
    if coded < 0.95:  # noqa: PLR2004 - codes are codes throughout
        return None
    if digits >= 0.9 or sounds_like_identifier(column.name):  # noqa: PLR2004 - nearly all
        return 90, "every row has a code of its own"
    return 70, "every row has a word of its own"


def _finding(table: RiskTable, column: Column, confidence: float, why: str, unique: float) -> Finding:
    evidence = {"distinct_share": rounded(unique)}
    told = ""
    if column.is_number:
        power = power_of(table, column)
        evidence["order_explains"] = rounded(power)
        told = f" and its order explains {power:.0%} of the target" if power > 0.02 else ""  # noqa: PLR2004 - worth a word
        confidence += grade(power, (0.1, 0), (0.5, 6))
    return Finding(
        kind=RiskKind.IDENTIFIER,
        columns=(column.name,),
        confidence=whole(confidence),
        summary=f"{column.name} names rows: {unique:.1%} of its values are distinct, {why}{told}.",
        evidence=evidence,
        advice=f"name it as dataset.id, or add {column.name} to dataset.drop: a model can only learn it by heart",
    )

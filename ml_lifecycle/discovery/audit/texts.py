"""Texts of one column: blanks around them, spellings of one name, mixed types, numbers with signs, broken letters."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from ml_lifecycle.discovery.audit.codes import is_code_text
from ml_lifecycle.discovery.audit.columns import Column
from ml_lifecycle.discovery.audit.findings import Finding, FindingSeverity, as_percent, as_rows, list_names
from ml_lifecycle.discovery.audit.table import Table
from ml_lifecycle.discovery.audit.values import is_prose, shorten

_SPACES = re.compile(r"[\s_]+")
_SIGNED = re.compile(r"[-+]?\s*[$€£¥]?\s*[-+]?\d{1,3}(?:[,.' ]?\d{3})*(?:[.,]\d+)?\s*(?:[$€£¥%]|[a-zA-Z]{1,3}\.?)?")
_HAS_SIGN = re.compile(r"[$€£¥%,' ]|[a-zA-Z]")
_BROKEN = re.compile("Ã[\u0080-\u00bf]|â€|Â[\u0080-\u00bf]|\ufffd")  # UTF-8 that was read as Latin-1
_NUMBERS = 0.95  # share of such texts from which a column is one of numbers
_PROBED = 1_000
_SHOWN = 3


def find_text_faults(column: Column, table: Table) -> Iterator[Finding]:
    """What is wrong with how a column is written."""
    yield from _find_mixed(column)
    if not column.is_text:
        return
    yield from _find_blanks(column)
    yield from _find_variants(column, table)
    yield from _find_signed_numbers(column)
    yield from _find_broken(column)


def _find_mixed(column: Column) -> Iterator[Finding]:
    if column.cell_types:
        yield Finding(
            "mixed_types",
            (column.name,),
            FindingSeverity.WARNING,
            f"{column.name} mixes cells of type {list_names(column.cell_types)}.",
            "name one type under dataset.cleaning.types",
            {"types": list(column.cell_types)},
        )
        return
    odd = {text: rows for text, rows in column.odd.items() if not is_code_text(text)}
    if odd:
        rows = sum(odd.values())
        kind = "times" if column.is_time else "numbers"
        examples = list_names((shorten(text) for text in odd), _SHOWN)
        yield Finding(
            "mixed_types",
            (column.name,),
            FindingSeverity.WARNING,
            f"{column.name} holds {kind}, but for {as_rows(rows)} with something else: {examples}.",
            f"mend the source, or name the type under dataset.cleaning.types: {{{column.name}: "
            f"{'time' if column.is_time else 'number'}}}",
            {"rows": rows, "examples": [shorten(text) for text in list(odd)[:_SHOWN]]},
        )


def _find_blanks(column: Column) -> Iterator[Finding]:
    values, counts = column.levels
    padded = np.fromiter((value != value.strip() and value.strip() != "" for value in values), bool, len(values))
    if not padded.any():
        return
    rows = int(counts[padded].sum())
    plain = set(values[~padded])
    colliding = sum(value.strip() in plain for value in values[padded])
    yield Finding(
        "blanks",
        (column.name,),
        FindingSeverity.WARNING if colliding else FindingSeverity.NOTE,
        f"{column.name} has {as_rows(rows)} ({as_percent(rows / column.present)}) with a blank at an end, such as "
        f"{shorten(values[padded][0])}"
        + (f"; {colliding} of these values exist without it too." if colliding else "."),
        "strip the blanks in the source, else one value counts as two",
        {"rows": rows, "colliding": colliding},
    )


def _find_variants(column: Column, table: Table) -> Iterator[Finding]:
    """Values that are equal but for case, blanks and underscores."""
    values = column.levels[0]
    if len(values) > table.limits.variants_share * column.present or is_prose(column):
        return
    spellings: dict[str, list[str]] = {}
    for value in values:
        spellings.setdefault(_SPACES.sub(" ", value.strip()).casefold(), []).append(value)
    # Letters that differ in case alone are often codes (a and A, grades of two scales), and blanks are told apart.
    groups = [group for key, group in spellings.items() if len({text.strip() for text in group}) > 1 and len(key) > 1]
    if groups:
        examples = "; ".join(" = ".join(map(shorten, group[:_SHOWN])) for group in groups[:_SHOWN])
        yield Finding(
            "spellings",
            (column.name,),
            FindingSeverity.WARNING,
            f"{len(groups)} values of {column.name} are written in several ways: {examples}.",
            "write each in one way in the source, else one value counts as several",
            {"values": len(groups), "examples": [list(group[:_SHOWN]) for group in groups[:_SHOWN]]},
        )


def _find_signed_numbers(column: Column) -> Iterator[Finding]:
    values = column.levels[0]
    probe = [value.strip() for value in values[:: max(1, len(values) // _PROBED)]]
    numbers = [text for text in probe if len(text) <= 24 and _SIGNED.fullmatch(text)]  # noqa: PLR2004 - longer ones are codes
    signs = {re.sub(r"[-+\d.\s]", "", text) for text in numbers}
    if len(probe) < 2 or len(numbers) < _NUMBERS * len(probe) or len(signs - {""}) not in {1, 2}:  # noqa: PLR2004 - a unit, and thousands
        return
    if not any(_HAS_SIGN.search(text) for text in numbers):
        return
    yield Finding(
        "numbers_as_text",
        (column.name,),
        FindingSeverity.WARNING,
        f"{column.name} holds numbers that are written as text, such as {shorten(numbers[0])}.",
        f"read them as numbers: dataset.cleaning.units: {{{column.name}: {{strip: [...]}}}}",
        {"example": shorten(numbers[0])},
    )


def _find_broken(column: Column) -> Iterator[Finding]:
    values, counts = column.levels
    broken = np.fromiter((_BROKEN.search(value) is not None for value in values), bool, len(values))
    if broken.any():
        yield Finding(
            "broken_letters",
            (column.name,),
            FindingSeverity.WARNING,
            f"{column.name} has {as_rows(int(counts[broken].sum()))} with broken letters, such as "
            f"{shorten(values[broken][0])}.",
            "read the file with its own encoding: dataset.sources.encoding: auto",
            {"rows": int(counts[broken].sum())},
        )

"""Values of one column: empty, constant or nearly so, names of rows, too many or too rare categories."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from ml_lifecycle.dataset.coercion import ColumnType
from ml_lifecycle.dataset.rows import text_of
from ml_lifecycle.discovery.audit.columns import Column
from ml_lifecycle.discovery.audit.findings import Finding, FindingSeverity, as_percent, list_names
from ml_lifecycle.discovery.audit.table import Table

_LEAST_ROWS = 50  # in fewer rows, different values are no sign of a name
_ID_NAME = re.compile(r"(.*[_\W])?(id|ids|uuid|guid|key|hash|instant|index|row|rownum|row_number)", re.IGNORECASE)
_CAMEL_ID = re.compile(r".*[a-z](Id|ID|Uuid|UUID|Key)")
_DENSE = 2.0  # numbers that name rows lie close: their span is at most so many times their number
_WORDS = 4  # texts of more words on average are sentences
_PROBED = 500
_SHOWN = 5


def find_constant(column: Column, table: Table) -> Iterator[Finding]:
    """Columns without values, with one value, or with one value nearly everywhere."""
    name, limits = column.name, table.limits
    if column.present == 0:
        yield Finding(
            "empty", (name,), FindingSeverity.WARNING, f"{name} holds no value.", "drop it, or mend the source", {}
        )
        return
    value, count = column.top
    shown = shorten(value)
    if column.different == 1:
        advice = (
            "drop it" if not column.absent.any() else "all that varies is whether it is missing: keep that, or drop it"
        )
        text = f"{name} is {shown} in every row" + (" where it is not missing." if column.absent.any() else ".")
        yield Finding("constant", (name,), FindingSeverity.WARNING, text, advice, {"value": shown})
    elif column.top_share >= limits.near_constant and name != table.roles.target:
        rest = column.present - count
        yield Finding(
            "near_constant",
            (name,),
            FindingSeverity.NOTE,
            f"{name} is {shown} in {as_percent(column.top_share)} of the rows; {rest:,} differ.",
            "it can help only those rows: worth keeping if they are the ones that matter",
            {"value": shown, "share": column.top_share, "others": rest},
        )


def names_rows(column: Column, table: Table) -> bool:
    """Whether a column's values tell rows apart instead of describing them."""
    if column.present < _LEAST_ROWS or column.kind in {ColumnType.BOOLEAN, ColumnType.TIME}:
        return False
    share = column.different / column.present
    if column.is_text:
        return share >= table.limits.identifier and not is_prose(column)
    if not column.is_whole or share < 1:
        return False
    values = column.levels[0]
    dense = float(values[-1]) - float(values[0]) <= _DENSE * len(values)
    return dense or is_called_id(column.name)


def is_called_id(name: str) -> bool:
    """Whether a column is called as names of rows are.

    >>> is_called_id("order_id"), is_called_id("userId"), is_called_id("paid")
    (True, True, False)
    """
    return _ID_NAME.fullmatch(name) is not None or _CAMEL_ID.fullmatch(name) is not None


def is_prose(column: Column) -> bool:
    """Whether texts are sentences."""
    texts = column.levels[0][:: max(1, column.different // _PROBED)]
    return bool(len(texts)) and float(np.mean([len(str(text).split()) for text in texts])) > _WORDS


def find_identifier(column: Column, table: Table) -> Iterator[Finding]:
    """Columns that name rows and have no such role yet."""
    if column.name in {table.roles.id, table.roles.target, *table.roles.keys} or not names_rows(column, table):
        return
    share = column.different / column.present
    yield Finding(
        "identifier",
        (column.name,),
        FindingSeverity.WARNING,
        f"{column.name} has a value of its own in {as_percent(share)} of the rows: it names rows.",
        "give it as dataset.id or drop it; a model can only learn it by heart",
        {"different": column.different, "share": share},
    )


def find_categories(column: Column, table: Table) -> Iterator[Finding]:
    """Texts with very many different values, and categories of very few rows."""
    if not column.is_text or column.name == table.roles.target or table.roles.role_of(column.name) in {"id", "key"}:
        return
    limits, counts = table.limits, column.levels[1]
    if is_prose(column):
        yield Finding(
            "free_text",
            (column.name,),
            FindingSeverity.NOTE,
            f"{column.name} holds sentences ({column.different:,} different ones).",
            "take it as text (features: TF-IDF), not as categories",
            {"different": column.different},
        )
    elif column.different > limits.many_categories:
        yield Finding(
            "many_categories",
            (column.name,),
            FindingSeverity.NOTE,
            f"{column.name} has {column.different:,} different values, {column.present / column.different:.0f} rows "
            "each on average.",
            "encode by frequency, hashing or the target's mean out of fold; expect new values later",
            {"different": column.different, "rows_each": column.present / column.different},
        )
    elif (rare := int((counts < limits.rare_rows).sum())) and column.present >= limits.rare_rows * _LEAST_ROWS:
        names = [shorten(value) for value in column.levels[0][-rare:][::-1]]
        rows = int(counts[counts < limits.rare_rows].sum())
        yield Finding(
            "rare_categories",
            (column.name,),
            FindingSeverity.NOTE,
            f"{rare} of {column.different} values of {column.name} have under {limits.rare_rows} rows: "
            f"{list_names(names, _SHOWN)}.",
            "put them together under one name, or expect them to be absent from a split",
            {"values": rare, "rows": rows},
        )


def shorten(value: object, most: int = 40) -> str:
    """A value as text that fits into a sentence.

    >>> shorten(0.0), shorten(6.904679999999999), shorten("x" * 50, most=5)
    ('0', '6.90468', 'xxxx…')
    """
    if isinstance(value, np.datetime64):
        return str(value)[:19].replace("T", " ")
    if isinstance(value, float | np.floating) and not float(value).is_integer():
        return f"{value:.6g}"
    text = repr(value) if isinstance(value, str) and (value.strip() != value or not value) else text_of(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"

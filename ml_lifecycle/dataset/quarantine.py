"""Setting aside the rows that break the schema, each with its reasons: nothing is thrown away.

What breaks the schema is found out in `inspection`; the schema is in `schema`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from ml_lifecycle.config.dataset import DatasetConfig
from ml_lifecycle.dataset.coercion import ColumnType, coerce_column
from ml_lifecycle.dataset.failures import FAILURE_COLUMNS
from ml_lifecycle.dataset.rows import ROW_ID, renumber
from ml_lifecycle.dataset.schema import Schema, judge_schema
from ml_lifecycle.errors import DataError
from ml_lifecycle.verdict import Fact, Verdict

ROW: Final = "row"
"""The column of the quarantine that holds the whole row as JSON."""

_MOST_FREQUENT = 10


@dataclass(frozen=True, slots=True)
class Validated:
    """Rows divided by whether they keep the schema; together they are all rows that came.

    Args:
        good: Rows that keep it, with the types that it names.
        quarantined: One row for each failure of the others: `_row_id`, column, check, value, and `row`, the row as
            it came, in JSON.
        verdicts: schema_valid and quarantine_share.
    """

    good: pd.DataFrame
    quarantined: pd.DataFrame
    verdicts: list[Verdict]


def validate_rows(frame: pd.DataFrame, schema: Schema, config: DatasetConfig) -> Validated:
    """Divide rows into those that keep the schema and those that do not.

    Columns under `drop` need not be there, although the schema may know them.

    Raises:
        DataError: The rows have no `_row_id`.
    """
    if ROW_ID not in frame.columns:
        raise DataError("the rows have no names", expected=f"a column {ROW_ID}", advice="read them with read_rows")
    inspection = schema.inspect(frame, without=config.drop)
    failing = frame[ROW_ID].isin(inspection.failures[ROW_ID])
    kept = inspection.frame.loc[~failing] if failing.any() else inspection.frame
    good = _settle_types(renumber(kept), schema)
    quarantined = _with_rows(inspection.failures, frame.loc[failing])
    share = judge_share(len(frame), quarantined, config)
    return Validated(good, quarantined, [judge_schema(inspection), share])


def judge_share(rows: int, quarantined: pd.DataFrame, config: DatasetConfig) -> Verdict:
    """quarantine_share: not too many rows break the schema, and some keep it.

    Args:
        rows: How many rows came.
        quarantined: The failures.
        config: Says how many are too many.
    """
    failed = int(quarantined[ROW_ID].nunique())
    share = failed / max(rows, 1)
    reasons = quarantined.groupby(["column", "check"]).size().sort_values(ascending=False).head(_MOST_FREQUENT)
    facts: dict[str, Fact] = {": ".join(key): int(count) for key, count in zip(reasons.index, reasons, strict=True)}
    return Verdict(
        gate="quarantine_share",
        passed=rows > failed and share <= config.quarantine_share,
        summary=f"{failed:,} of {rows:,} rows ({share:.2%}) break the schema; the limit is "
        f"{config.quarantine_share:.2%}.",
        facts={
            "rows": rows,
            "quarantined": failed,
            "share": round(share, 6),
            "limit": config.quarantine_share,
            "reasons": facts,
        },
        advice="look at the quarantined rows, then mend the source, correct the schema file, or raise "
        "dataset.quarantine_share",
    )


def _settle_types(good: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Give whole numbers and truths their own type back, now that no missing cell is among them."""
    for name in schema.columns:
        exact = schema.kind(name) in {ColumnType.INTEGER, ColumnType.BOOLEAN}
        if exact and name in good.columns and good[name].dtype.kind == "f" and not good[name].isna().any():
            good[name] = coerce_column(good[name], schema.kind(name)).column
    return good


def _with_rows(failures: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    if failures.empty:
        return pd.DataFrame({name: failures.get(name, pd.Series(dtype=object)) for name in (*FAILURE_COLUMNS, ROW)})
    content = rows.drop(columns=[ROW_ID])
    lines = content.to_json(
        orient="records", lines=True, date_format="iso", double_precision=15, default_handler=str, force_ascii=False
    ).splitlines()
    return failures.assign(**{ROW: failures[ROW_ID].map(dict(zip(rows[ROW_ID], lines, strict=True)))})

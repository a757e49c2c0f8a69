"""The schema that would accept data as it has become, for a person to copy into the schema file if a change is meant.

What has changed is told in `evolution`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import pandas as pd
import yaml

from ml_lifecycle.dataset.row_checks import ABSENT, NOT_NULLABLE
from ml_lifecycle.dataset.rows import text_of
from ml_lifecycle.dataset.schema import Schema, infer_schema

#: For each check that bounds cells, the bound it has below and the one above, and the check that includes its bound.
_LOWER: Final = {"greater_than": "greater_than_or_equal_to", "greater_than_or_equal_to": "greater_than_or_equal_to"}
_MOMENT: Final = "%Y-%m-%d %H:%M:%S"
_UPPER: Final = {"less_than": "less_than_or_equal_to", "less_than_or_equal_to": "less_than_or_equal_to"}


def propose_schema(schema: Schema, frame: pd.DataFrame, *, without: Collection[str] = ()) -> Schema:
    """Widen a schema until it accepts how the data has changed, and no further.

    New columns are added as they are guessed from the rows, lost ones need no longer be there, types follow the data,
    categories and ranges grow, columns with missing cells may have them. Cells that cannot be read, and the checks that
    people write for other reasons (patterns, uniqueness), stay as they are.

    Args:
        schema: The schema as it is.
        frame: Rows that it does not accept.
        without: Columns that are not looked at.
    """
    inspection = schema.inspect(frame, without=without)
    document = yaml.safe_load(schema.to_yaml())
    columns: dict[str, dict[str, Any]] = document["columns"]
    for failure in inspection.column_failures:
        if failure.check == ABSENT:
            columns[failure.column]["required"] = False
        else:
            columns[failure.column] = _guessed(frame, failure.column)
    for name in inspection.extra:
        if name not in without:
            columns[name] = _guessed(frame, name)
    failed = inspection.failures[["column", "check"]].drop_duplicates()
    for column, check in failed.itertuples(index=False, name=None):
        if column in columns:
            _widen(columns[column], check, inspection.frame[column].dropna())
    return Schema.from_yaml(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def _guessed(frame: pd.DataFrame, column: str) -> dict[str, Any]:
    document = yaml.safe_load(infer_schema(frame[[column]]).to_yaml())
    guessed: dict[str, Any] = document["columns"][column]
    return guessed


def _widen(rule: dict[str, Any], check: str, cells: pd.Series) -> None:
    """Change what the schema says about one column, so that all its cells keep the check."""
    if check == NOT_NULLABLE:
        rule["nullable"] = True
    elif check == "isin":
        allowed = list(rule["isin"])
        rule["isin"] = [*allowed, *sorted({_plain(cell) for cell in cells.unique()} - set(allowed), key=text_of)]
    elif check == "in_range":
        rule["in_range"] = _wider(rule["in_range"], cells)
    elif check in _LOWER:
        del rule[check]
        rule[_LOWER[check]] = _plain(_rounded(cells.min(), "min"))
    elif check in _UPPER:
        del rule[check]
        rule[_UPPER[check]] = _plain(_rounded(cells.max(), "max"))


def _wider(bounds: Mapping[str, Any], cells: pd.Series) -> dict[str, Any]:
    """Bounds that reach as far as the cells; a bound that is met exactly is included."""
    wider = dict(bounds)
    for end, seen, beyond in (("min", cells.min(), "lt"), ("max", cells.max(), "gt")):
        bound = type(seen)(bounds[f"{end}_value"])
        outside = seen < bound if beyond == "lt" else seen > bound
        if outside or (seen == bound and not bounds.get(f"include_{end}", True)):
            wider[f"{end}_value"] = _plain(_rounded(seen, end))
            wider[f"include_{end}"] = True
    return wider


def _rounded(cell: Any, end: str) -> Any:  # noqa: ANN401 - whatever a column holds
    """A moment as exact as pandera writes it: to the second, outwards."""
    if not isinstance(cell, pd.Timestamp):
        return cell
    return cell.floor("s") if end == "min" else cell.ceil("s")


def _plain(cell: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    """A cell as YAML writes it."""
    if isinstance(cell, pd.Timestamp):
        return f"{cell:{_MOMENT}}"
    return cell.item() if hasattr(cell, "item") else cell

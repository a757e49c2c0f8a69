"""What the UI shows: frames as tables, pictures in markdown, column schemas. How it looks is decided here only."""

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    import pandas as pd

_PREVIEW_ROWS = 10
_PREVIEW_COLUMNS = 30


def as_table(frame: "pd.DataFrame", *, rows: int = _PREVIEW_ROWS) -> dg.MarkdownMetadataValue:
    """The first rows of a frame as a markdown table."""
    shown = frame.iloc[:rows, :_PREVIEW_COLUMNS]
    header = "| " + " | ".join(str(name) for name in shown.columns) + " |"
    rule = "|" + " --- |" * len(shown.columns)
    lines = ["| " + " | ".join(_cell(value) for value in row) + " |" for row in shown.itertuples(index=False)]
    left_out = len(frame) - len(shown)
    note = [f"\n{left_out:,} more rows"] if left_out > 0 else []
    return dg.MetadataValue.md("\n".join([header, rule, *lines, *note]))


def as_picture(png: bytes, *, title: str) -> dg.MarkdownMetadataValue:
    """A PNG inside markdown, so that the UI shows it without a file server."""
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{base64.b64encode(png).decode()})")


def as_pictures(figures: Mapping[str, bytes]) -> dict[str, Any]:
    """Metadata entries for several pictures."""
    return {name: as_picture(png, title=name.replace("_", " ")) for name, png in figures.items()}


def rows_of(frame: "pd.DataFrame") -> dict[str, Any]:
    """Row count and column schema under the keys that the UI knows."""
    columns = [dg.TableColumn(name=str(name), type=str(kind)) for name, kind in frame.dtypes.items()]
    return {"dagster/row_count": len(frame), "dagster/column_schema": dg.TableSchema(columns=columns)}


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value).replace("|", "\\|").replace("\n", " ")[:80]

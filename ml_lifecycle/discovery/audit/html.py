"""The page of an audit for people, and the door to Evidently's data summary, which it carries along.

What is found lives in the checks. The page is one file that needs no network; Evidently's part is drawn on a bounded
sample, without the columns whose values say who somebody is.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from ml_lifecycle.discovery.audit.column_reading import read_column
from ml_lifecycle.discovery.audit.findings import as_percent
from ml_lifecycle.discovery.audit.report import DataAudit, describe_range
from ml_lifecycle.discovery.audit.statistics import HIDDEN, draw_bars

_TEMPLATE = "audit.html.j2"
_PAIRS = 25
_MOST_TEXT = 60  # letters of a value; longer ones make Evidently's tables unreadable and large


def render_audit(
    audit: DataAudit, frame: pd.DataFrame, title: str, *, rows: int = 2_000, columns: int = 40, seed: int = 0
) -> bytes:
    """Draw an audit as one HTML page: our findings on top, Evidently's data summary below.

    Args:
        audit: What was found.
        frame: The rows that were audited.
        title: The page's title.
        rows: Most rows of Evidently's part, drawn at random.
        columns: Most columns of Evidently's part, the first ones; its size grows with them. 0 leaves it out.
        seed: Seed of the sample.
    """
    hidden = frozenset(audit.columns.loc[audit.columns["top_values"] == HIDDEN, "column"])
    drawn = _prepare(frame, [str(name) for name in audit.columns["column"]], hidden, rows, columns, seed)
    left_out = audit.scope.columns - len(drawn.columns)
    return (
        _environment()
        .get_template(_TEMPLATE)
        .render(
            title=title,
            audit=audit,
            columns=[
                {**row, "range": _range(row), "lacking": as_percent(row["missing_share"])}
                for row in audit.columns.to_dict("records")
            ],
            target=audit.target.to_dict("records"),
            most=max(audit.target["share"].max(), 1e-9) if len(audit.target) else 1.0,
            missing=[_draw_missing(str(name), parts) for name, parts in audit.missing.groupby("column", sort=False)],
            pairs=audit.pairs.head(_PAIRS).to_dict("records"),
            summary=render_summary(drawn).decode() if len(drawn.columns) else "",
            drawn=f"{len(drawn):,} rows drawn at random, {len(drawn.columns)} columns"
            + (f"; {left_out} are left out." if left_out else "."),
        )
        .encode()
    )


def render_summary(frame: pd.DataFrame) -> bytes:
    """Draw Evidently's data summary of a frame of numbers, times and texts, as an HTML page that needs no network."""
    # Evidently reads this when it is imported; without it, it reports its use to its makers.
    os.environ["DO_NOT_TRACK"] = "1"
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataSummaryPreset

    kinds = {name: values.dtype.kind for name, values in frame.items()}
    definition = DataDefinition(
        numerical_columns=[str(name) for name, kind in kinds.items() if kind == "f"],
        categorical_columns=[str(name) for name, kind in kinds.items() if kind == "O"],
        datetime_columns=[str(name) for name, kind in kinds.items() if kind == "M"],
    )
    with warnings.catch_warnings(), np.errstate(all="ignore"), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        snapshot = Report([DataSummaryPreset()]).run(Dataset.from_pandas(frame, data_definition=definition), None)
        page = Path(folder) / "summary.html"
        snapshot.save_html(str(page))
        return page.read_bytes()


def _prepare(
    frame: pd.DataFrame, names: list[str], hidden: Collection[str], rows: int, columns: int, seed: int
) -> pd.DataFrame:
    """A sample with columns that are all numbers, all times or all text; one without values is left out."""
    sample = frame.sample(n=rows, random_state=seed) if len(frame) > rows else frame
    made: dict[str, pd.Series] = {}
    for place, label in enumerate(frame.columns):
        name = str(label)
        if len(made) == columns:
            break
        if name not in names or name in hidden:
            continue
        drawn = _as_plain(sample.iloc[:, place].rename(name))
        if drawn.notna().any():
            made[name] = drawn
    return pd.DataFrame(made)


def _as_plain(values: pd.Series) -> pd.Series:
    column = read_column(values)
    if column.cells is not None:
        numeric = column.cells.astype(np.float64) if column.is_number else column.cells
        return pd.Series(numeric).mask(column.missing)
    assert column.codes is not None, "a column has cells or codes"  # noqa: S101 - invariant
    texts = np.array([*(str(text)[:_MOST_TEXT] for text in column.distinct), None], dtype=object)
    return pd.Series(texts[column.codes])


def _draw_missing(name: str, parts: pd.DataFrame) -> dict[str, object]:
    """The shares of missing cells of one column from old to new, as bars."""
    shares = parts["share"].to_numpy()
    where = parts["part"].iloc[int(shares.argmax())]
    return {"column": name, "bars": draw_bars(shares), "least": shares.min(), "most": shares.max(), "part": where}


def _range(row: dict[Any, Any]) -> str:
    """The range of numbers and times; texts have none."""
    return describe_range(row) if row["first"] or pd.notna(row["min"]) else ""


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("ml_lifecycle.discovery", "templates"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )

"""Outcomes: the truth about predictions, which arrives later in files. Where it is kept is `prediction_log`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.coercion import parse_times
from ml_lifecycle.dataset.rows import as_text
from ml_lifecycle.errors import DataError
from ml_lifecycle.serving.arrivals import read_arrivals
from ml_lifecycle.serving.prediction_log import PredictionLog


def collect_outcomes(config: ProjectConfig, home: Path, log: PredictionLog) -> int:
    """Take in the outcomes that have arrived.

    Rows whose outcome or time is missing or cannot be read are passed over: they are not known yet.

    Args:
        config: The project; without `monitoring.outcomes` none arrive.
        home: The state folder.
        log: Where they are kept.

    Returns:
        How many were new.

    Raises:
        DataError: A file cannot be read, or lacks a column that the configuration names.
        StateError: The log cannot be written.
    """
    wanted = config.monitoring.outcomes
    if wanted is None:
        return 0
    rows = read_arrivals(wanted.source, root=config.root, home=home)
    if rows.empty:
        return 0
    columns = {"key": wanted.id, "outcome": wanted.outcome or config.brief.target, "known_at": wanted.time}
    for name in columns.values():
        if name not in rows.columns:
            raise DataError(
                "outcomes cannot be read",
                expected=f"a column {name!r}",
                got=f"{[str(column) for column in rows.columns[:10]]}",
                advice="correct monitoring.outcomes, or what delivers its files",
            )
    found = pd.DataFrame({role: rows[name] for role, name in columns.items()})
    found["key"] = as_text(found["key"])
    found["known_at"] = parse_times(found["known_at"]).column
    return log.add_outcomes(config.name, found.dropna())

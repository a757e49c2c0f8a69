"""A table without faults, a project for it, and a short way to its findings."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.discovery.audit.audit import audit_rows
from ml_lifecycle.discovery.audit.findings import Finding

NOW = datetime(2026, 1, 1)  # noqa: DTZ001 - times without a zone, as in the table


def make_clean(rows: int = 600, seed: int = 0) -> pd.DataFrame:
    """Customers with nothing to complain about: times, amounts, counts, categories, two classes."""
    draw = np.random.default_rng(seed)
    seconds = np.sort(draw.integers(0, 700 * 86_400, rows))
    return pd.DataFrame(
        {
            "when": pd.Timestamp("2023-01-01") + pd.to_timedelta(seconds, unit="s"),
            "amount": np.round(draw.lognormal(3, 0.7, rows), 2),
            "balance": np.round(draw.normal(1000, 400, rows), 2),
            "visits": draw.poisson(4, rows),
            "ratio": draw.beta(2, 5, rows),
            "channel": draw.choice(["web", "shop", "call"], rows),
            "region": draw.choice([f"region {number}" for number in range(8)], rows),
            "bought": draw.choice(["no", "yes"], rows, p=[0.7, 0.3]),
        }
    )


def make_project(*, fairness: tuple[str, ...] = (), **dataset: Any) -> ProjectConfig:
    """A project on such a table."""
    return ProjectConfig.model_validate(
        {
            "name": "p",
            "folder": Path(),
            "root": Path(),
            "brief": {"problem": "p", "task": "classification", "target": "bought"},
            "dataset": {"sources": [{"path": "x.csv"}], "event_time": "when", **dataset},
            "evaluation": {"fairness": {"sensitive": fairness}},
        }
    )


def find(frame: pd.DataFrame, project: ProjectConfig | None = None, **options: Any) -> dict[str, Finding]:
    """The findings of a table by name."""
    options = {"now": NOW, **({} if project else {"target": "bought" if "bought" in frame else None}), **options}
    return {finding.name: finding for finding in audit_rows(frame, project, **options).findings}


def with_column(name: str, values: Any, rows: int = 600) -> pd.DataFrame:
    """The clean table with one more column, whose values are repeated."""
    return make_clean(rows).assign(**{name: np.resize(np.asarray(values, dtype=object), rows)}).infer_objects()

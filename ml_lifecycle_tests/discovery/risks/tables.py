"""Small tables for the tests of the risks: honest columns, and a project on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, identify
from ml_lifecycle.discovery.risks import RiskAssessment, assess_risks
from ml_lifecycle.discovery.risks.table import RiskTable, read_table

ROWS = 1_500


def project(task: str = "classification", target: str = "y", **dataset: Any) -> ProjectConfig:
    """A project that predicts y."""
    brief: Any = {"problem": "a test", "task": task, "target": target}
    rows: Any = {"sources": [{"path": "x"}], **dataset}
    return ProjectConfig(name="p", folder=Path("p"), root=Path("p"), brief=brief, dataset=rows)


def people(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Honest columns and a target of two classes that follows from them."""
    random = np.random.default_rng(seed)
    age, income = random.normal(45, 12, rows).round(), np.exp(random.normal(8, 0.5, rows)).round(2)
    town = random.choice(["north", "south", "west"], rows)
    score = 0.08 * (age - 45) + 2 * (np.log(income) - 8) + (town == "west")
    y = np.where(random.random(rows) < 1 / (1 + np.exp(-1.5 * score)), "yes", "no").astype(object)
    noise = random.normal(size=rows).round(4)
    return pd.DataFrame({"age": age, "income": income, "town": town, "noise": noise, "y": y})


def prices(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """The same with an amount as target."""
    random = np.random.default_rng(seed)
    frame = people(rows, seed).drop(columns="y")
    town = frame["town"].map({"north": 0, "south": 300, "west": 900})
    frame["y"] = (frame["income"] * 0.8 + 20 * frame["age"] + town + random.normal(0, 500, rows)).round(2)
    return frame


def placed(frame: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """A random assignment of a frame that has row ids."""
    random = np.random.default_rng(seed)
    names = random.choice(["train", "validation", "test"], len(frame), p=[0.7, 0.15, 0.15])
    return pd.DataFrame({ROW_ID: frame[ROW_ID], SPLIT: names})


def read(frame: pd.DataFrame, task: str = "classification", **dataset: Any) -> RiskTable:
    """The table that is searched."""
    named = identify(frame)
    return read_table(named, project(task, **dataset), assignment=placed(named))


def assess(frame: pd.DataFrame, task: str = "classification", **dataset: Any) -> RiskAssessment:
    """The whole assessment of a frame, divided at random."""
    named = identify(frame)
    return assess_risks(named, project(task, **dataset), assignment=placed(named))


def names(found: RiskAssessment) -> list[str]:
    """Names of what is reported."""
    return [finding.name for finding in found.reported]

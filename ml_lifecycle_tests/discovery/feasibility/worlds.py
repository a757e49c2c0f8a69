"""Made worlds whose right recommendation is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.config.loading import build_project
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.discovery.feasibility.study import FeasibilityStudy, study_feasibility
from ml_lifecycle.discovery.risks.assessment import assess_risks

ROWS = 1_200


def project(*, task: str = "classification", criteria: dict[str, str] | None = None, **dataset: Any) -> ProjectConfig:
    """A project with the target `y`."""
    attributes = {
        "brief": {"problem": "Who?", "task": task, "target": "y", "success_criteria": criteria or {}},
        "dataset": {"sources": [{"path": "x.csv"}], **dataset},
        "modeling": {"threads": 1},
        "discovery": {"feasibility": {"folds": 2}},
    }
    return build_project(attributes, name="world", folder=Path("world"), root=Path())


def world(*, rows: int = ROWS, strength: float = 6.0, flipped: float = 0.0, seed: int = 0) -> pd.DataFrame:
    """Four columns, of which two tell the target.

    Args:
        rows: How many.
        strength: How sharply: 0 is pure noise.
        flipped: Share of labels that are turned round.
        seed: Seed of the draw.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4))
    told = rng.random(rows) < 1 / (1 + np.exp(-strength * (x[:, 0] + x[:, 1])))
    labels = told ^ (rng.random(rows) < flipped)
    frame = pd.DataFrame(x, columns=list("abcd")).assign(y=np.where(labels, "yes", "no"))
    frame.insert(0, "_row_id", np.arange(rows))
    return frame


def study(frame: pd.DataFrame, config: ProjectConfig, *, risks: bool = False) -> FeasibilityStudy:
    """Study a world whose last fifth is the test."""
    split = np.where(np.arange(len(frame)) < 0.8 * len(frame), "train", "test")
    assignment = pd.DataFrame({"_row_id": frame["_row_id"], "_split": split})
    found = assess_risks(frame, config, assignment=assignment) if risks else None
    return study_feasibility(frame, assignment, config, risks=found)

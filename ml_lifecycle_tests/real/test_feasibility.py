"""The feasibility study of public tables: what is known about them is what it says."""

from pathlib import Path

import pandas as pd
import pytest

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.loading import build_project
from ml_lifecycle.dataset.rows import identify
from ml_lifecycle.dataset.splits import split_rows
from ml_lifecycle.discovery.feasibility.recommendation import Advice
from ml_lifecycle.discovery.feasibility.study import FeasibilityStudy, study_feasibility
from ml_lifecycle.discovery.risks import assess_risks

pytestmark = pytest.mark.real


def _study(
    frame: pd.DataFrame, target: str, task: str, criteria: dict[str, str], *, leaks: bool = False
) -> FeasibilityStudy:
    attributes = {
        "brief": {"problem": "?", "task": task, "target": target, "success_criteria": criteria},
        "dataset": {"sources": [{"path": "x.csv"}]},
        "discovery": {"feasibility": {"rows": 6_000}},
    }
    config = build_project(attributes, name="public", folder=Path("public"), root=Path())
    rows = identify(frame)
    assignment = split_rows(rows, config.dataset, target=target, task=Task(task)).assignment
    risks = assess_risks(rows, config, assignment=assignment) if leaks else None
    return study_feasibility(rows, assignment, config, risks=risks)


def test_adult_proceeds(data: Path) -> None:
    """The published 0.92 to 0.93 of tuned models is near; the prototype has 0.91 on 6,000 rows."""
    frame = pd.read_csv(data / "adult.csv.gz", na_values="?")
    found = _study(frame, "income", "classification", {"roc_auc": ">= 0.9"})
    assert found.advice is Advice.PROCEED
    assert 0.90 < found.facts["evidence"]["estimate"]["value"] < 0.93


def test_bank_proceeds_without_duration(data: Path) -> None:
    """With the duration of the call it would have 0.93; what is known before the call gives 0.79."""
    frame = pd.read_csv(data / "bank_additional_full.csv.gz", sep=";")
    found = _study(frame, "y", "classification", {"roc_auc": ">= 0.75"}, leaks=True)
    assert (found.advice, found.main_term) == (Advice.CONDITIONS, "leaks")
    assert 0.75 < found.facts["evidence"]["estimate"]["value"] < 0.82


def test_wine_stops_before_an_r2_of_nine_tenths(data: Path) -> None:
    """Tasters agree with the chemistry to half at most."""
    found = _study(pd.read_csv(data / "wine_quality.csv"), "quality", "regression", {"r2": ">= 0.9"})
    assert (found.advice, found.main_term) == (Advice.STOP, "criteria")

"""Keys that do not fit together are refused when a YAML is loaded, all at once, each with what to do."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from ml_lifecycle.config.consistency import find_conflicts
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle_tests.config.consistency.projects import build, refusal


@pytest.mark.parametrize("task", ["classification", "regression", "ranking"])
def test_what_is_not_said_fits(task: str) -> None:
    """The defaults of all sections go together."""
    assert find_conflicts(build(task)) == ()


def test_all_conflicts_are_named_at_once() -> None:
    """One look is enough to mend all; what came is not the whole YAML."""
    said = refusal(modeling={"intervals": 0.9, "objective": "poisson"}, orchestration={"retrain_cron": "daily {x}"})
    assert "modeling.intervals: expected it with a regression only, got brief.task: classification (remove it" in said
    assert "modeling.objective: expected one of auto for a classification, got poisson" in said
    assert "orchestration.retrain_cron" in said
    assert "daily {x}" in said
    assert "came:" not in said


def test_a_changed_project_is_judged_again() -> None:
    """As the settings of a run and the changes of an experiment are: by what was given, not by defaults."""
    document = build("regression", modeling={"intervals": 0.9}).model_dump(exclude_unset=True)
    document["brief"]["task"] = "classification"
    with pytest.raises(ValidationError, match=r"modeling\.intervals"):
        ProjectConfig.model_validate(document)


def test_nothing_heavy_is_imported() -> None:
    """A YAML is judged without the libraries that it speaks of."""
    heavy = ("numpy", "pandas", "sklearn", "lightgbm", "optuna", "dagster")
    code = f"import sys, ml_lifecycle.config.loading; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

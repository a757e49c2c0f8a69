"""Tests of `ml_lifecycle.orchestration.assets.model_comparison`; what it finds is tested end to end."""

import pytest

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.model_comparison import level_of


def _asking(project: ProjectConfig, alpha: float | None) -> ProjectConfig:
    retrain = project.monitoring.retrain.model_copy(update={"alpha": alpha})
    return project.model_copy(update={"monitoring": project.monitoring.model_copy(update={"retrain": retrain})})


@pytest.mark.parametrize(("job", "alpha"), [("tiny_retrain", 0.01), ("tiny_lifecycle", 0.05), ("__ASSET_JOB", 0.05)])
def test_only_a_retraining_is_judged_by_its_own_level(project: ProjectConfig, job: str, alpha: float) -> None:
    """Whatever else makes a candidate keeps to the level of the evaluation."""
    level = level_of(job, _asking(project, 0.01))
    assert level.comparison.alpha == alpha
    assert level.comparison.margin == project.evaluation.comparison.margin


def test_without_a_level_of_its_own_a_retraining_is_judged_like_the_rest(project: ProjectConfig) -> None:
    """Null takes that of the evaluation."""
    assert level_of("tiny_retrain", _asking(project, None)) == project.evaluation

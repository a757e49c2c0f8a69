"""An experiment changes the sections it names, and nothing else."""

import pytest

from ml_lifecycle.errors import ConfigError
from ml_lifecycle.evaluation.experiments.task import apply_changes
from ml_lifecycle_tests.evaluation.experiments.test_training import make_experiment, make_project


def test_changes_are_merged_into_sections() -> None:
    """What the experiment does not name stays; mappings that are no sections are replaced."""
    project = make_project(modeling={"search": {"trials": 2}, "parameters": {"num_leaves": 7}})
    found = apply_changes(project, make_experiment(modeling={"search": {"seconds": 3}, "parameters": {"max_depth": 2}}))
    assert (found.modeling.search.trials, found.modeling.search.seconds) == (2, 3)
    assert found.modeling.parameters == {"max_depth": 2}
    assert found.brief == project.brief


def test_a_wrong_change_is_refused() -> None:
    """The message names the experiment and the key."""
    with pytest.raises(ConfigError, match=r"experiment 'plain' are wrong.*familly"):
        apply_changes(make_project(), make_experiment(modeling={"familly": "linear"}))


def test_changes_that_do_not_fit_the_project_are_refused() -> None:
    """Before anything is fitted: what the project gave, and what the experiment changes, together."""
    project = make_project(modeling={"parameters": {"num_leaves": 7}})
    with pytest.raises(ConfigError, match=r"modeling\.parameters\.num_leaves: expected hyperparameters of knn"):
        apply_changes(project, make_experiment(modeling={"family": "knn"}))


@pytest.mark.parametrize("metric", ["rocauc", "rmse", "cost"])
def test_a_hypothesis_about_a_metric_that_does_not_fit_is_refused(metric: str) -> None:
    """It is unknown, of another task, or has no costs to count with."""
    experiment = make_experiment()
    stated = experiment.hypothesis.model_copy(update={"metric": metric})
    with pytest.raises(ConfigError, match=r"hypothesis\.metric of the experiment 'plain' is wrong"):
        apply_changes(make_project(), experiment.model_copy(update={"hypothesis": stated}))

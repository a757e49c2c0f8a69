"""The product's policy of retraining on streams with known truth; `benchmarks/policies.py` measures more of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ml_lifecycle.config.retraining import RetrainConfig
from ml_lifecycle.evaluation.inference.intervals import wilson
from ml_lifecycle_tests.benchmarks.policies import courses, found_at_once, windows_until_found
from ml_lifecycle_tests.benchmarks.policy_courses import Models, never
from ml_lifecycle_tests.benchmarks.policy_ours import Ours, Settings
from ml_lifecycle_tests.benchmarks.streams import CHANGE, Stream, generate

_QUICK = Settings(retrain=RetrainConfig(min_new_labels=100))


#: The window in which a small stream changes.
_CHANGE = 4


def _small(name: str) -> Stream:
    """A small piece of a stream around its change."""
    left_out = CHANGE - _CHANGE
    whole = generate(name, rows=300, windows=left_out + 10, learnt=5)
    first = whole.bounds[left_out]
    return replace(
        whole,
        frame=whole.frame.iloc[first:],
        y=whole.y[first:],
        bounds=whole.bounds[left_out:] - first,
        changes=tuple(at - left_out for at in whole.changes),
    )


def test_a_shift_of_one_standard_deviation_is_found_in_the_first_full_window() -> None:
    """In one of twenty features, with each of a few seeds; what stands still is seldom called drifted."""
    found, false = found_at_once(3)
    assert found == 1
    assert false < 0.5


def test_a_sudden_change_is_found_at_once_and_answered() -> None:
    """Nothing before it, a promotion after it, and less loss than without."""
    models = Models(_small("sudden"), rounds=20)
    course = Ours(models, _QUICK).run()
    assert windows_until_found(models.stream, course) == 1
    assert course.promoted
    assert min(course.trainings) >= _CHANGE
    assert course.loss < never(models).loss


def test_nothing_is_trained_where_nothing_changes() -> None:
    """On a stationary stream the first model stays."""
    assert not Ours(Models(_small("none"), rounds=20), _QUICK).run().trainings


def test_inputs_that_move_without_harm_only_warn_where_the_yaml_says_so() -> None:
    """Drift is found, and no training is started."""
    stream = _small("covariate only")
    warn = replace(_QUICK, retrain=_QUICK.retrain.model_copy(update={"on_drift_alone": "warn"}))
    course = Ours(Models(stream, rounds=20), warn).run()
    assert _CHANGE in course.drift
    assert not course.trainings


@pytest.mark.slow
def test_the_targets_of_the_alarms_hold() -> None:
    """At least 95 % of seeds find the shift at once; stable windows are called drifted at the YAML's rate at most."""
    found, false = found_at_once(30)
    assert found >= 0.95
    assert wilson(false, 30, tail=0.025).low <= Settings().drift.false_alarm_rate


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sudden", "recurring", "regression, sudden"])
def test_a_changing_world_costs_little_more_than_training_all_the_time(name: str) -> None:
    """At most a tenth more loss for at most a quarter of the trainings, on a small stream."""
    found = courses(generate(name, windows=32), rounds=40)
    every, ours = found["every window"], found["ours"]
    assert ours.loss <= 1.1 * every.loss
    assert len(ours.trainings) <= 0.25 * len(every.trainings) + 1
    assert ours.loss < found["never"].loss

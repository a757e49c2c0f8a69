"""Sanity: a few rows can be learnt by heart, and the answer to a row does not depend on the others."""

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle.evaluation.model_gates import judge_sanity
from ml_lifecycle.evaluation.sanity import find_batch, find_order, fit_small_batch, probe_order
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.estimators import FAMILIES, Fit, Prepared, Rounds, get_family
from ml_lifecycle.modeling.estimators.lightgbm_trees import LightGBM
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.search_space import Parameter
from ml_lifecycle_tests.evaluation.problems import binary
from ml_lifecycle_tests.modeling.problems import make_goal, make_samples

METRIC = {Kind.BINARY: "log_loss", Kind.MULTICLASS: "log_loss", Kind.REGRESSION: "rmse", Kind.RANKING: "ndcg@10"}


class Unteachable(LightGBM):
    """A family that looks at other targets than those of its rows."""

    def fit(self, prepared: Prepared, parameters: Mapping[str, Parameter], rounds: Rounds) -> Fit:
        """Learn targets that have changed places."""
        train = replace(prepared.train, y=np.random.default_rng(0).permutation(prepared.train.y))
        return super().fit(self.prepare(train, None, prepared.goal, parameters), parameters, rounds)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_learns_a_few_rows_by_heart(family: str, kind: Kind) -> None:
    """Even where the targets are noise; a linear model is held to what least squares find."""
    samples = make_samples(kind, 200)
    noise = replace(samples, y=np.random.default_rng(1).permutation(samples.y))
    for part in (samples, noise):
        batch = fit_small_batch(part, get_family(family), goal=make_goal(kind), rows=60)
        assert batch is not None
        assert find_batch(METRICS[METRIC[kind]], batch).holds


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.REGRESSION])
def test_a_family_that_cannot_learn_is_found(kind: Kind) -> None:
    """Targets that do not belong to their rows are not learnt."""
    batch = fit_small_batch(make_samples(kind, 200), Unteachable(), goal=make_goal(kind))
    assert batch is not None
    found = find_batch(METRICS[METRIC[kind]], batch)
    assert not found.holds
    assert found.facts["way"] < 0.8


def test_a_linear_model_that_cannot_learn_is_found() -> None:
    """One that answers at random explains nothing of what least squares explain."""
    batch = fit_small_batch(make_samples(Kind.BINARY, 200), get_family("linear"), goal=make_goal(Kind.BINARY))
    assert batch is not None
    shuffled = replace(batch, p=np.random.default_rng(0).permutation(batch.p))
    assert find_batch(METRICS["f1"], batch).holds
    assert not find_batch(METRICS["f1"], shuffled).holds


def _with_features(samples: Samples, values: np.ndarray) -> Samples:
    names = tuple(f"f{place}" for place in range(values.shape[1]))
    return replace(samples, matrix=FeatureMatrix(np.ascontiguousarray(values, dtype=np.float32), names))


def test_equal_rows_of_different_targets_are_no_fault() -> None:
    """Ten kinds of rows with mixed targets: only the means can be learnt, and that is enough."""
    samples = _with_features(make_samples(Kind.BINARY, 200), np.arange(200)[:, None] % 10)
    batch = fit_small_batch(samples, get_family("lightgbm"), goal=make_goal(Kind.BINARY))
    assert batch is not None
    found = find_batch(METRICS["log_loss"], batch)
    assert found.holds
    assert found.facts["best"] > 0.3


def test_rows_without_anything_to_learn_pass() -> None:
    """All rows alike, or all targets the same."""
    samples = make_samples(Kind.BINARY, 200)
    alike = fit_small_batch(
        _with_features(samples, np.ones((200, 1))), get_family("random_forest"), goal=make_goal(Kind.BINARY)
    )
    assert alike is not None
    assert "nothing to learn" in find_batch(METRICS["roc_auc"], alike).said
    same = replace(make_samples(Kind.REGRESSION, 200), y=np.ones(200))
    assert fit_small_batch(same, get_family("lightgbm"), goal=make_goal(Kind.REGRESSION)) is None


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sound_model_answers_each_row_by_itself(family: str) -> None:
    """In another order and one by one, within the last bits."""
    samples = make_samples(Kind.MULTICLASS, 200)
    known = get_family(family)
    goal = make_goal(Kind.MULTICLASS)
    parameters = known.default_parameters(200, goal)
    model = known.fit(known.prepare(samples, None, goal, parameters), parameters, Rounds(10)).model
    probe = probe_order(lambda rows: model.predict_matrix(samples.matrix.take(rows)), 200)
    assert find_order(probe).holds
    assert (probe.rows, probe.singles) == (200, 20)


def test_a_model_that_reads_the_other_rows_is_found() -> None:
    """Scaling by the mean of the request changes the answer to one row asked alone."""
    x = np.random.default_rng(0).normal(size=50)
    found = find_order(probe_order(lambda rows: x[rows] - x[rows].mean(), 50))
    assert not found.holds
    assert found.facts["permuted"] < 1e-9 < found.facts["single"]


def test_a_model_that_reads_the_order_is_found() -> None:
    """A difference to the row before depends on the order; a prediction that is no number is no answer either."""
    x = np.random.default_rng(0).normal(size=50)
    assert not find_order(probe_order(lambda rows: np.diff(x[rows], prepend=0), 50)).holds
    assert not find_order(probe_order(lambda rows: np.where(len(rows) == 1, np.nan, x[rows]), 50)).holds


def test_the_gate_judges_all_three() -> None:
    """Each part can fail it alone, says so, and brings its figures."""
    data, config = binary(300), EvaluationConfig(bootstrap=60)
    noise = np.random.default_rng(8).permutation(data.p)
    samples, goal = make_samples(Kind.BINARY, 200), make_goal(Kind.BINARY)
    good = fit_small_batch(samples, get_family("lightgbm"), goal=goal)
    bad = fit_small_batch(samples, Unteachable(), goal=goal)
    sound = probe_order(lambda rows: data.p[rows], 300)
    broken = probe_order(lambda rows: data.p[rows] - data.p[rows].mean(), 300)

    def judge(**given: object) -> tuple[bool, object]:
        verdict = judge_sanity(METRICS["log_loss"], data.y, noise, config=config, **given)
        json.dumps(dict(verdict.facts), allow_nan=False)
        assert verdict.summary.endswith(".")
        return verdict.passed, verdict.facts["failed"]

    assert judge(batch=good, order=sound) == (True, [])
    assert judge(batch=bad, order=sound) == (False, ["batch"])
    assert judge(batch=good, order=broken) == (False, ["order"])

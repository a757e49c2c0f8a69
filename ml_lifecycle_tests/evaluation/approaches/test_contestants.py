"""The three approaches are measured on the same rows and laid side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Constraints, Kind, Task
from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.config.modeling import ModelingConfig
from ml_lifecycle.evaluation.approaches import figures as approach_figures
from ml_lifecycle.evaluation.approaches.contestants import Approaches, Tuned, compare_approaches
from ml_lifecycle.evaluation.inference.significance import paired_bootstrap
from ml_lifecycle.evaluation.metrics import default_metric
from ml_lifecycle.modeling.baselines import fit_baselines
from ml_lifecycle.modeling.estimators import Goal, Rounds, get_family
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.modeling.training import fit_model
from ml_lifecycle_tests.modeling.baselines.problems import on_days
from ml_lifecycle_tests.modeling.problems import KINDS, make_samples

_TASKS = {Kind.REGRESSION: Task.REGRESSION, Kind.RANKING: Task.RANKING}
MODELING = ModelingConfig(threads=1, max_trees=30)
EVALUATION = EvaluationConfig(bootstrap=100)


def compare(
    kind: Kind,
    train: Samples | None = None,
    valid: Samples | None = None,
    *,
    constraints: Constraints | None = None,
    modeling: ModelingConfig = MODELING,
) -> Approaches:
    """Compare the approaches to a small problem, the best of them being LightGBM."""
    train = train or make_samples(kind)
    valid = valid or make_samples(kind, 200, seed=1)
    positive = 1 if kind is Kind.BINARY else None
    task = _TASKS.get(kind, Task.CLASSIFICATION)
    target = Target.fit(pd.Series(train.y), task, name="y", positive_class=positive)
    metric, goal = default_metric(kind), Goal(kind, len(target.classes))
    best = fit_model(get_family("lightgbm"), train, None, {}, goal=goal, rounds=Rounds(most=30)).model
    return compare_approaches(
        train,
        valid,
        baselines=fit_baselines(train, valid, kind=kind, target=target, score=metric),
        tuned=Tuned(best, best.predict_matrix(valid.matrix), seconds=12.5),
        target=target,
        metric=metric,
        modeling=modeling,
        evaluation=EVALUATION,
        constraints=constraints or Constraints(),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_compared(kind: Kind) -> None:
    """All figures are there; the simplest comes first and has no gain; the table survives storage."""
    found = compare(kind)
    table = found.table.set_index("approach")
    assert table.index.tolist() == ["baseline", "pragmatic", "best"]
    assert table["name"].tolist()[1:] == ["lightgbm", "lightgbm"]
    figures = table[["score", "low", "high", "training_seconds", "latency_p50_ms", "latency_p95_ms", "size_bytes"]]
    assert figures.notna().all(axis=None)
    assert (table["latency_p50_ms"] <= table["latency_p95_ms"]).all()
    assert table.loc["best", "training_seconds"] == 12.5
    assert table["gain"].isna().tolist() == [True, False, False]
    assert table["recommended"].sum() == 1
    again = Approaches.from_parts(found.to_parts())
    pd.testing.assert_frame_equal(again.table, found.table)
    assert again.markdown() == found.markdown()


def test_the_table_says_what_is_recommended_and_why() -> None:
    """One line per approach, the recommended one bold, and the reasons below."""
    found = compare(Kind.REGRESSION)
    text = found.markdown()
    assert f"**{found.recommended}: " in text
    assert found.summary in text
    assert "200 validation rows, intervals at 95%" in text
    assert len(text.splitlines()) == 7


def test_limits_of_the_brief_count() -> None:
    """What is too large is out, with its objection in the table."""
    found = compare(Kind.REGRESSION, constraints=Constraints(model_size_mb=0.0001))
    assert found.recommended is None
    assert found.table["objections"].str.contains("MB are allowed").all()
    assert not found.table["recommended"].any()


def test_persistence_is_timed_as_a_look_up() -> None:
    """A baseline that reads labels has no single row to be asked for."""
    walk = np.random.default_rng(0).normal(size=300).cumsum()
    train, valid = on_days(range(200), walk[:200]), on_days(range(200, 300), walk[200:], first_row=200)
    found = compare(Kind.REGRESSION, train, valid)
    first = found.table.iloc[0]
    assert first["name"] == "last_value"
    assert 0 < first["latency_p50_ms"] == first["latency_p95_ms"]
    assert found.recommended == "baseline"


def test_a_family_is_not_asked_for_what_it_cannot_do() -> None:
    """The pragmatic model is there to compare with: it learns with its own loss where it lacks the project's."""
    found = compare(Kind.REGRESSION, modeling=MODELING.model_copy(update={"objective": "absolute_error"}))
    assert found.table["score"].notna().all()


def test_many_rows_are_compared_without_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """The jackknife's interval of a gain is the bootstrap's, nearly."""
    monkeypatch.setattr(approach_figures, "MOST_RESAMPLED", 100)
    valid = make_samples(Kind.REGRESSION, 2_000, seed=1)
    noise = np.random.default_rng(0).normal(size=(2, 2_000))
    a, b = valid.y + 0.3 * noise[0], valid.y + 0.35 * noise[1]
    metric = default_metric(Kind.REGRESSION)
    judge = approach_figures.Judge(metric, valid, None, EVALUATION, 0)
    quick, drawn = judge.gain(a, b), paired_bootstrap(metric, valid.y, a, b)
    assert quick.difference == pytest.approx(drawn.difference)
    np.testing.assert_allclose([quick.low, quick.high], [drawn.low, drawn.high], atol=0.2 * (drawn.high - drawn.low))
    assert quick.p_value < 0.01
    assert replace(judge, groups=np.arange(2_000) // 10).gain(a, b).low != quick.low
    assert judge.interval(a).low < judge.interval(a).value

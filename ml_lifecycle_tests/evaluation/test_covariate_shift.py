"""Covariate shift by weights: the mean moves as told, and what it costs is what it would cost."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.evaluation.covariate_shift import COLUMNS, assess_shift, tilt
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle_tests.evaluation.problems import binary, queries


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=60), st.floats(0.05, 1.0))
def test_tilting_moves_the_mean_as_far_as_asked(values: list[float], strength: float) -> None:
    """Whatever the figures: the weighted mean is the one asked for, or it cannot be reached."""
    figure = np.array(values)
    if figure.std() < 1e-3:
        return
    figure = (figure - figure.mean()) / figure.std()
    weights = tilt(figure, strength)
    if weights is None:
        assert figure.max() <= strength
        return
    assert weights.mean() == pytest.approx(1)
    assert (weights * figure).mean() == pytest.approx(strength, abs=1e-4)


def _blind(rows: int = 4000) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    data = binary(rows)
    return data.frame, data.y, np.where(data.frame["city"] == "b", 0.5, data.p)


@pytest.mark.parametrize("name", ["log_loss", "accuracy", "roc_auc"])
def test_the_column_that_hides_a_weakness_costs_most(name: str) -> None:
    """A model that is blind in one city suffers when there are more of it, and the table says so first."""
    frame, y, p = _blind()
    found = assess_shift(frame, y, p, METRICS[name], 0.25)
    assert tuple(found.columns) == COLUMNS
    assert found.loc[0, "disturbance"] == "city = b more often"
    assert 0 < found.loc[0, "low"] < found.loc[0, "drop"] < found.loc[0, "high"]
    assert found["column"].is_unique


def test_the_loss_is_that_of_a_shifted_population() -> None:
    """Rows drawn anew with the grown share score as the weighted ones do."""
    frame, y, p = _blind(20_000)
    found = assess_shift(frame, y, p, METRICS["log_loss"], 0.25, columns=["city"])
    share = (frame["city"] == "b").mean()
    grown = share + 0.25 * np.sqrt(share * (1 - share))
    losses = -np.where(y == 1, np.log(p), np.log(1 - p))
    in_city = (frame["city"] == "b").to_numpy()
    expected = grown * losses[in_city].mean() + (1 - grown) * losses[~in_city].mean()
    assert found.loc[0, "value"] == pytest.approx(expected, rel=1e-6)
    assert found.loc[0, "rows"] == pytest.approx(20_000 / 1.0625, rel=0.01)


def test_nothing_is_surely_lost_where_the_population_does_not_matter() -> None:
    """Of 30 models whose error has nothing to do with any column, at most 2 have a shift that surely costs."""
    surely = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        y = rng.normal(size=300)
        frame = pd.DataFrame({"x": rng.normal(size=300), "c": rng.choice(["a", "b"], 300)})
        found = assess_shift(frame, y, y + rng.normal(size=300), METRICS["mae"], 0.25)
        surely += bool((found["low"] > 0).any())
    assert surely <= 2


def test_what_cannot_shift_is_left_out() -> None:
    """A constant, a column that is not there and rare values are passed over; missing cells are a direction."""
    rng = np.random.default_rng(0)
    x = pd.Series(rng.normal(size=400))
    frame = pd.DataFrame({"x": x.mask(x > 1), "one": 1.0, "name": [f"n{i}" for i in range(400)]})
    y = np.where(x > 1, 5.0, 0.0)
    found = assess_shift(frame, y, np.zeros(400), METRICS["mae"], 0.25, columns=["x", "one", "name", "gone"])
    assert found["disturbance"].tolist() == ["x missing more often"]


def test_queries_are_weighted_whole() -> None:
    """A ranking that is bad for one kind of query suffers when that kind grows."""
    grades, scores, query = queries(900)
    kind = np.where(query % 3 == 0, "hard", "easy")
    found = assess_shift(
        pd.DataFrame({"kind": kind}),
        grades,
        np.where(kind == "hard", -scores, scores),
        METRICS["ndcg@5"],
        0.25,
        query=query,
    )
    assert found.loc[0, "disturbance"] == "kind = hard more often"
    assert found.loc[0, "low"] > 0
    assert found.loc[0, "rows"] < 90


def test_dependent_rows_are_less_sure() -> None:
    """With few groups behind the rows the interval is wider."""
    frame, y, p = _blind(1000)
    alone = assess_shift(frame, y, p, METRICS["log_loss"], 0.25, columns=["city"])
    order = np.argsort(frame["city"].to_numpy(), kind="stable")
    person = np.empty(1000, dtype=int)
    person[order] = np.arange(1000) // 20
    grouped = assess_shift(frame, y, p, METRICS["log_loss"], 0.25, columns=["city"], groups=person)
    assert grouped.loc[0, "rows"] < 60
    assert grouped.loc[0, "low"] < alone.loc[0, "low"]

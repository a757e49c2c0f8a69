"""All families keep the contract of `estimators/base`."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ConfigError, ModelError, PackageError
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.estimators import FAMILIES, Fit, Goal, ModelFacts, Rounds, get_family, load_model
from ml_lifecycle.modeling.estimators.rounds import RoundWatch
from ml_lifecycle.modeling.search_space import Choice, Range
from ml_lifecycle.modeling.training import fit_model
from ml_lifecycle_tests.modeling.problems import KINDS, SCORES, make_goal, make_samples

QUICK = 8
ALL = [pytest.param(family, kind, id=f"{family}-{kind}") for family in FAMILIES for kind in KINDS]


def fit(family: str, kind: Kind, rounds: int = QUICK, **changes: object) -> Fit:
    """Fit a family on a small problem."""
    rules = Rounds(rounds, patience=None, score=SCORES[kind], **changes)  # type: ignore[arg-type]
    return fit_model(
        get_family(family), make_samples(kind), make_samples(kind, 100, seed=1), {}, goal=make_goal(kind), rounds=rules
    )


@pytest.mark.parametrize(("family", "kind"), ALL)
def test_a_fit_learns_predicts_and_survives_storage(family: str, kind: Kind) -> None:
    """A fitted model is better than a constant, has the shape of its kind, and predicts the same after loading."""
    new = make_samples(kind, 80, seed=2)
    done = fit(family, kind)
    model = load_model(done.model.to_files())
    found = model.predict_matrix(new.matrix)
    assert found.dtype == np.float64
    assert found.shape == ((80, 3) if kind is Kind.MULTICLASS else (80,))
    np.testing.assert_array_equal(found, done.model.predict(new.matrix.values))
    row = model.predict_row(new.matrix.values[3])
    np.testing.assert_allclose(row, found[3], rtol=1e-12)
    assert isinstance(row, np.ndarray) == (kind is Kind.MULTICLASS)
    score = SCORES[kind]
    level = np.bincount(new.y, minlength=3) / 80 if kind is Kind.MULTICLASS else np.array(new.y.mean())
    constant = score(new.y, np.broadcast_to(level, found.shape))
    better = score(new.y, found) > constant if score.greater_is_better else score(new.y, found) < constant
    assert better
    if kind is Kind.MULTICLASS:
        np.testing.assert_allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize(("family", "kind"), ALL)
def test_two_fits_are_the_same_bytes(family: str, kind: Kind) -> None:
    """Same samples, parameters, seed and threads give the same files."""
    assert fit(family, kind).model.to_files() == fit(family, kind).model.to_files()


@pytest.mark.parametrize("family", FAMILIES)
def test_importance_finds_the_signal(family: str) -> None:
    """Importance sums to 1, names the features, and ranks the signal above the noise."""
    shares = fit(family, Kind.BINARY).model.importance()
    assert sum(shares.values()) == pytest.approx(1)
    assert max(shares, key=shares.__getitem__) == "age"
    assert shares["noise"] < shares["age"] / 2


@pytest.mark.parametrize("family", FAMILIES)
def test_the_deadline_ends_a_fit(family: str) -> None:
    """A deadline that has passed leaves the one round that is always made."""
    done = fit(family, Kind.BINARY, rounds=500, deadline=time.monotonic() - 1)
    assert done.stopped in {"deadline", "most"}
    assert done.rounds < 500
    assert 1 <= done.model.iterations <= 20


@pytest.mark.parametrize("family", ["lightgbm", "hist_gradient_boosting"])
def test_patience_ends_a_fit_at_its_best_round(family: str) -> None:
    """Without a better score for so many rounds the fit ends, and the model consists of the best round."""
    rules = Rounds(400, patience=20, score=SCORES[Kind.BINARY])
    wild = {"learning_rate": 0.5}
    done = fit_model(
        get_family(family),
        make_samples(Kind.BINARY),
        make_samples(Kind.BINARY, 100, seed=1),
        wild,
        goal=make_goal(Kind.BINARY),
        rounds=rules,
    )
    assert done.stopped == "patience"
    assert done.model.iterations < done.rounds < 400
    valid = make_samples(Kind.BINARY, 100, seed=1)
    assert SCORES[Kind.BINARY](valid.y, done.model.predict(valid.matrix.values)) == pytest.approx(done.score, rel=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_rounds_are_told(family: str) -> None:
    """The caller hears of rounds in rising order, with a score."""
    heard: list[tuple[int, float]] = []
    fit(family, Kind.BINARY, on_round=lambda done, value: heard.append((done, value)))
    assert heard
    assert [done for done, _ in heard] == sorted({done for done, _ in heard})


@pytest.mark.parametrize("family", FAMILIES)
def test_a_class_that_training_lacks_keeps_its_place(family: str) -> None:
    """A class that only other splits have gets its column and next to no probability."""
    train = make_samples(Kind.MULTICLASS)
    train = train.take(train.y != 1)
    goal = make_goal(Kind.MULTICLASS)
    model = fit_model(get_family(family), train, None, {}, goal=goal, rounds=Rounds(3)).model
    found = model.predict(train.matrix.values)
    assert found.shape == (len(train), 3)
    assert found[:, 1].max() < 1e-3
    np.testing.assert_allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize("family", FAMILIES)
def test_unknown_categories_and_missing_cells_are_predicted(family: str) -> None:
    """A code beyond the known ones and a row of missing cells get a finite prediction."""
    model = fit(family, Kind.REGRESSION).model
    strange = np.array([[np.nan] * 4, [0, 0, 4, 0], [0, 0, 900, 0], [1e30, 0, 0, 0]], dtype=np.float32)
    assert np.isfinite(model.predict(strange)).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_wrong_features_are_refused(family: str) -> None:
    """Too few features, another order and a matrix as a row are errors; no rows are no error."""
    model = fit(family, Kind.MULTICLASS).model
    matrix = make_samples(Kind.MULTICLASS).matrix
    with pytest.raises(ModelError, match="features do not fit"):
        model.predict(matrix.values[:, :3])
    with pytest.raises(ModelError, match=r"shape \(4\)"):
        model.predict_row(matrix.values[:1])
    with pytest.raises(ModelError, match="not those the model was fitted on"):
        model.predict_matrix(matrix.select(tuple(reversed(matrix.names))))
    assert model.predict(matrix.values[:0]).shape == (0, 3)


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_to_learn_is_an_error(family: str) -> None:
    """One class, or no rows, stop with advice."""
    samples = make_samples(Kind.BINARY)
    for hopeless in (samples.take(samples.y == 1), samples.take(np.arange(0))):
        with pytest.raises(ModelError, match="nothing can be learnt"):
            fit_model(get_family(family), hopeless, None, {}, goal=make_goal(Kind.BINARY), rounds=Rounds(1))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_defaults_and_space_agree(family: str, kind: Kind) -> None:
    """For any number of rows the ranges are in order, and every searched parameter has a default."""
    chosen, goal = get_family(family), make_goal(kind)
    for rows in (1, 50, 3_000, 60_000, 500_000):
        space, defaults = chosen.space(rows, goal), chosen.default_parameters(rows, goal)
        assert set(space) <= set(defaults)
        for name, domain in space.items():
            if isinstance(domain, Choice):
                assert defaults[name] in domain.options
            elif rows > 1_000:
                assert domain.low <= float(defaults[name]) <= domain.high


def test_a_parameter_by_hand_must_exist() -> None:
    """A typo in modeling.parameters is named, with the nearest name; what is ours to set is refused too."""
    family, goal = get_family("lightgbm"), make_goal(Kind.BINARY)
    family.check_parameters({"num_leaves": 7, "max_bin": 63}, 100, goal)
    with pytest.raises(ConfigError, match="did you mean 'num_leaves'"):
        family.check_parameters({"num_leafs": 7}, 100, goal)
    with pytest.raises(ConfigError, match="objective"):
        family.check_parameters({"objective": "binary"}, 100, goal)


def test_an_unknown_family_is_named() -> None:
    """A typo in modeling.family is answered with the families there are."""
    with pytest.raises(ConfigError, match="did you mean 'lightgbm'"):
        get_family("lightgmb")


@pytest.mark.parametrize("family", FAMILIES)
def test_damaged_files_are_refused(family: str) -> None:
    """A missing file, garbage and an unknown family are package errors."""
    files = fit(family, Kind.BINARY).model.to_files()
    payload = next(name for name in files if name != "model.json")
    facts = files["model.json"]
    for damaged in (
        {"model.json": facts},
        {payload: files[payload]},
        {**files, "model.json": b"{}"},
        {**files, payload: b"garbage"},
        {**files, "model.json": facts.replace(family.encode(), b"oracle")},
    ):
        with pytest.raises(PackageError):
            load_model(damaged)


def test_grades_that_lambdarank_cannot_learn_are_refused() -> None:
    """Labels that are no grades, and rows without queries, are errors that name another family."""
    samples, goal = make_samples(Kind.RANKING), make_goal(Kind.RANKING)
    for hopeless in (
        replace(samples, y=samples.y + 0.5),
        replace(samples, y=samples.y * 40),
        replace(samples, query=None),
    ):
        with pytest.raises(ModelError, match=r"another modeling\.family"):
            fit_model(get_family("lightgbm"), hopeless, None, {}, goal=goal, rounds=Rounds(1))


def test_ranking_needs_no_order_of_rows() -> None:
    """Rows of a query may lie apart: the model is that of the ordered rows."""
    samples, goal = make_samples(Kind.RANKING), make_goal(Kind.RANKING)
    apart = samples.take(np.argsort(np.arange(len(samples)) % 10, kind="stable"))
    models = [
        fit_model(get_family("lightgbm"), rows, None, {}, goal=goal, rounds=Rounds(3)).model
        for rows in (samples, apart)
    ]
    assert models[0].to_files() == models[1].to_files()


def test_a_long_query_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query with more rows than LightGBM takes is learnt in pieces."""
    monkeypatch.setattr("ml_lifecycle.modeling.estimators.lightgbm_data.QUERY_LIMIT", 70)
    samples = replace(make_samples(Kind.RANKING, 200), query=np.zeros(200, dtype=np.int64))
    fitted = fit_model(get_family("lightgbm"), samples, None, {}, goal=make_goal(Kind.RANKING), rounds=Rounds(2))
    assert fitted.model.iterations == 2


def test_a_pure_feature_ends_boosting() -> None:
    """Where no leaf can be split any more the fit ends by itself."""
    matrix = FeatureMatrix(np.ones((40, 1), dtype=np.float32), ("same",))
    samples = replace(make_samples(Kind.REGRESSION, 40), matrix=matrix)
    done = fit_model(get_family("lightgbm"), samples, None, {}, goal=make_goal(Kind.REGRESSION), rounds=Rounds(50))
    assert done.rounds == 1
    np.testing.assert_allclose(done.model.predict(matrix.values), samples.y.mean(), atol=1e-6)


def test_a_wide_linear_model_is_kept_sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sparse design matrix gives the predictions of the dense one."""
    dense = fit("linear", Kind.BINARY).model
    monkeypatch.setattr("ml_lifecycle.modeling.estimators.design.DENSE_BYTES", 0)
    values = make_samples(Kind.BINARY).matrix.values
    np.testing.assert_allclose(fit("linear", Kind.BINARY).model.predict(values), dense.predict(values), atol=1e-3)


def test_a_score_that_is_not_a_number_is_an_error() -> None:
    """NaN on the validation rows stops the fit instead of choosing rounds by it."""
    valid = make_samples(Kind.BINARY, 30)
    nan = replace(SCORES[Kind.BINARY], function=lambda *_: float("nan"))
    with pytest.raises(ModelError, match="NaN on 30 rows"):
        RoundWatch(Rounds(3, score=nan), valid).score_of(np.zeros(30))
    with pytest.raises(ValueError, match="got none"):
        RoundWatch(Rounds(3), valid).score_of(np.zeros(30))


@settings(max_examples=40, deadline=None)
@given(scores=st.lists(st.floats(-10, 10), min_size=1, max_size=30), greater=st.booleans())
def test_the_watch_keeps_the_first_best_round(scores: list[float], greater: bool) -> None:  # noqa: FBT001
    """Whatever the curve, the best round is the first of the best scores."""
    score = replace(SCORES[Kind.BINARY], greater_is_better=greater)
    watch = RoundWatch(Rounds(len(scores), score=score), make_samples(Kind.BINARY, 10))
    stops = [watch.see(done, value) for done, value in enumerate(scores, start=1)]
    best = max(scores) if greater else min(scores)
    assert (watch.best_round, watch.best_score) == (scores.index(best) + 1, best)
    assert stops == [False] * (len(scores) - 1) + [True]


def test_facts_are_plain_json() -> None:
    """The facts of a model come back from JSON as they were."""
    facts = ModelFacts("linear", Goal(Kind.BINARY, 2), ("a",), (0,), {"C": 1.0}, 3, 10, {"a": 1.0})
    assert ModelFacts.from_json(facts.to_json()) == facts


def test_a_goal_and_a_space_refuse_nonsense() -> None:
    """One class, an empty choice, a reversed or logarithmic range from zero are programming mistakes."""
    with pytest.raises(ValueError, match="at least 2 classes"):
        Goal(Kind.BINARY, 1)
    with pytest.raises(ValueError, match="at least one option"):
        Choice(())
    with pytest.raises(ValueError, match="low <= high"):
        Range(2, 1)
    with pytest.raises(ValueError, match="positive low"):
        Range(0, 1, log=True)
    family = get_family("lightgbm")
    prepared = get_family("linear").prepare(make_samples(Kind.BINARY), None, make_goal(Kind.BINARY), {})
    with pytest.raises(TypeError, match=r"LightGBM\.prepare made"):
        family.fit(prepared, {}, Rounds(1))

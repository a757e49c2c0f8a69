"""From raw rows to predictions, and into files and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.config.features import FeaturesConfig
from ml_lifecycle.errors import DataError, ModelError, PackageError
from ml_lifecycle.features.extraction import FeatureExtractor
from ml_lifecycle.modeling.calibrator import Calibrator
from ml_lifecycle.modeling.conformal import ConformalInterval
from ml_lifecycle.modeling.cross_fitting import predict_out_of_fold
from ml_lifecycle.modeling.decision import Decision, GroupThresholds
from ml_lifecycle.modeling.estimators import FittedModel, Goal, Rounds, get_family
from ml_lifecycle.modeling.predictor import Predictor
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.parts import Storable

RNG = np.random.default_rng(7)
ROWS = 300
FRAME = pd.DataFrame(
    {
        "age": np.where(RNG.uniform(size=ROWS) < 0.1, np.nan, RNG.normal(40, 10, ROWS)),
        "city": pd.Series(RNG.choice(["Riga", "Oslo", "Rome"], ROWS)).where(RNG.uniform(size=ROWS) > 0.1),
        "idle": RNG.normal(size=ROWS),
    }
)
LEVEL = FRAME["age"].fillna(40) / 10 + (FRAME["city"] == "Oslo") * 2 + RNG.normal(scale=0.2, size=ROWS)
EXTRACTOR = FeatureExtractor.fit(FRAME, FeaturesConfig(), columns=["age", "city", "idle"], event_time=None)
USED = ["city", "age"]
LABELS = {
    Kind.BINARY: pd.Series(np.where(LEVEL > 4.5, "high", "low"), name="y"),
    Kind.MULTICLASS: pd.Series(np.digitize(LEVEL, [4, 5]), name="y"),
    Kind.REGRESSION: LEVEL.rename("y"),
}


def learn(kind: Kind, family: str = "lightgbm") -> tuple[FittedModel, Target, Samples]:
    """Fit a small model on two of the three features."""
    task = Task.REGRESSION if kind is Kind.REGRESSION else Task.CLASSIFICATION
    target = Target.fit(LABELS[kind], task, name="y", positive_class="high" if kind is Kind.BINARY else None)
    samples = Samples(EXTRACTOR.transform(FRAME).select(USED), target.encode(LABELS[kind]), np.arange(ROWS))
    goal = Goal(kind, classes=len(target.classes), seed=1, threads=1)
    learner = get_family(family)
    parameters = learner.default_parameters(ROWS, goal)
    prepared = learner.prepare(samples, None, goal, parameters)
    return learner.fit(prepared, parameters, Rounds(most=5)).model, target, samples


BINARY = learn(Kind.BINARY)
REGRESSION = learn(Kind.REGRESSION)


def interval_of_regression() -> ConformalInterval | None:
    """An interval that fits no classification."""
    return Predictor.build(EXTRACTOR, *REGRESSION[:2], valid=REGRESSION[2], coverage=0.9).interval


@pytest.mark.parametrize("calibration", ["none", "sigmoid", "isotonic"])
@pytest.mark.parametrize("kind", list(LABELS))
def test_one_row_gives_what_the_batch_gives(kind: Kind, calibration: str) -> None:
    """Predictions of single rows equal the batch's for every kind of problem, calibrated or not."""
    model, target, samples = BINARY if kind is Kind.BINARY else learn(kind)
    predictor = Predictor.build(EXTRACTOR, model, target, valid=samples, calibration=calibration)  # type: ignore[arg-type]
    batch = predictor.predict(FRAME)
    assert batch.dtype == np.float64
    assert batch.shape == ((ROWS, 3) if kind is Kind.MULTICLASS else (ROWS,))
    for row, prediction in list(zip(FRAME.to_dict(orient="records"), batch, strict=True))[:20]:
        np.testing.assert_array_equal(predictor.predict_row(row), prediction)  # type: ignore[arg-type]


@pytest.mark.parametrize("family", ["lightgbm", "linear"])
def test_a_predictor_survives_storing(family: str) -> None:
    """Files put together predict the same to the last bit, and the same predictor gives the same files."""
    model, target, samples = learn(Kind.BINARY, family)
    predictor = Predictor.build(EXTRACTOR, model, target, valid=samples, calibration="isotonic")
    assert isinstance(predictor, Storable)
    restored = Predictor.from_parts(predictor.to_parts())
    np.testing.assert_array_equal(restored.predict(FRAME), predictor.predict(FRAME))
    assert {"extractor.json", "target.json", "calibrator.json"} < set(predictor.to_files())
    assert restored.to_files() == predictor.to_files()
    assert restored.target == predictor.target


def test_only_the_models_columns_are_needed() -> None:
    """A predictor needs no column that the model does not use."""
    predictor = Predictor.build(EXTRACTOR, BINARY[0], BINARY[1])
    assert predictor.extractor.names == tuple(USED)
    np.testing.assert_array_equal(predictor.predict(FRAME.drop(columns="idle")), predictor.predict(FRAME))


def test_samples_and_raw_rows_agree() -> None:
    """Features that are there already are predicted like the raw rows they come from."""
    predictor = Predictor.build(EXTRACTOR, BINARY[0], BINARY[1], valid=BINARY[2], calibration="sigmoid")
    np.testing.assert_array_equal(predictor.predict_samples(BINARY[2]), predictor.predict(FRAME))


def test_calibration_changes_probabilities_only_where_asked() -> None:
    """A calibrated predictor gives the calibrator's correction of what the bare one gives."""
    bare = Predictor.build(EXTRACTOR, BINARY[0], BINARY[1], valid=BINARY[2])
    corrected = Predictor.build(EXTRACTOR, BINARY[0], BINARY[1], valid=BINARY[2], calibration="sigmoid")
    expected = Calibrator.fit(bare.predict(FRAME), BINARY[2].y, "sigmoid").transform(bare.predict(FRAME))
    np.testing.assert_array_equal(corrected.predict(FRAME), expected)
    assert bare.calibrator is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Predictor(EXTRACTOR, BINARY[0], BINARY[1]), "does not make the model's features"),
        (lambda: Predictor(EXTRACTOR.select(["age", "city"]), BINARY[0], BINARY[1]), "does not make"),
        (lambda: Predictor.build(EXTRACTOR, BINARY[0], BINARY[1], calibration="sigmoid"), "expected validation rows"),
        (lambda: Predictor.build(EXTRACTOR, *REGRESSION[:2], coverage=0.9), "expected validation rows"),
        (
            lambda: Predictor(EXTRACTOR.select(USED), BINARY[0], Target(Kind.REGRESSION, "y"), Calibrator(())),
            "only probabilities",
        ),
        (lambda: replace(Predictor.build(EXTRACTOR, *REGRESSION[:2]), decision=Decision(0.3)), "only classes"),
        (lambda: replace(Predictor.build(EXTRACTOR, *BINARY[:2]), interval=interval_of_regression()), "only numbers"),
    ],
)
def test_parts_that_do_not_fit_are_refused(make: Callable[[], Predictor], message: str) -> None:
    """Other features, another order, or a calibration without use are refused when the predictor is made."""
    with pytest.raises(ModelError, match=message):
        make()


def test_calibration_can_be_fitted_on_folds() -> None:
    """On predictions of training rows by models of the other folds, without validation rows."""
    model, target, samples = BINARY
    ids = samples.row_ids
    found = predict_out_of_fold(samples, [(ids[:150], ids[150:]), (ids[150:], ids[:150])], model)
    predictor = Predictor.build(EXTRACTOR, model, target, calibration="sigmoid", out_of_fold=found)
    assert predictor.calibrator == Calibrator.fit(found.predictions, found.y, "sigmoid")
    on_own_rows = Predictor.build(EXTRACTOR, model, target, valid=samples, calibration="sigmoid")
    assert predictor.calibrator != on_own_rows.calibrator


DECISIONS = [
    Decision(threshold=0.3),
    Decision(by_group=GroupThresholds("city", {"Oslo": 0.1, "Rome": 0.8}, default=0.5)),
]


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_decision_is_stored_with_the_predictor(decision: Decision) -> None:
    """And decides on classes, by group where it knows groups."""
    bare = Predictor.build(EXTRACTOR, *BINARY[:2])
    predictor = Predictor.from_parts(replace(bare, decision=decision).to_parts())
    assert predictor.decision == decision
    p = predictor.predict(FRAME)
    limits = FRAME["city"].map({"Oslo": 0.1, "Rome": 0.8}).fillna(0.5) if decision.by_group else 0.3
    assert predictor.decide(p, FRAME).tolist() == np.where(p >= limits, "high", "low").tolist()
    assert predictor.threshold == decision.general_threshold
    assert (bare.threshold, bare.decide(p).tolist()) == (None, np.where(p >= 0.5, "high", "low").tolist())


def test_what_an_earlier_version_stored_is_read() -> None:
    """A predictor of files without decision and intervals has none, and decides as before."""
    files = Predictor.build(EXTRACTOR, *BINARY[:2]).to_files()
    assert not {"decision.json", "interval.json"} & set(files)
    restored = Predictor.from_files(files)
    assert (restored.decision, restored.interval, restored.threshold) == (None, None, None)


def test_numbers_come_with_intervals_where_asked() -> None:
    """Stored with the predictor; the same for one row as for many, and around what is predicted anyway."""
    model, target, samples = REGRESSION
    built = Predictor.build(EXTRACTOR, model, target, valid=samples, coverage=0.8)
    predictor = Predictor.from_parts(built.to_parts())
    both = predictor.predict_both(FRAME)
    np.testing.assert_array_equal(both.predictions, predictor.predict(FRAME))
    assert both.intervals is not None
    np.testing.assert_array_equal(both.intervals, built.predict_both(FRAME).intervals)
    low, high = both.intervals.T
    assert ((low < both.predictions) & (both.predictions < high)).all()
    assert ((low <= samples.y) & (samples.y <= high)).mean() == pytest.approx(0.8, abs=0.01)
    for row, whole in list(zip(FRAME.to_dict(orient="records"), both.one_by_one(), strict=True))[:20]:
        assert predictor.predict_row_both(row) == whole  # type: ignore[arg-type]


def test_without_intervals_none_are_given() -> None:
    """Neither to many rows nor to one."""
    predictor = Predictor.build(EXTRACTOR, *REGRESSION[:2])
    assert predictor.predict_both(FRAME).intervals is None
    assert predictor.predict_row_both({"age": 3, "city": "Oslo"}).interval is None


def test_classes_have_no_intervals_even_where_asked() -> None:
    """The setting of a regression does nothing to a classification."""
    assert Predictor.build(EXTRACTOR, *BINARY[:2], coverage=0.9).interval is None


def test_a_bad_row_is_refused() -> None:
    """A row with text for a number is refused with the column's name."""
    predictor = Predictor.build(EXTRACTOR, BINARY[0], BINARY[1])
    with pytest.raises(DataError, match="'age'"):
        predictor.predict_row({"age": "old", "city": "Riga"})


@pytest.mark.parametrize("damage", [None, b"{", b"[]"])
@pytest.mark.parametrize("name", ["extractor.json", "target.json"])
def test_a_damaged_package_is_refused(name: str, damage: bytes | None) -> None:
    """A file that is missing or no JSON object is named."""
    files = Predictor.build(EXTRACTOR, BINARY[0], BINARY[1]).to_files()
    files.pop(name)
    with pytest.raises(PackageError, match=name):
        Predictor.from_files(files if damage is None else files | {name: damage})

"""`Predictor`: from a raw row to a prediction, with everything that this needs; it is what gets packaged.

How features are made lives in `features/extraction`, how models predict in `estimators`, how a threshold is chosen in
`threshold`, what a package is in `release/packaging`, and what a server answers in `serving/scoring`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ModelError, PackageError
from ml_lifecycle.features.extraction import FeatureExtractor
from ml_lifecycle.modeling.calibration_choice import choose_calibration
from ml_lifecycle.modeling.calibrator import Calibrator
from ml_lifecycle.modeling.conformal import ConformalInterval, fit_intervals
from ml_lifecycle.modeling.cross_fitting import OutOfFold
from ml_lifecycle.modeling.decision import Decision
from ml_lifecycle.modeling.estimators import FittedModel, load_model
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.parts import Parts

EXTRACTOR_FILE = "extractor.json"
TARGET_FILE = "target.json"
CALIBRATOR_FILE = "calibrator.json"
DECISION_FILE = "decision.json"
MODEL_FOLDER = "model/"
_CLASSES = (Kind.BINARY, Kind.MULTICLASS)


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions of many rows.

    Args:
        predictions: Shaped as `Predictor.predict` gives them.
        intervals: Regression with intervals: lower and upper ends, shape (n, 2).
    """

    predictions: np.ndarray
    intervals: np.ndarray | None = None

    def one_by_one(self) -> list[Prediction]:
        """The predictions of the rows, each by itself."""
        if self.intervals is None:
            return [Prediction(prediction) for prediction in self.predictions]
        ends = (tuple(pair) for pair in self.intervals.tolist())
        return [Prediction(prediction, pair) for prediction, pair in zip(self.predictions, ends, strict=True)]


@dataclass(frozen=True, slots=True)
class Prediction:
    """The prediction of one row.

    Args:
        prediction: As `Predictor.predict_row` gives it.
        interval: Regression with intervals: lower and upper end.
    """

    prediction: float | np.ndarray
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Predictor:
    """Extractor, model, target, calibration, decision and intervals in one.

    Args:
        extractor: Computes exactly the model's features, in its order.
        model: The fitted model.
        target: What is predicted.
        calibrator: Corrects probabilities; classification only.
        decision: How probabilities become classes; None where nothing was chosen. Classification only.
        interval: How far the truth may lie from a prediction; regression only.

    Raises:
        ModelError: The parts do not fit together.
    """

    extractor: FeatureExtractor
    model: FittedModel
    target: Target
    calibrator: Calibrator | None = None
    decision: Decision | None = None
    interval: ConformalInterval | None = None

    def __post_init__(self) -> None:
        """Refuse parts that would predict silently wrong: LightGBM takes columns in any order."""
        if self.extractor.names != tuple(self.model.facts.names):
            raise ModelError(
                "the extractor does not make the model's features",
                expected=f"{len(self.model.facts.names)} features, such as {list(self.model.facts.names[:5])}",
                got=f"{len(self.extractor.names)}, such as {list(self.extractor.names[:5])}",
                advice="restrict the extractor to the model's features, or use Predictor.build",
            )
        self._refuse_parts_without_use()

    def _refuse_parts_without_use(self) -> None:
        classes = self.target.kind in _CLASSES
        if self.calibrator is not None and not classes:
            raise _useless("only probabilities can be calibrated", "a classification", self.target, "calibration: none")
        if self.decision is not None and not classes:
            raise _useless("only classes are decided on", "a classification", self.target, "threshold.method: fixed")
        if self.interval is not None and self.target.kind is not Kind.REGRESSION:
            raise _useless("only numbers have intervals", "a regression", self.target, "intervals: null")

    @classmethod
    def build(
        cls,
        extractor: FeatureExtractor,
        model: FittedModel,
        target: Target,
        *,
        valid: Samples | None = None,
        calibration: Literal["auto", "none", "isotonic", "sigmoid"] = "none",
        out_of_fold: OutOfFold | None = None,
        coverage: float | None = None,
    ) -> Predictor:
        """Put a predictor together: restrict the extractor to the model's features, fit calibration and intervals.

        Args:
            extractor: An extractor that makes the model's features, and maybe more.
            model: The fitted model.
            target: What is predicted.
            valid: Validation rows, which the model did not learn from; calibration and intervals are fitted on them.
            calibration: How; for regression and ranking nothing is corrected.
            out_of_fold: Predictions of training rows by models of the other folds; the calibration is fitted on them
                instead, where they are given.
            coverage: Regression: the share of truths that intervals are to hold; None gives no intervals.

        Raises:
            DataError: The extractor lacks a feature of the model.
            ModelError: Something is asked for without validation rows, or with too few.
        """
        calibrator = None
        if calibration != "none" and target.kind in _CLASSES:
            if out_of_fold is None:
                rows = _require(valid, "probabilities cannot be calibrated", "modeling.calibration to none")
                calibrator = _calibrate(_predict(model, rows), rows.y, calibration, seed=model.facts.goal.seed)
            else:
                predicted, truth = out_of_fold.predictions, out_of_fold.y
                calibrator = _calibrate(predicted, truth, calibration, seed=model.facts.goal.seed)
        interval = None
        if coverage is not None and target.kind is Kind.REGRESSION:
            rows = _require(valid, "intervals cannot be fitted", "modeling.intervals to null")
            rows = rows.select(model.facts.names)
            goal = model.facts.goal
            interval = fit_intervals(rows, _predict(model, rows), coverage, seed=goal.seed, threads=goal.threads)
        return cls(extractor.select(model.facts.names), model, target, calibrator, interval=interval)

    @property
    def threshold(self) -> float | None:
        """Binary: the probability from which the class is the positive one, where one was chosen.

        Where groups have thresholds of their own, that of all other rows.
        """
        if self.decision is None or self.target.kind is not Kind.BINARY:
            return None
        return self.decision.general_threshold

    def decide(self, predictions: np.ndarray, rows: pd.DataFrame | None = None) -> np.ndarray:
        """The classes that predictions mean, shape (n,); numbers stay as they are.

        Args:
            predictions: As `predict` gives them.
            rows: The raw rows; only thresholds by group look at them.
        """
        if self.target.kind not in _CLASSES:
            return predictions
        return self.target.labels_of((self.decision or Decision()).codes(predictions, rows))

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Predict many rows.

        Returns:
            float64: (n,) probabilities of the positive class, (n, k) probabilities, or (n,) values or scores.

        Raises:
            DataError: A column is absent or a cell cannot be read.
        """
        return self._correct(self.model.predict_matrix(self.extractor.transform(frame)))

    def predict_both(self, frame: pd.DataFrame) -> Predictions:
        """Predict many rows with their intervals, where there are any; features are made once.

        Raises:
            DataError: A column is absent or a cell cannot be read.
        """
        matrix = self.extractor.transform(frame)
        predictions = self._correct(self.model.predict_matrix(matrix))
        if self.interval is None:
            return Predictions(predictions)
        return Predictions(predictions, self.interval.around(predictions, matrix.values))

    def predict_samples(self, samples: Samples) -> np.ndarray:
        """Predict rows whose features are there already; shaped as `predict`."""
        return self._correct(_predict(self.model, samples))

    def predict_row(self, row: Mapping[str, object]) -> float | np.ndarray:
        """Predict one row: a float, or (k,) probabilities for k classes.

        Raises:
            DataError: A column is absent or a cell cannot be read.
        """
        return self._correct_one(self.model.predict_row(self.extractor.transform_row(row)))

    def predict_row_both(self, row: Mapping[str, object]) -> Prediction:
        """Predict one row with its interval, where there is one; the same as `predict_both` gives.

        Raises:
            DataError: A column is absent or a cell cannot be read.
        """
        values = self.extractor.transform_row(row)
        prediction = self._correct_one(self.model.predict_row(values))
        if self.interval is None or isinstance(prediction, np.ndarray):
            return Prediction(prediction)
        return Prediction(prediction, self.interval.around_one(prediction, values))

    def _correct(self, predictions: np.ndarray) -> np.ndarray:
        return predictions if self.calibrator is None else self.calibrator.transform(predictions)

    def _correct_one(self, prediction: float | np.ndarray) -> float | np.ndarray:
        if self.calibrator is None:
            return prediction
        corrected = self.calibrator.transform(np.asarray([prediction], dtype=np.float64))[0]
        return corrected if isinstance(corrected, np.ndarray) else float(corrected)

    def to_files(self) -> dict[str, bytes]:
        """Give the files that a package holds; the same predictor gives the same bytes."""
        states = {EXTRACTOR_FILE: self.extractor.to_dict(), TARGET_FILE: self.target.to_dict()}
        if self.calibrator is not None:
            states[CALIBRATOR_FILE] = self.calibrator.to_dict()
        if self.decision is not None:
            states[DECISION_FILE] = self.decision.to_dict()
        model = {f"{MODEL_FOLDER}{name}": content for name, content in self.model.to_files().items()}
        interval = {} if self.interval is None else self.interval.to_files()
        return (
            {name: json.dumps(state, ensure_ascii=False).encode() for name, state in states.items()} | model | interval
        )

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Predictor:
        """Make a predictor of what `to_files` gave, now or by an earlier version; other files beside them are ignored.

        Raises:
            PackageError: A file is missing or damaged.
        """
        model = load_model(
            {
                name.removeprefix(MODEL_FOLDER): content
                for name, content in files.items()
                if name.startswith(MODEL_FOLDER)
            }
        )
        calibrator = Calibrator.from_dict(_read(files, CALIBRATOR_FILE)) if CALIBRATOR_FILE in files else None
        decision = Decision.from_dict(_read(files, DECISION_FILE)) if DECISION_FILE in files else None
        extractor = FeatureExtractor.from_dict(_read(files, EXTRACTOR_FILE))
        target = Target.from_dict(_read(files, TARGET_FILE))
        return cls(extractor, model, target, calibrator, decision, ConformalInterval.from_files(files))

    def to_parts(self) -> Parts:
        """Give the files of `to_files`."""
        return Parts(files=self.to_files())

    @classmethod
    def from_parts(cls, parts: Parts) -> Predictor:
        """Make a predictor of what `to_parts` gave."""
        return cls.from_files(parts.files)


def _calibrate(
    p: np.ndarray, y: np.ndarray, method: Literal["auto", "isotonic", "sigmoid"], *, seed: int
) -> Calibrator | None:
    chosen = choose_calibration(p, y, seed=seed) if method == "auto" else method
    return None if chosen == "none" else Calibrator.fit(p, y, chosen)


def _predict(model: FittedModel, samples: Samples) -> np.ndarray:
    return model.predict_matrix(samples.matrix.select(model.facts.names))


def _require(valid: Samples | None, what: str, setting: str) -> Samples:
    if valid is None:
        raise ModelError(what, expected="validation rows", got="none", advice=f"give them as `valid`, or set {setting}")
    return valid


def _useless(what: str, expected: str, target: Target, setting: str) -> ModelError:
    return ModelError(what, expected=expected, got=f"{target.kind}", advice=f"set modeling.{setting}")


def _read(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    try:
        state = json.loads(files[name])
    except (KeyError, ValueError) as error:
        raise PackageError(
            f"{name} of a package cannot be read",
            expected="a JSON file",
            got="no such file" if name not in files else f"{error}",
            advice="package the model again",
        ) from error
    if not isinstance(state, dict):
        raise PackageError(f"{name} of a package cannot be read", expected="a JSON object", got=type(state).__name__)
    return state

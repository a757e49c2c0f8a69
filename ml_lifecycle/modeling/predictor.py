"""`Predictor`: from a raw row to a prediction, with everything that this needs; it is what gets packaged.

How features are made lives in `features/extraction`, how models predict in `estimators`, what a package is in
`release/packaging`, and what a server answers in `serving/scoring`.
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
from ml_lifecycle.modeling.calibrator import Calibrator
from ml_lifecycle.modeling.estimators import FittedModel, load_model
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.target import Target
from ml_lifecycle.parts import Parts

EXTRACTOR_FILE = "extractor.json"
TARGET_FILE = "target.json"
CALIBRATOR_FILE = "calibrator.json"
MODEL_FOLDER = "model/"
_CLASSES = (Kind.BINARY, Kind.MULTICLASS)


@dataclass(frozen=True)
class Predictor:
    """Extractor, model, target and calibration in one.

    Args:
        extractor: Computes exactly the model's features, in its order.
        model: The fitted model.
        target: What is predicted.
        calibrator: Corrects probabilities; classification only.

    Raises:
        ModelError: The parts do not fit together.
    """

    extractor: FeatureExtractor
    model: FittedModel
    target: Target
    calibrator: Calibrator | None = None

    def __post_init__(self) -> None:
        """Refuse parts that would predict silently wrong: LightGBM takes columns in any order."""
        if self.extractor.names != tuple(self.model.facts.names):
            raise ModelError(
                "the extractor does not make the model's features",
                expected=f"{len(self.model.facts.names)} features, such as {list(self.model.facts.names[:5])}",
                got=f"{len(self.extractor.names)}, such as {list(self.extractor.names[:5])}",
                advice="restrict the extractor to the model's features, or use Predictor.build",
            )
        if self.calibrator is not None and self.target.kind not in _CLASSES:
            raise ModelError(
                "only probabilities can be calibrated",
                expected="a classification",
                got=f"{self.target.kind}",
                advice="set modeling.calibration to none",
            )

    @classmethod
    def build(
        cls,
        extractor: FeatureExtractor,
        model: FittedModel,
        target: Target,
        *,
        valid: Samples | None = None,
        calibration: Literal["none", "isotonic", "sigmoid"] = "none",
    ) -> Predictor:
        """Put a predictor together: restrict the extractor to the model's features, and fit the calibration.

        Args:
            extractor: An extractor that makes the model's features, and maybe more.
            model: The fitted model.
            target: What is predicted.
            valid: Validation rows, which the model did not learn from; the calibration is fitted on them.
            calibration: How; for regression and ranking nothing is corrected.

        Raises:
            DataError: The extractor lacks a feature of the model.
            ModelError: A calibration is asked for without validation rows.
        """
        calibrator = None
        if calibration != "none" and target.kind in _CLASSES:
            if valid is None:
                raise ModelError(
                    "probabilities cannot be calibrated",
                    expected="validation rows",
                    got="none",
                    advice="give them as `valid`, or set modeling.calibration to none",
                )
            fitted = model.predict_matrix(valid.matrix.select(model.facts.names))
            calibrator = Calibrator.fit(fitted, valid.y, calibration)
        return cls(extractor.select(model.facts.names), model, target, calibrator)

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Predict many rows.

        Returns:
            float64: (n,) probabilities of the positive class, (n, k) probabilities, or (n,) values or scores.

        Raises:
            DataError: A column is absent or a cell cannot be read.
        """
        predictions = self.model.predict_matrix(self.extractor.transform(frame))
        return predictions if self.calibrator is None else self.calibrator.transform(predictions)

    def predict_samples(self, samples: Samples) -> np.ndarray:
        """Predict rows whose features are there already; shaped as `predict`."""
        predictions = self.model.predict_matrix(samples.matrix.select(self.extractor.names))
        return predictions if self.calibrator is None else self.calibrator.transform(predictions)

    def predict_row(self, row: Mapping[str, object]) -> float | np.ndarray:
        """Predict one row: a float, or (k,) probabilities for k classes.

        Raises:
            DataError: A column is absent or a cell cannot be read.
        """
        prediction = self.model.predict_row(self.extractor.transform_row(row))
        if self.calibrator is None:
            return prediction
        corrected = self.calibrator.transform(np.asarray([prediction], dtype=np.float64))[0]
        return corrected if isinstance(corrected, np.ndarray) else float(corrected)

    def to_files(self) -> dict[str, bytes]:
        """Give the files that a package holds; the same predictor gives the same bytes."""
        states = {EXTRACTOR_FILE: self.extractor.to_dict(), TARGET_FILE: self.target.to_dict()}
        if self.calibrator is not None:
            states[CALIBRATOR_FILE] = self.calibrator.to_dict()
        model = {f"{MODEL_FOLDER}{name}": content for name, content in self.model.to_files().items()}
        return {name: json.dumps(state, ensure_ascii=False).encode() for name, state in states.items()} | model

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Predictor:
        """Make a predictor of what `to_files` gave; other files beside them are ignored.

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
        extractor = FeatureExtractor.from_dict(_read(files, EXTRACTOR_FILE))
        return cls(extractor, model, Target.from_dict(_read(files, TARGET_FILE)), calibrator)

    def to_parts(self) -> Parts:
        """Give the files of `to_files`."""
        return Parts(files=self.to_files())

    @classmethod
    def from_parts(cls, parts: Parts) -> Predictor:
        """Make a predictor of what `to_parts` gave."""
        return cls.from_files(parts.files)


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

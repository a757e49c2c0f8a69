"""A small fitted model with its rows, for the tests that look into models."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.features import FeaturesConfig
from ml_lifecycle.features.extraction import FeatureExtractor
from ml_lifecycle.modeling.estimators import FittedModel, Goal, Rounds, get_family
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.training import fit_model

_CLASSES = {Kind.BINARY: 2, Kind.MULTICLASS: 3}


@dataclass(frozen=True)
class Case:
    """A model, its extractor, and the rows it was fitted and is judged on."""

    model: FittedModel
    extractor: FeatureExtractor
    frame: pd.DataFrame
    y: np.ndarray
    train: Samples
    valid: Samples

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """From raw rows to predictions."""
        return self.model.predict_matrix(self.extractor.transform(frame))


@cache
def fit_case(kind: Kind = Kind.BINARY, family: str = "lightgbm", rows: int = 900, rounds: int = 12) -> Case:
    """A model of `x` (strong), `city` (weak) and `noise` (nothing), judged on a third of the rows."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"x": rng.normal(size=rows), "city": rng.choice(["a", "b", "c"], rows)})
    frame["noise"] = rng.normal(size=rows)
    level = 2 * frame["x"].to_numpy() + (frame["city"] == "a").to_numpy() + rng.normal(size=rows)
    y = {Kind.BINARY: (level > 0).astype(int), Kind.MULTICLASS: np.digitize(level, [-1, 1])}.get(kind, level)
    extractor = FeatureExtractor.fit(frame, FeaturesConfig(), columns=list(frame.columns), event_time=None)
    all_rows = Samples(extractor.transform(frame), y, np.arange(rows))
    train, valid = all_rows.take(np.arange(rows) < rows // 3 * 2), all_rows.take(np.arange(rows) >= rows // 3 * 2)
    goal = Goal(kind, classes=_CLASSES.get(kind, 0), threads=1)
    model = fit_model(get_family(family), train, None, {}, goal=goal, rounds=Rounds(most=rounds)).model
    part = frame.iloc[rows // 3 * 2 :].reset_index(drop=True)
    return Case(model, extractor, part, y[rows // 3 * 2 :], train, valid)

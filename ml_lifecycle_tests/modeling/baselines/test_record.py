"""The best baseline predicts later what the candidate is compared on, also after storage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.baselines import Baselines
from ml_lifecycle.modeling.baselines.popularity import Popularity
from ml_lifecycle_tests.modeling.baselines.problems import fit
from ml_lifecycle_tests.modeling.problems import KINDS, SCORES, make_samples


@pytest.mark.parametrize("kind", KINDS)
def test_the_best_predicts_and_survives_storage(kind: Kind) -> None:
    """It predicts other samples in the form of a model."""
    found = fit(kind)
    test = make_samples(kind, 50, seed=3)
    again = Baselines.from_parts(found.to_parts())
    np.testing.assert_array_equal(again.predict_best(test), found.predict_best(test))
    assert (again.best, again.best_score, again.metric) == (found.best, found.best_score, found.metric)
    assert again.size_bytes == found.size_bytes > 0
    assert again.best_seconds >= 0
    score = SCORES[kind](test.y, found.predict_best(test))
    assert abs(score - found.best_score) < 0.5


def test_popularity_survives_storage() -> None:
    """A baseline that reads no features is stored as a table."""
    samples, items = make_samples(Kind.RANKING), pd.Series(np.arange(300) % 7)
    found = replace(fit(Kind.RANKING), model=Popularity.fit(samples, items))
    again = Baselines.from_parts(found.to_parts())
    np.testing.assert_array_equal(again.predict_best(samples, items), found.predict_best(samples, items))
    assert found.size_bytes > 100

"""Popular items come first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from ml_lifecycle.modeling.baselines.popularity import Popularity
from ml_lifecycle_tests.modeling.baselines.problems import on_days

TRAIN = on_days(range(5), [4.0, 4.0, 4.0, 0.0, 3.0])
ITEMS = pd.Series(["book", "book", "lamp", "pen", "pen", "never", "book"])


def test_an_item_is_its_mean_relevance() -> None:
    """One row of the general mean stands behind each item, so that two good rows count for more than one."""
    found = Popularity.from_parts(Popularity.fit(TRAIN, ITEMS).to_parts())
    book, lamp, _, pen = found.predict_samples(TRAIN.take(np.array([0, 2, 2, 3])), ITEMS)
    assert (book, lamp, pen) == ((8 + 3) / 3, (4 + 3) / 2, (3 + 3) / 3)


def test_an_unknown_item_has_the_mean_of_all() -> None:
    """Not the worst place, and not the best."""
    new = replace(on_days([5, 6], [0.0, 0.0]), row_ids=np.array([5, 6]))
    assert Popularity.fit(TRAIN, ITEMS).predict_samples(new, ITEMS).tolist() == [3, 11 / 3]


def test_rows_count_by_their_weight() -> None:
    """A guessed label moves the mean less."""
    light = replace(TRAIN, weight=np.array([1.0, 1.0, 1.0, 1.0, 0.5]))
    pens = light.take(np.array([3]))
    assert Popularity.fit(light, ITEMS).predict_samples(pens, ITEMS) < Popularity.fit(TRAIN, ITEMS).predict_samples(
        pens, ITEMS
    )

"""Texts: length, words and topics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_lifecycle.features.encoders import texts
from ml_lifecycle.features.encoders.registry import encoder_from_dict
from ml_lifecycle.features.encoders.texts import TextColumn
from ml_lifecycle_tests.features.encoders.cases import encode, values_of

CARS, FOOD = ["red car fast engine", "fast car", "engine of a car"], ["fresh bread", "bread and cheese", "cheese"]
FITTED = TextColumn.fit(values_of([*CARS, *FOOD, None]), column="note", components=2, vocabulary=100)


def test_length_and_words_are_counted() -> None:
    """Characters, words, and NaN for a missing text in all features."""
    found = encode(FITTED, pd.Series(["fast car", "", None]))
    assert found[:2, :2].tolist() == [[8, 2], [0, 0]]
    assert np.isnan(found[2]).all()


def test_topics_tell_subjects_apart() -> None:
    """Texts of one subject lie closer together than those of two; unknown words lie at zero."""
    found = encode(FITTED, pd.Series(["red engine", "fast", "cheese", "zebra"]))[:, 2:]
    assert np.linalg.norm(found[0] - found[1]) < np.linalg.norm(found[0] - found[2])
    assert found[3].tolist() == [0, 0]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([*CARS, *FOOD, "x", 7, None]) | st.text(max_size=9), min_size=1, max_size=5))
def test_batch_and_cell_agree(cells: list[Any]) -> None:
    """A text alone has the bits it has among others."""
    encode(FITTED, values_of(cells, object))


def test_fitting_twice_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The axes do not depend on chance, in the sparse decomposition either, and both are the same up to rounding."""
    again = TextColumn.fit(values_of([*CARS, *FOOD, None]), column="note", components=2, vocabulary=100)
    assert again == FITTED
    monkeypatch.setattr(texts, "_DENSE_CELLS", 0)
    sparse = [
        TextColumn.fit(values_of([*CARS, *FOOD, None]), column="note", components=2, vocabulary=100) for _ in range(2)
    ]
    assert sparse[0] == sparse[1]
    np.testing.assert_allclose(sparse[0].axes, FITTED.axes, atol=1e-6)


def test_a_column_without_words_has_no_topics() -> None:
    """Where nothing can be decomposed, length and words are left."""
    assert TextColumn.fit(values_of(["a", "b"]), column="x", components=3, vocabulary=9).outputs == ("length", "words")


def test_picked_topics_stay() -> None:
    """A restricted encoder gives the columns it had, and forgets its terms where no topic is left."""
    rows = pd.Series(["fast car", "cheese"])
    picked = FITTED.pick(["note__topic1"])
    np.testing.assert_array_equal(encode(picked, rows), encode(FITTED, rows)[:, [3]])
    assert FITTED.pick(["note__words"]).terms == ()


@pytest.mark.parametrize("damage", [{"axes": []}, {"rarity": [1.0]}, {"outputs": ["mood"], "axes": []}])
def test_a_damaged_state_is_refused(damage: dict[str, Any]) -> None:
    """Axes, terms and outputs must fit together."""
    with pytest.raises(ValueError, match="expected an encoder"):
        encoder_from_dict(FITTED.to_dict() | damage)

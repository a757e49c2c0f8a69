"""Tests of `ml_lifecycle.modeling.estimators.lightgbm_text`."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ModelError
from ml_lifecycle.modeling.estimators.lightgbm_text import ModelText
from ml_lifecycle_tests.modeling.optimization.small import ROUNDS, boosted, new_rows, with_sets_of_categories


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.MULTICLASS])
def test_a_text_that_is_not_changed_is_written_as_it_was(kind: Kind) -> None:
    """To the byte, whatever the number of classes."""
    model = boosted(kind)
    text = ModelText.parse(model.text)
    assert text.write() == model.text
    assert len(text.trees) == ROUNDS * text.per_round
    assert not text.averages


def test_lightgbm_reads_what_was_written_with_fewer_trees() -> None:
    """The sum of the trees that are left; the first one carries the start."""
    model = boosted()
    text = ModelText.parse(model.text)
    fewer = lgb.Booster(model_str=text.with_trees(text.trees[:5]).write())
    assert fewer.num_trees() == 5
    expected = lgb.Booster(model_str=model.text).predict(new_rows(), num_iteration=5)
    np.testing.assert_array_equal(fewer.predict(new_rows()), expected)


def test_splits_of_categories_are_told_from_those_of_numbers() -> None:
    """Their thresholds are positions in a list and must not be touched."""
    trees = ModelText.parse(with_sets_of_categories().text).trees
    found = {pair for tree in trees for pair in zip(tree.features.tolist(), tree.numeric.tolist(), strict=True)}
    assert {(0, True), (2, False)} <= found
    assert (2, True) not in found
    assert (0, False) not in found


def test_another_text_is_refused() -> None:
    """With what was expected."""
    with pytest.raises(ModelError, match="cannot be taken apart"):
        ModelText.parse("tree\nversion=v4\n")

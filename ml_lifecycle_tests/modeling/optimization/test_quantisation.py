"""Tests of `ml_lifecycle.modeling.optimization.quantisation`."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.modeling.estimators import load_model
from ml_lifecycle.modeling.estimators.lightgbm_text import ModelText, TextTree
from ml_lifecycle.modeling.optimization.quantisation import (
    LEVELS,
    Precision,
    leaf_step,
    quantise,
    quantise_leaves,
    quantise_thresholds,
)
from ml_lifecycle_tests.modeling.optimization.small import boosted, new_rows, with_sets_of_categories

_LEAVES = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=40)
_PRECISIONS: list[Precision] = ["float16", "int8"]


@pytest.mark.parametrize("precision", _PRECISIONS)
@pytest.mark.parametrize("kind", list(Kind))
def test_a_quantised_model_is_smaller_and_loads(precision: Precision, kind: Kind) -> None:
    """And predicts nearly the same, with nothing but LightGBM."""
    model = boosted(kind)
    coarse = quantise(model, precision)
    assert len(coarse.text) < 0.8 * len(model.text)
    loaded = load_model(coarse.to_files())
    np.testing.assert_array_equal(loaded.predict(new_rows(kind)), coarse.predict(new_rows(kind)))
    assert np.median(np.abs(loaded.predict(new_rows(kind)) - model.predict(new_rows(kind)))) < 0.02


@pytest.mark.parametrize("precision", _PRECISIONS)
def test_coarse_leaves_change_a_prediction_by_their_steps_at_most(precision: Precision) -> None:
    """The law: half a step a tree, or one place of half precision."""
    text = ModelText.parse(boosted().text)
    coarse = text.with_trees([quantise_leaves(tree, precision) for tree in text.trees])
    if precision == "int8":
        most = sum(leaf_step(tree.leaves) / 2 for tree in text.trees)
    else:
        most = sum(float(np.spacing(np.float16(np.abs(tree.leaves).max()))) for tree in text.trees)
    found, wanted = (lgb.Booster(model_str=each.write()).predict(new_rows(), raw_score=True) for each in (coarse, text))
    assert np.abs(np.asarray(found) - np.asarray(wanted)).max() <= most * (1 + 1e-9)
    assert not np.array_equal(found, wanted)


@given(leaves=_LEAVES)
def test_leaves_in_a_byte_have_few_levels_and_move_by_half_a_step(leaves: list[float]) -> None:
    """Whatever the leaves."""
    tree = TextTree({"leaf_value": " ".join(map(repr, leaves))})
    before, after = tree.leaves, quantise_leaves(tree, "int8").leaves
    step = leaf_step(before)
    assert np.abs(after - before).max() <= step / 2 * (1 + 1e-6) + 1e-9
    assert len(np.unique(after)) <= LEVELS or step == 0
    if step:
        assert (after.max() - after.min()) / step <= LEVELS


@pytest.mark.parametrize("precision", _PRECISIONS)
def test_thresholds_keep_their_order_and_categories_their_lists(precision: Precision) -> None:
    """So that each split still asks what it asked, and unknown categories go where they went."""
    trees = ModelText.parse(with_sets_of_categories().text).trees
    moved = quantise_thresholds(trees, precision)
    pairs: dict[int, list[tuple[float, float]]] = {}
    for before, after in zip(trees, moved, strict=True):
        assert after.lines.get("cat_threshold") == before.lines.get("cat_threshold")
        assert (after.thresholds[~before.numeric] == before.thresholds[~before.numeric]).all()
        for place in np.flatnonzero(before.numeric):
            pair = float(before.thresholds[place]), float(after.thresholds[place])
            pairs.setdefault(int(before.features[place]), []).append(pair)
    for thresholds in pairs.values():
        after = [pair[1] for pair in sorted(thresholds)]
        assert after == sorted(after)
        assert precision == "float16" or len(set(after)) == len({pair[0] for pair in thresholds})

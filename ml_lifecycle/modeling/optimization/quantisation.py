"""Leaves and thresholds of a LightGBM model in fewer bits: `float16` or `int8`, written in LightGBM's own text.

LightGBM computes in float64 whatever the text says, so a quantised model is smaller and not faster. Figures that no
prediction reads (gains, weights, values of inner nodes) are written with few digits too.

`float16`: the nearest number of IEEE 754 half precision, written as the shortest decimal that rounds to it; numbers
beyond its range stay as they are. `int8`: each tree's leaves are one of at most 256 levels, multiples of a step of 1, 2
or 5 times a power of ten; thresholds move by at most 1/256 of the distance to the next threshold of their feature,
which is how finely a byte tells places between two neighbours. Splits by category keep their lists.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np

from ml_lifecycle.modeling.estimators.lightgbm_text import ModelText, TextTree, write_number
from ml_lifecycle.modeling.estimators.lightgbm_trees import LightGBMModel

Precision: TypeAlias = Literal["float16", "int8"]
#: Levels that a byte tells apart.
LEVELS = 256
#: Lines that no prediction reads, and the digits that are kept of them.
_UNREAD, _DIGITS = ("split_gain", "leaf_weight", "internal_value", "internal_weight"), 4
_MANTISSAS = (1, 2, 5, 10)


def quantise(model: LightGBMModel, precision: Precision) -> LightGBMModel:
    """The same model with coarser leaves and thresholds.

    Args:
        model: A model of LightGBM.
        precision: How coarse.

    Raises:
        ModelError: Its text is not what LightGBM writes.
    """
    text = ModelText.parse(model.text)
    moved = quantise_thresholds(text.trees, precision)
    trees = [_shorten(quantise_leaves(tree, precision)) for tree in moved]
    return LightGBMModel(replace(model.facts), text.with_trees(trees).write())


def quantise_leaves(tree: TextTree, precision: Precision) -> TextTree:
    """A tree with coarser leaves: each moves by at most half of `leaf_step`, or one place of half precision."""
    if precision == "float16":
        return tree.with_lines(leaf_value=[write_half(value) for value in tree.leaves])
    step = leaf_step(tree.leaves)
    if step == 0:
        return tree
    places = max(0, -math.floor(math.log10(step)))
    levels = np.round(tree.leaves / step) * step
    return tree.with_lines(leaf_value=[write_number(round(float(level), places)) for level in levels])


def leaf_step(leaves: np.ndarray) -> float:
    """The smallest step of 1, 2 or 5 times a power of ten by which at most 256 levels span the leaves; 0 for one value.

    >>> leaf_step(np.array([-0.1, 0.1]))
    0.001
    """
    reach = float(leaves.max() - leaves.min()) / (LEVELS - 2) if len(leaves) else 0.0
    if reach <= 0:
        return 0.0
    power = math.floor(math.log10(reach))
    # By text, since powers of ten below 1 are not exact and products of them would be long decimals.
    return next(step for step in (float(f"{digit}e{power}") for digit in _MANTISSAS) if step >= reach)


def quantise_thresholds(trees: Sequence[TextTree], precision: Precision) -> list[TextTree]:
    """Trees with coarser thresholds of numbers; equal thresholds of a feature stay equal, and their order stays."""
    if precision == "float16":
        return [_move(tree, [write_half(value) for value in tree.thresholds]) for tree in trees]
    written = _name_thresholds(trees)
    return [
        _move(
            tree, [written.get(pair, "") for pair in zip(tree.features.tolist(), tree.thresholds.tolist(), strict=True)]
        )
        for tree in trees
    ]


def write_half(value: float) -> str:
    """A number in half precision as the shortest decimal that rounds to it; in full where it is beyond its range.

    >>> write_half(0.03527529908), write_half(1e6)
    ('0.03528', '1000000')
    """
    with np.errstate(over="ignore"):
        half = np.float16(value)
    lost = not np.isfinite(half) or (half == 0 and value != 0)
    return write_number(value) if lost else write_number(float(str(half)))


def _move(tree: TextTree, written: Sequence[str]) -> TextTree:
    """Other thresholds of numbers; those of categories are positions in a list."""
    if not len(tree.thresholds):
        return tree
    before = tree.lines["threshold"].split()
    kept = [new if numeric else old for new, old, numeric in zip(written, before, tree.numeric, strict=True)]
    return tree.with_lines(threshold=kept)


def _name_thresholds(trees: Sequence[TextTree]) -> dict[tuple[int, float], str]:
    """The text of each threshold of each feature: as few digits as keep it near its place between its neighbours."""
    by_feature: dict[int, set[float]] = {}
    for tree in trees:
        for feature, value in zip(tree.features[tree.numeric], tree.thresholds[tree.numeric], strict=True):
            by_feature.setdefault(int(feature), set()).add(float(value))
    found = {}
    for feature, values in by_feature.items():
        ordered = np.array(sorted(values))
        gaps = np.diff(ordered)
        nearest = np.minimum(np.r_[np.inf, gaps], np.r_[gaps, np.inf])
        reach = np.where(np.isfinite(nearest), nearest, np.abs(ordered)) / LEVELS
        for value, room in zip(ordered.tolist(), reach.tolist(), strict=True):
            found[feature, value] = _write_near(value, room)
    return found


def _write_near(value: float, room: float) -> str:
    """The decimal of fewest digits that is at most so far from a value."""
    if room <= 0:
        return write_number(value)
    for digits in range(1, 17):
        near = float(f"{value:.{digits}g}")
        if abs(near - value) <= room:
            return write_number(near)
    return write_number(value)


def _shorten(tree: TextTree) -> TextTree:
    written = {
        key: [f"{value:.{_DIGITS}g}" for value in tree.numbers(key)] for key in _UNREAD if tree.lines.get(key, "")
    }
    return tree.with_lines(**written)

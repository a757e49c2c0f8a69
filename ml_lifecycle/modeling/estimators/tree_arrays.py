"""A LightGBM booster as flat arrays, so that its trees can be walked without LightGBM.

The rules of a split are LightGBM's (`Tree::NumericalDecision`, `Tree::CategoricalDecision`), those of the output its
objectives' (`ConvertOutput`). Walking lives in `quick_trees`, the text that is read here in `lightgbm_text`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from ml_lifecycle.modeling.estimators.lightgbm_text import ModelText, TextTree

#: Bits of LightGBM's `decision_type`; from the third on stands what counts as missing.
_CATEGORICAL, _DEFAULT_LEFT, _MISSING_SHIFT = 1, 2, 2
#: Kinds of splits: a number of which nothing is missing, with zero or NaN as missing (+1: it goes left), categories.
PLAIN, ZERO_MISSING, NAN_MISSING, CATEGORIES = 0, 2, 4, 6
#: How sums of leaves become predictions.
IDENTITY, LOGISTIC, SOFTMAX, EXPONENTIAL = 0, 1, 2, 3
_LINKS: Final = {
    "binary": LOGISTIC,
    "multiclass": SOFTMAX,
    **dict.fromkeys(("poisson", "gamma", "tweedie"), EXPONENTIAL),
    **dict.fromkeys(("regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg")),
}


@dataclass(frozen=True, slots=True)
class TreeArrays:
    """All trees one after the other; nodes are counted through all of them, and a leaf is its own child.

    Args:
        features: The feature that a node looks at, uint32 of shape (nodes,).
        thresholds: What goes left is at most this, float32 of shape (nodes,): the largest float32 that is not above
            LightGBM's own float64, so that float32 features fall on the same side.
        children: The right and the left child of each node, uint32 of shape (2 * nodes,).
        kinds: The kind of each split, uint8 of shape (nodes,).
        sets: Where the categories of a node begin and end among `words`, int32 of shape (nodes, 2).
        words: Sets of categories by their bits, uint32.
        values: What a leaf adds, float64 of shape (nodes,).
        roots: Where each tree begins, uint32 of shape (trees,).
        depths: Most splits from its root to a leaf, int32 of shape (trees,).
        outputs: Figures per row; tree t adds to figure t modulo them.
        link: How sums become predictions.
        steepness: Of the logistic link.
    """

    features: np.ndarray
    thresholds: np.ndarray
    children: np.ndarray
    kinds: np.ndarray
    sets: np.ndarray
    words: np.ndarray
    values: np.ndarray
    roots: np.ndarray
    depths: np.ndarray
    outputs: int
    link: int
    steepness: float

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Take LightGBM's text apart; None for what is not walked here: linear leaves, averages, other objectives.

        Raises:
            ModelError: It is not what LightGBM writes.
        """
        model = ModelText.parse(text)
        objective = _objective(model.head)
        linear = any(tree.lines.get("is_linear", "0") == "1" for tree in model.trees)
        if not objective or objective[0] not in _LINKS or linear or model.averages or not model.trees:
            return None
        steepness = next((float(part.partition(":")[2]) for part in objective if part.startswith("sigmoid:")), 1.0)
        if "sqrt" in objective:
            return None
        starts = np.cumsum([0, *(2 * len(tree.leaves) - 1 for tree in model.trees)])
        words = np.cumsum([0, *(len(tree.numbers("cat_threshold")) for tree in model.trees)])
        parts = [
            _flatten(tree, int(start), int(word))
            for tree, start, word in zip(model.trees, starts[:-1], words[:-1], strict=True)
        ]
        features, thresholds, children, kinds, sets, values = (
            np.concatenate(column) for column in zip(*(part[:6] for part in parts), strict=True)
        )
        return cls(
            features.astype(np.uint32),
            _round_down(thresholds),
            children.astype(np.uint32).ravel(),
            kinds.astype(np.uint8),
            sets.astype(np.int32),
            np.concatenate([tree.numbers("cat_threshold") for tree in model.trees]).astype(np.uint32),
            values,
            starts[:-1].astype(np.uint32),
            np.array([part[6] for part in parts], dtype=np.int32),
            model.per_round,
            _LINKS[objective[0]] or IDENTITY,
            steepness,
        )

    @property
    def plain(self) -> bool:
        """Whether every split only compares: no categories, and no zeros that count as missing."""
        inner = self.children[::2] != np.arange(len(self.features), dtype=np.uint32)
        return bool(np.isin(self.kinds[inner], (PLAIN, NAN_MISSING, NAN_MISSING + 1)).all())


_Flat = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]


def _flatten(tree: TextTree, start: int, word: int) -> _Flat:
    """Splits, then leaves: features, thresholds, (right, left), kinds, sets, values, and the depth."""
    leaves = tree.leaves
    splits, count = len(leaves) - 1, 2 * len(leaves) - 1
    features, thresholds, kinds = np.zeros(count), np.full(count, np.inf), np.zeros(count, dtype=np.intp)
    own = np.arange(count)
    children, sets, values = np.stack([own, own], axis=1), np.zeros((count, 2), dtype=np.intp), np.zeros(count)
    values[splits:] = leaves
    if splits == 0:
        return features, thresholds, children + start, kinds, sets, values, 0
    features[:splits], thresholds[:splits] = tree.features, tree.thresholds
    for place, key in enumerate(("right_child", "left_child")):
        child = tree.numbers(key).astype(np.intp)
        children[:splits, place] = np.where(child >= 0, child, splits + ~child)
    kinds[:splits] = _kinds_of(tree)
    chosen = np.flatnonzero(kinds == CATEGORIES)
    if len(chosen):
        bounds = tree.numbers("cat_boundaries").astype(np.intp)
        which = thresholds[chosen].astype(np.intp)
        sets[chosen] = word + np.stack([bounds[which], bounds[which + 1]], axis=1)
    return features, thresholds, children + start, kinds, sets, values, _depth(children, splits)


def _kinds_of(tree: TextTree) -> np.ndarray:
    bits = tree.numbers("decision_type").astype(np.intp)
    missing, left = bits >> _MISSING_SHIFT & 3, (bits & _DEFAULT_LEFT) // _DEFAULT_LEFT
    numeric = np.select([missing == 1, missing == 2], [ZERO_MISSING + left, NAN_MISSING + left], PLAIN)  # noqa: PLR2004 - LightGBM's numbers
    return np.where(bits & _CATEGORICAL, CATEGORIES, numeric)


def _depth(children: np.ndarray, splits: int) -> int:
    level, depth = np.zeros(1, dtype=np.intp), 0
    while True:
        level = level[level < splits]
        if len(level) == 0:
            return depth
        level, depth = children[level].ravel(), depth + 1


def _round_down(thresholds: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        single = thresholds.astype(np.float32)
    above = single.astype(np.float64) > thresholds
    return np.where(above, np.nextafter(single, np.float32(-np.inf)), single).astype(np.float32)


def _objective(head: Sequence[str]) -> list[str]:
    """The objective and its settings, as `binary sigmoid:1`."""
    said = [line.partition("=")[2] for line in head if line.startswith("objective=")]
    return said[0].split() if said else []

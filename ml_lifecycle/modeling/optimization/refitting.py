"""A subset of a LightGBM model's trees with new weights, which follows the whole model as closely as it can.

Which trees go is decided backwards, by the optimal brain surgeon (Hassibi & Stork, NIPS 1992): from all trees with
weight 1, the one whose loss, once the others' weights are fitted anew by least squares, costs least is taken out, until
few enough are left. What is fitted to are the raw predictions of the whole model on training rows, not the labels
(Bucila et al. 2006): labels that the trees have learnt from already would favour those that have learnt them by heart.
The weights are folded into the values of the leaves, so the result is a LightGBM booster like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ml_lifecycle.modeling.estimators.lightgbm_text import ModelText, TextTree
from ml_lifecycle.modeling.estimators.lightgbm_trees import LightGBMModel
from ml_lifecycle.modeling.optimization.forms import Attempt, Form, Refused
from ml_lifecycle.modeling.optimization.pruning import count_kept
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.modeling.sampling import cap_rows

PRUNE_REFIT = "prune_refit"
#: Most training rows that the weights are fitted on, and most figures (rows times trees) in memory.
MOST_ROWS, MOST_CELLS = 20_000, 40_000_000
#: How strongly weights are held at 1, as a share of the trees' mean square: it keeps equal trees solvable.
_RIDGE = 1e-6


@dataclass(frozen=True, slots=True)
class Weights:
    """Which rounds stay, and how they count.

    Args:
        kept: Positions of the rounds that stay, in their order.
        weights: The weight of each of them.
        intercepts: What is added for each class.
    """

    kept: np.ndarray
    weights: np.ndarray
    intercepts: np.ndarray


def prune_and_refit(model: LightGBMModel, train: Samples, sparsity: float) -> Attempt:
    """The model with a share of its rounds taken out, and the weights of the others fitted anew.

    Args:
        model: A model of LightGBM.
        train: Training rows.
        sparsity: The share of the rounds that is taken out.

    Raises:
        ModelError: The model's text is not what LightGBM writes.
    """
    text = ModelText.parse(model.text)
    rounds = len(text.trees) // text.per_round
    keep = count_kept(rounds, sparsity)
    if keep >= rounds:
        return Refused(PRUNE_REFIT, "there are no rounds to take out")
    if text.averages:
        return Refused(PRUNE_REFIT, "it does not apply to trees that are averaged")
    rows = cap_rows(train, max(1, min(MOST_ROWS, MOST_CELLS // len(text.trees))), model.facts.goal)
    found = fit_weights(tree_outputs(model, text, rows.matrix.select(model.facts.names).values), keep)
    if model.facts.goal.monotone and (found.weights < 0).any():
        return Refused(PRUNE_REFIT, "weights below 0 would break the monotone features")
    facts = replace(model.facts, iterations=keep)
    pruned = LightGBMModel(facts, fold_weights(text, found).write())
    return Form.of(PRUNE_REFIT, pruned, f"{keep} of {rounds} rounds, weights fitted anew on {len(rows):,} rows")


def tree_outputs(model: LightGBMModel, text: ModelText, values: np.ndarray) -> np.ndarray:
    """What each tree says of each row, shape (n, rounds, classes)."""
    leaves = model.leaves(values)
    columns = [tree.leaves[leaves[:, number]] for number, tree in enumerate(text.trees)]
    return np.stack(columns, axis=1).reshape(len(values), -1, text.per_round)


def fit_weights(outputs: np.ndarray, keep: int) -> Weights:
    """Choose rounds and their weights so that they follow the sum of all.

    Args:
        outputs: What each round says of each row and class, shape (n, rounds, classes).
        keep: How many rounds stay.
    """
    means = outputs.mean(axis=0)
    centred = (outputs - means).transpose(0, 2, 1).reshape(-1, outputs.shape[1])
    moments = centred.T @ centred
    moments[np.diag_indices_from(moments)] += _RIDGE * max(np.trace(moments) / len(moments), np.finfo(float).tiny)
    kept, weights = _take_out(np.linalg.inv(moments), keep)
    intercepts = means.sum(axis=0) - weights @ means[kept]
    return Weights(kept, weights, intercepts)


def fold_weights(text: ModelText, found: Weights) -> ModelText:
    """The trees that stay, with leaves that carry their weights; the intercepts go into the first of them."""
    classes = text.per_round
    trees: list[TextTree] = []
    for place, (number, weight) in enumerate(zip(found.kept.tolist(), found.weights.tolist(), strict=True)):
        for label, tree in enumerate(text.trees[number * classes : (number + 1) * classes]):
            start = float(found.intercepts[label]) if place == 0 else 0.0
            trees.append(tree.with_leaves(weight * tree.leaves + start))
    return text.with_trees(trees)


def _take_out(inverse: np.ndarray, keep: int) -> tuple[np.ndarray, np.ndarray]:
    """Take columns out one by one; `inverse` is that of their moments and is overwritten."""
    weights, here = np.ones(len(inverse)), np.ones(len(inverse), dtype=bool)
    for _ in range(len(inverse) - keep):
        diagonal = np.where(here, np.diag(inverse), 1.0)
        costs = np.where(here, weights**2 / np.maximum(diagonal, np.finfo(float).tiny), np.inf)
        least = int(np.argmin(costs))
        column = inverse[:, least].copy()
        weights -= column * (weights[least] / column[least])
        inverse -= np.outer(column, column / column[least])
        here[least] = False
        weights[~here] = 0.0
    kept = np.flatnonzero(here)
    return kept, weights[kept]
